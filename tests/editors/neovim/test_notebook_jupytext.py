"""Notebooks that jupytext.nvim opens: the outputs of the file are shown, and written with :w."""

from collections.abc import Iterator

import pytest

from tests.editors.neovim.neovim import Neovim, neovim
from tests.editors.neovim.plugins import plugin
from tests.editors.neovim.test_notebook import cells_of, code, edit, save
from tests.home import Home

pytestmark = pytest.mark.plugins


def started(home: Home, options: str) -> Iterator[Neovim]:
    setup = f"require('kernel_bridge').setup({options}) require('jupytext').setup({{}})"
    folder = plugin("GCBallesteros/jupytext.nvim")
    with neovim(home, config=f"vim.opt.runtimepath:append('{folder}')\n{setup}") as editor:
        yield editor


@pytest.fixture
def editor(home: Home) -> Iterator[Neovim]:
    """A Neovim where both plugins would open notebooks."""
    yield from started(home, "{ notebook = { open = 'py' } }")


@pytest.fixture
def without_outputs(home: Home) -> Iterator[Neovim]:
    yield from started(home, "{ notebook = { outputs = false } }")


def test_outputs_of_the_file_are_shown_and_written(editor: Neovim) -> None:
    path = save(editor.home.work / "a.ipynb", code("1 + 1", "old", 7), code("3", "kept", 8))
    edit(editor, path)
    assert editor.lines()[-2:] == ["# %%", "3"]
    assert [result["lines"] for result in editor.until_ended(2)] == [["│ old"], ["│ kept"]]
    editor.api.current.window.cursor = (editor.lines().index("1 + 1") + 1, 0)
    editor.command("run_cell")
    editor.until("(test.results(vim.api.nvim_get_current_buf())[1] or {}).count == 1")
    editor.until_ended(2)
    editor.api.command("silent write")
    editor.until("table.concat(vim.fn.readfile(...)):find('\"2\"', 1, true)", str(path))
    assert [result for _, _, result in cells_of(path)] == ["2", "kept"]
    editor.command("notebook md")
    editor.until_message("notebooks are opened by jupytext-nvim")


def test_outputs_can_be_left_to_the_other_plugin(without_outputs: Neovim) -> None:
    path = save(without_outputs.home.work / "a.ipynb", code("1 + 1", "old", 7))
    edit(without_outputs, path)
    without_outputs.command("run_all")
    without_outputs.until_ended()
    without_outputs.api.command("silent write")
    assert [result for _, _, result in cells_of(path)] == ["old"]
