"""Notebook files as documents: cells as text with the outputs of the file, and a :w that writes both back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editors.neovim.neovim import BOUND_MS, Neovim, neovim
from tests.home import Home

pytestmark = pytest.mark.slow

Json = dict[str, Any]
AS_SCRIPT = "require('kernel_bridge').setup({ notebook = { open = 'py' } })"


@pytest.fixture
def script(home: Home) -> Iterator[Neovim]:
    """A Neovim that shows notebooks as scripts."""
    with neovim(home, config=AS_SCRIPT) as editor:
        yield editor


def code(source: str, result: str | None = None, count: int | None = None) -> Json:
    """A code cell, with the text of its result."""
    output = {"output_type": "execute_result", "execution_count": count, "metadata": {}}
    outputs = [output | {"data": {"text/plain": [result]}}] if result else []
    lines = source.splitlines(keepends=True)
    return {
        "cell_type": "code",
        "execution_count": count,
        "metadata": {},
        "outputs": outputs,
        "source": lines,
    }


def save(path: Path, *cells: Json) -> Path:
    """Writes a notebook as Jupyter does. The cells have the ids cell-0, cell-1, …"""
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    named = [cell | {"id": f"cell-{index}"} for index, cell in enumerate(cells)]
    whole = {"cells": named, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n")
    return path


def cells_of(path: Path) -> list[tuple[str, str, str]]:
    """The id, source and first result of each cell in a file."""
    found = []
    for cell in json.loads(path.read_text())["cells"]:
        results = [output["data"]["text/plain"][0] for output in cell.get("outputs", [])]
        found.append((cell["id"], "".join(cell["source"]), "".join(results[:1])))
    return found


def body(editor: Neovim) -> list[str]:
    """The lines of the current buffer after its header."""
    lines = editor.lines()
    return lines[lines.index("# ---", 1) + 2 :]


def is_modified(editor: Neovim) -> bool:
    return bool(editor.api.current.buffer.options["modified"])


def edit(editor: Neovim, path: Path) -> None:
    editor.api.command(f"silent edit {path}")


def replace_last_line(editor: Neovim, text: str) -> None:
    editor.api.current.buffer[-1] = text


def until_ran(editor: Neovim, count: int) -> None:
    """Waits until the run with this execution count has ended."""
    editor.until(
        """(function(count)
          return vim.iter(test.results(vim.api.nvim_get_current_buf())):any(function(result)
            return result.count == count and result.state == "ok"
          end)
        end)(...)""",
        count,
    )
    editor.settle()


def test_json_is_not_run_and_the_cells_are_offered(editor: Neovim) -> None:
    path = save(editor.home.work / "a.ipynb", code("1 + 1"))
    raw = path.read_text().splitlines()
    edit(editor, path)
    assert editor.lines() == raw
    assert editor.api.current.buffer.options["filetype"] == "json"
    assert ":KernelBridge notebook shows the cells" in "".join(editor.screen())
    editor.lua("vim.ui.select = function(items, opts, answer) test.prompt = opts.prompt answer(nil) end")
    editor.command("run_all")
    editor.until("test.prompt ~= nil")
    assert editor.lua("return test.prompt").startswith("a.ipynb is open as JSON, which does not run.")
    assert editor.lua("return #vim.lsp.get_clients()") == 0

    editor.lua("vim.ui.select = function(items, opts, answer) answer(items[2]) end")
    editor.command("run_all")
    assert "```python" in editor.lines()
    assert editor.api.current.buffer.options["filetype"] == "markdown"
    editor.command("notebook py")
    assert body(editor) == ["# %%", "1 + 1"]
    editor.command("run_all")
    (result,) = editor.until_ended()
    assert result["lines"] == ["│ 2"]
    editor.command("notebook json")
    editor.until_message(
        "a.ipynb has changes; save it first (:w), or discard them with :KernelBridge! notebook"
    )
    editor.api.command("KernelBridge! notebook json")
    assert editor.lines() == raw
    replace_last_line(editor, "} ")
    editor.api.command("silent write")
    assert path.read_text().endswith("} \n")


def test_reload_undo_and_changes_on_disk(script: Neovim) -> None:
    path = save(script.home.work / "a.ipynb", code("1 + 1"), code("2"))
    edit(script, path)
    assert body(script) == ["# %%", "1 + 1", "", "# %%", "2"]
    assert script.api.current.buffer.options["filetype"] == "python"
    script.keys("u")
    assert body(script)[-1] == "2"
    assert not is_modified(script)

    replace_last_line(script, "mine")
    script.api.command("edit!")
    assert body(script)[-1] == "2"
    script.keys("u")
    assert body(script)[-1] == "mine"
    script.keys("<C-r>")
    assert body(script)[-1] == "2"

    path.touch()
    script.api.command("checktime")
    save(path, code("1 + 1"), code("theirs = 5\ntheirs"))
    script.api.command("checktime")
    assert body(script)[-2:] == ["theirs = 5", "theirs"]
    assert not is_modified(script)
    script.command("run_all")  # the server has the text as it is now
    assert [result["lines"] for result in script.until_ended(2)] == [["│ 2"], ["│ 5"]]
    assert script.messages() == []


def test_write_to_the_notebook_to_another_one_and_to_a_script(script: Neovim) -> None:
    work = script.home.work
    path = save(work / "a.ipynb", code("1 + 1", "old", 7), code("2", "kept", 8))
    edit(script, path)
    script.api.current.window.cursor = (script.lines().index("1 + 1") + 1, 0)
    script.command("run_cell")
    until_ran(script, 1)
    assert is_modified(script)  # its outputs are not in the file yet
    script.api.command("let g:posts = 0 | autocmd BufWritePost <buffer> let g:posts += 1")
    script.api.command("write")
    assert cells_of(path) == [("cell-0", "1 + 1", "2"), ("cell-1", "2", "kept")]
    assert not is_modified(script)
    assert script.api.vars["posts"] == 1
    script.api.command("checktime")

    script.api.current.buffer.append(["", "# %% [markdown]", "# Text", "", "# %%", "3"])
    script.api.current.window.cursor = (len(script.lines()), 0)
    script.command("run_cell")
    until_ran(script, 2)
    script.api.command("write b.ipynb | write c.py | 1,2write d.py")
    other = cells_of(work / "b.ipynb")
    assert [cell[1:] for cell in other] == [("1 + 1", "2"), ("2", "kept"), ("Text", ""), ("3", "3")]
    assert [name for name, _, _ in other][:2] == ["cell-0", "cell-1"]
    assert (work / "c.py").read_text().splitlines() == script.lines()
    assert (work / "d.py").read_text().splitlines() == script.lines()[:2]
    assert is_modified(script)
    script.api.command("1,2write! b.ipynb")
    script.until_message("a part of a notebook cannot be written as b.ipynb")
    script.api.command("silent saveas e.ipynb")
    assert [cell[1:] for cell in cells_of(work / "e.ipynb")] == [cell[1:] for cell in other]
    assert not is_modified(script)
    replace_last_line(script, "33")
    script.api.command("write")
    assert [source for _, source, _ in cells_of(work / "e.ipynb")] == ["1 + 1", "2", "Text", "33"]
    assert [source for _, source, _ in cells_of(path)] == ["1 + 1", "2"]
    script.api.command("silent saveas f.py")
    assert (work / "f.py").read_text().splitlines() == script.lines()


def test_a_file_that_changed_meanwhile_is_not_overwritten_unasked(script: Neovim) -> None:
    path = save(script.home.work / "a.ipynb", code("1"))
    edit(script, path)
    replace_last_line(script, "mine")
    theirs = save(path, code("1"), code("theirs")).read_text()
    script.lua("vim.fn.confirm = function(question) test.asked = question return test.answer end")
    script.lua("test.answer = 3")
    script.api.command("silent! write")
    assert script.lua("return test.asked") == "a.ipynb has changed on disk since it was read."
    assert path.read_text() == theirs
    assert is_modified(script)
    script.lua("test.answer = 2")
    # In one call: another one would be served while the reload waits for the server.
    script.lua(
        "vim.cmd('silent! write') vim.wait(..., function() return vim.fn.getline('$') == 'theirs' end)",
        BOUND_MS,
    )
    assert body(script)[-1] == "theirs"

    replace_last_line(script, "mine")
    save(path, code("1"), code("theirs again"))
    script.lua("test.answer = 1")
    script.api.command("write")
    assert [source for _, source, _ in cells_of(path)] == ["1", "mine"]
    save(path, code("1"), code("theirs again"))
    script.lua("test.asked = nil")
    script.api.command("write!")
    assert script.lua("return test.asked") is None
    assert [source for _, source, _ in cells_of(path)] == ["1", "mine"]
    path.unlink()
    script.api.command("write")
    assert [source for _, source, _ in cells_of(path)] == ["1", "mine"]


def test_sessions_swap_files_and_new_notebooks(script: Neovim) -> None:
    work = script.home.work
    path = save(work / "a.ipynb", code("1"), code("2"))
    edit(script, path)
    script.api.current.window.cursor = (len(script.lines()), 0)
    script.api.command("mksession | %bwipeout | source Session.vim")
    assert body(script)[-1] == "2"
    assert script.api.current.window.cursor[0] == len(script.lines())

    replace_last_line(script, "unsaved")
    script.api.command("preserve")
    swap = Path(script.api.funcs.swapname("%"))
    kept = swap.read_bytes()
    script.api.command("bwipeout!")
    script.lua("require('kernel_bridge').setup({})")  # also where notebooks open as JSON
    swap.write_bytes(kept)
    script.api.command(f"silent recover {path}")
    assert body(script)[-1] == "unsaved"
    assert is_modified(script)
    script.api.command("write")
    assert [source for _, source, _ in cells_of(path)] == ["1", "unsaved"]
    swap.unlink()

    script.lua(AS_SCRIPT)
    edit(script, work / "new.ipynb")
    assert script.api.current.buffer.options["filetype"] == "python"
    script.api.current.buffer[:] = ["# %%", "6 * 7"]
    script.command("run_all")
    script.until_ended()
    script.api.command("write")
    assert [cell[1:] for cell in cells_of(work / "new.ipynb")] == [("6 * 7", "42")]

    (work / "broken.ipynb").write_text('{"cells": [}')
    edit(script, work / "broken.ipynb")
    script.until_message("broken.ipynb cannot be read")
    assert script.lines() == ['{"cells": [}']
    assert script.api.current.buffer.options["filetype"] == "json"


def test_cells_are_written_without_a_history(home: Home) -> None:
    options = "{ notebook = { open = 'md' }, settings = { history = { enabled = false } } }"
    with neovim(home, config=f"require('kernel_bridge').setup({options})") as editor:
        path = save(home.work / "a.ipynb", code("1", "kept", 3), code("2"))
        edit(editor, path)
        assert editor.lines()[-2:] == ["2", "```"]
        editor.api.current.buffer[-2] = "22"
        editor.api.command("write")
        assert cells_of(path) == [("cell-0", "1", "kept"), ("cell-1", "22", "")]
        edit(editor, home.work / "new.ipynb")
        editor.api.current.buffer[:] = ["# Title", "", "```python", "6 * 7", "```"]
        editor.api.command("write")
        assert [cell[1:] for cell in cells_of(home.work / "new.ipynb")] == [("# Title", ""), ("6 * 7", "")]


def test_outputs_of_files_and_newer_results_are_shown(script: Neovim) -> None:
    work = script.home.work
    path = save(work / "a.ipynb", code("1 + 1", "old", 7), code("3", "kept", 8), code("4"))
    edit(script, path)
    shown = script.until_ended(2)
    assert [(result["lines"], result["stale"]) for result in shown] == [
        (["│ old"], False),
        (["│ kept"], False),
    ]
    assert not is_modified(script)
    script.api.current.window.cursor = (shown[0]["first"] + 1, 0)
    script.command("run_cell")
    until_ran(script, 1)
    script.api.command("edit!")  # the run is newer than the file
    script.until("(test.results(vim.api.nvim_get_current_buf())[2] or {}).count == 8")
    script.until("test.results(vim.api.nvim_get_current_buf())[1].count == 1")
    assert [result["lines"] for result in script.until_ended(2)] == [["│ 2"], ["│ kept"]]

    save(path, code("1 + 1", "2", 1), code("3"), code("4", "new", 9))
    script.api.command("checktime")
    script.until("(test.results(vim.api.nvim_get_current_buf())[2] or {}).count == 9")
    assert [result["lines"] for result in script.until_ended(2)] == [["│ 2"], ["│ new"]]

    save(path, code("3", "kept", 8))
    script.open("# %%\n3\n\n# %%\n5\n", "b.py")
    script.command("import a.ipynb")
    script.until_message("1 result shown from a.ipynb")
    assert [result["lines"] for result in script.until_ended()] == [["│ kept"]]
    script.open("6\n", "c.py")
    script.command("import a.ipynb")
    script.until_message("no cell here has the code of an output in a.ipynb")
    script.command("import")
    script.until_message("name a notebook file: :KernelBridge import PATH")
    script.command("import none.ipynb")
    script.until_message("none.ipynb cannot be read")
