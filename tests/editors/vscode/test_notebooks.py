"""Saving results as a notebook, and running notebooks on the same kernels."""

import re

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.editors.vscode.command_line import kernel_bridge_json
from tests.editors.vscode.test_running import PICTURE
from tests.editors.vscode.window import Window, expect, pixels
from tests.home import Home

pytestmark = pytest.mark.shared_window


def test_saving_the_results_creates_a_notebook(vscode: Window) -> None:
    vscode.write("a.py", f"# %%\nprint('first')\n# %%\n{PICTURE}")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("first")
    vscode.outputs().locator("img").wait_for()
    vscode.run("Save Results as Notebook")
    field = vscode.box.locator("input")
    expect(field).to_have_value(re.compile("a results"))  # then the dialog no longer replaces it
    field.fill(str(vscode.folder / "kept.ipynb"))
    vscode.press("Enter")
    expect(vscode.page.locator(".tab[data-resource-name='kept.ipynb']:not(.dirty)")).to_be_visible()
    notebook = nbformat.read(vscode.folder / "kept.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["code", "code"]
    assert notebook.cells[0].outputs == [{"output_type": "stream", "name": "stdout", "text": "first\n"}]
    assert "image/png" in notebook.cells[1].outputs[0].data
    assert notebook.metadata.kernelspec.name == "python3"
    expect(vscode.cells).to_have_count(4)  # the results are still beside it


def run_notebook(vscode: Window, cells: list[NotebookNode]) -> None:
    """Runs n.ipynb with these cells, on the controller that VS Code selects."""
    nbformat.write(new_notebook(cells=cells), vscode.folder / "n.ipynb")
    vscode.write("a.py", "")
    vscode.status.wait_for()
    vscode.open("n.ipynb")
    vscode.cells.nth(1).click()
    vscode.palette("Notebook: Run All")


def test_a_notebook_runs_on_the_controller(vscode: Window) -> None:
    cells = [
        new_markdown_cell("# A notebook"),
        new_code_cell("x = 20"),
        new_code_cell("print('x is', x + 1)"),
    ]
    run_notebook(vscode, [*cells, new_code_cell(PICTURE)])
    expect(vscode.text).to_contain_text("x is 21")
    assert pixels(vscode.outputs().locator("img")) == (64, 48, (220, 30, 40, 255))
    tab = vscode.page.locator(".tab.active[data-resource-name='n.ipynb']")
    expect(tab).to_contain_class("dirty")
    vscode.palette("File: Save")
    expect(tab).not_to_contain_class("dirty")
    saved = nbformat.read(vscode.folder / "n.ipynb", as_version=4)
    nbformat.validate(saved)
    assert [cell.get("execution_count") for cell in saved.cells] == [None, 1, 2, 3]
    assert saved.cells[2].outputs[0].text == "x is 21\n"


def test_an_error_in_a_notebook_is_a_problem_on_its_line(vscode: Window, vscode_home: Home) -> None:
    cells = [new_code_cell("x = 0"), new_code_cell("y = 1\n1 / x\n"), new_code_cell("'later'")]
    run_notebook(vscode, cells)
    expect(vscode.text).to_contain_text("ZeroDivisionError")
    expect(vscode.cells.nth(2)).to_contain_text("Not run: an earlier run failed")
    expect(vscode.cells.nth(2).locator(".codicon-notebook-state-error")).to_have_count(0)
    vscode.press("Control+Shift+M")
    found = kernel_bridge_json(vscode_home, "history", "--file", str(vscode.folder / "n.ipynb"))["runs"]
    newest, before = (run for run in found if run["state"] != "aborted")
    assert [before["cellId"], newest["cellId"]] == [cell.id for cell in cells[:2]]
    assert newest["notebookDocument"]["uri"] == (vscode.folder / "n.ipynb").as_uri()
    assert newest["error"]["line"] == 1
    problem = vscode.problems.filter(has_text="division by zero")
    expect(problem).to_contain_text("Ln 2")
    expect(vscode.cells.nth(1).locator(".squiggly-error")).to_be_visible()
    vscode.cells.nth(1).locator(".view-lines").click()
    vscode.press("Control+A")
    vscode.page.keyboard.type("x + 1")
    expect(problem).to_have_count(0)
