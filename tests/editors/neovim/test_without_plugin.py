"""Neovim with its own language client and without the plugin, driven over its API."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pynvim
import pytest

from tests.documentation.pages import named
from tests.editors.plain.screens import BIN
from tests.home import Home

BOUND_MS = 60_000
TEXT = "# %%\na = '😀'\nprint('six times seven', 6 * 7)\n# %%\n1 / 0\n"


@pytest.fixture
def nvim(home: Home) -> Iterator[pynvim.Nvim]:
    init = home.path / "init.lua"
    init.write_text(named("neovim") + named("neovim-settings"))
    path = home.work / "a.py"
    path.write_text(TEXT)
    environment = {**home.environment, "PATH": f"{BIN}:{home.environment['PATH']}"}
    assignments = [f"{name}={value}" for name, value in environment.items() if name not in ("NVIM", "TMUX")]
    command = [str(BIN / "nvim"), "--embed", "--headless", "--clean", "-u", str(init), str(path)]
    api = pynvim.attach("child", argv=["env", "-i", "-C", str(home.work), *assignments, *command])
    try:
        yield api
    finally:
        with suppress(OSError, EOFError):
            api.command("qall!")
        with suppress(OSError, RuntimeError):
            api.close()
    home.check_clean()


def until(nvim: pynvim.Nvim, condition: str, *arguments: Any) -> Any:
    """Waits until a Lua expression is true. Returns its value."""
    code = f"""local arguments = {{ ... }}
        local value
        vim.wait({BOUND_MS}, function() value = (function(...) return {condition} end)(unpack(arguments))
          return value end, 20)
        return value or vim.NIL"""
    value = nvim.exec_lua(code, *arguments)
    assert value is not None, f"never true: {condition}\n{nvim.command_output('messages')}"
    return value


def act(nvim: pynvim.Nvim, title: str) -> None:
    """Chooses a code action on the selection or at the cursor."""
    nvim.exec_lua(
        """local title = ...
        local function wanted(action) return action.title == title end
        vim.lsp.buf.code_action({ apply = true, filter = wanted })""",
        title,
    )


def hints(nvim: pynvim.Nvim) -> str:
    """The inlay hints of the buffer."""
    code = """local labels = {}
        for _, one in ipairs(vim.lsp.inlay_hint.get({ bufnr = 0 })) do
          table.insert(labels, one.inlay_hint.position.line .. " " .. one.inlay_hint.label)
        end
        return table.concat(labels, "\\n")"""
    return str(nvim.exec_lua(code))


def until_hint(nvim: pynvim.Nvim, part: str) -> None:
    label = "(vim.lsp.inlay_hint.get({ bufnr = 0 })[1] or { inlay_hint = {} }).inlay_hint.label"
    until(nvim, f"({label} or ''):find(arguments[1], 1, true)", part)


def test_answering_input_with_a_code_action(nvim: pynvim.Nvim) -> None:
    until(nvim, "vim.lsp.get_clients({ bufnr = 0 })[1] and vim.lsp.get_clients({ bufnr = 0 })[1].initialized")
    nvim.command("normal! 3Gcclen(input('Your name: '))")
    act(nvim, "Run line")
    until_hint(nvim, "… asks: Your name: (type the answer on a line")
    nvim.command("normal! o# Ada 😀")
    act(nvim, "Answer “Ada 😀”")
    until_hint(nvim, "→ 5")


def test_running_a_selection_shows_a_hint(nvim: pynvim.Nvim) -> None:
    until(nvim, "vim.lsp.get_clients({ bufnr = 0 })[1] and vim.lsp.get_clients({ bufnr = 0 })[1].initialized")
    nvim.command("normal! 3GV")
    act(nvim, "Run selection")
    until_hint(nvim, "→ six times seven 42")
    assert hints(nvim).startswith("2 → six times seven 42")
    nvim.input("<Esc>5G")
    act(nvim, "Run cell")
    diagnostic = until(nvim, "vim.diagnostic.get(0)[1]")
    assert (diagnostic["lnum"], diagnostic["message"]) == (4, "ZeroDivisionError: division by zero")
    nvim.command("normal! 1GO# new")
    until(nvim, "vim.diagnostic.get(0)[1] and vim.diagnostic.get(0)[1].lnum == 5")
    nvim.exec_lua("vim.lsp.codelens.refresh({ bufnr = 0 })")
    until(nvim, "#vim.lsp.codelens.get(0) >= 3")
    nvim.command("normal! 4G")
    nvim.exec_lua("vim.lsp.buf.hover()")
    until(
        nvim,
        """vim.iter(vim.api.nvim_list_wins()):any(function(window)
          local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
          return vim.api.nvim_win_get_config(window).relative ~= ""
            and table.concat(lines, "\\n"):find("six times seven 42", 1, true)
        end)""",
    )
