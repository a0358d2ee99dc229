"""Exports of a buffer: its cells with their outputs, or its runs. None replaces the source by accident."""

import json
from pathlib import Path
from typing import Any

from tests.editors.neovim.neovim import Neovim

CELLS = "# %% [markdown]\n# A title\n\n# %%\n1 + 1\n\n# %%\n2 + 2\n"
HERE = "test.results(vim.api.nvim_get_current_buf())"
ANSWER = "vim.ui.input = function(opts, answer) test.proposed = opts.default answer(opts.default) end"


def run_twice(editor: Neovim, name: str) -> None:
    """Runs the first code cell of CELLS twice."""
    editor.open(CELLS, name)
    editor.api.current.window.cursor = (5, 0)
    for count in (1, 2):
        editor.command("run_cell")
        editor.until(f"({HERE}[1] or {{}}).count == ...", count)
    editor.until_ended()


def written(path: Path) -> list[tuple[str, int]]:
    """The source of each cell, and how many outputs it has."""
    cells: list[dict[str, Any]] = json.loads(path.read_text())["cells"]
    return [("".join(cell["source"]), len(cell.get("outputs", []))) for cell in cells]


def test_export_proposes_a_new_name_and_writes_the_document(editor: Neovim) -> None:
    work = editor.home.work
    run_twice(editor, "a.py")
    editor.lua(ANSWER)
    editor.command("export")
    editor.until_message("3 cells written to a.ipynb")
    assert written(work / "a.ipynb") == [("A title", 0), ("1 + 1", 1), ("2 + 2", 0)]

    editor.command("export runs")
    editor.until_message("2 cells written to a-2.ipynb")
    assert written(work / "a-2.ipynb") == [("1 + 1", 1), ("1 + 1", 1)]

    editor.api.command("badd a-3.ipynb")  # open, but not written yet
    editor.command("export")
    editor.until_message("3 cells written to a-4.ipynb")
    assert (work / "a.py").read_text() == CELLS

    editor.lua("test.messages, test.proposed = {}, nil")
    editor.api.command("KernelBridge! export")  # what was exported last, again
    editor.until_message("3 cells written to a-4.ipynb")
    assert editor.lua("return test.proposed") is None


def test_export_refuses_the_source_and_asks_before_it_replaces_a_file(editor: Neovim) -> None:
    work = editor.home.work
    run_twice(editor, "a.py")
    editor.api.command("KernelBridge! export a.py")
    editor.until_message("a.py is the file itself; name another one to export to")
    assert (work / "a.py").read_text() == CELLS

    (work / "old.ipynb").write_text("old")
    editor.lua(ANSWER)
    editor.api.command("KernelBridge! export")  # nothing was exported yet: a new name
    editor.until_message("3 cells written to a.ipynb")
    editor.lua(
        "vim.ui.select = function(items, options, choose) test.prompt = options.prompt choose(nil) end"
    )
    editor.command("export old.ipynb")
    editor.until("test.prompt ~= nil")
    assert (work / "old.ipynb").read_text() == "old"
    editor.lua("vim.ui.select = function(items, options, choose) choose(items[1]) end")
    editor.command("export runs old.ipynb")
    editor.until_message("2 cells written to old.ipynb")
    assert written(work / "old.ipynb") == [("1 + 1", 1), ("1 + 1", 1)]
