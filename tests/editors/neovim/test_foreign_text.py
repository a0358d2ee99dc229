"""Neovim shows names and messages from a project, and never evaluates them or sends them to the terminal."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.editors.neovim.neovim import Neovim
from tests.home import Home

pytestmark = pytest.mark.slow

HOSTILE = "%{execute('let g:evil = 1')}\x1b]52;c;eA==\x07\x9b2J\u202egnp\n|let g:evil = 1"


def install(home: Home, program: list[str]) -> None:
    folder = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / "hostile"
    folder.mkdir(parents=True)
    spec = {"argv": program, "display_name": HOSTILE, "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def check_inert(editor: Neovim, text: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert editor.lua("return vim.g.evil") is None


def test_a_kernel_name_is_not_evaluated(editor: Neovim) -> None:
    install(editor.home, [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])
    editor.lua(
        """vim.ui.select = function(items, options, choose)
          test.offered = vim.tbl_map(options.format_item, items)
        end
        vim.o.statusline = "%!v:lua.require'kernel_bridge'.statusline()"
        """
    )
    editor.open("1\n")
    editor.command("select")
    offered = editor.until("test.offered")
    check_inert(editor, "\n".join(offered))
    assert any("u202egnp" in one for one in offered)
    editor.command("start hostile")
    editor.until("require('kernel_bridge').kernel() and require('kernel_bridge').kernel().state == 'idle'")
    check_inert(editor, "\n".join(editor.screen()))
    editor.command("info")
    check_inert(editor, "\n".join(editor.screen()))
    editor.command("run_cell")
    editor.until_ended()
    editor.command("output")
    check_inert(editor, "\n".join(editor.screen()))
    check_inert(editor, "\n".join(editor.messages()))


def test_the_stderr_of_a_dead_kernel_is_not_evaluated(editor: Neovim) -> None:
    install(editor.home, [sys.executable, "-c", f"import sys; sys.exit({HOSTILE!r})"])
    editor.open("1\n")
    editor.command("start hostile")
    editor.until_message("hostile")
    check_inert(editor, "\n".join(editor.messages()))
    editor.api.command("checkhealth kernel_bridge")
    text = "\n".join(editor.lines())
    assert "u202egnp" in text
    check_inert(editor, text)
