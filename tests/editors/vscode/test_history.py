"""Searching the history and exporting it."""

import re

import nbformat
import pytest

from tests.editors.vscode.window import Window, expect

pytestmark = pytest.mark.shared_window


def test_finding_a_run_in_the_history(vscode: Window) -> None:
    vscode.write("a.py", "# %%\nprint('the', 'first')\n# %%\nprint('the', 'second')\n")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("the second")
    vscode.notebooks.click(button="middle")
    expect(vscode.notebooks).to_have_count(0)
    vscode.run("Show History")
    expect(vscode.box).to_contain_text("Past runs, newest first")
    vscode.page.keyboard.type("'THE', 'first'")
    rows = vscode.box.locator(".monaco-list-row")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("a.py")
    vscode.press("Enter")
    expect(vscode.text).to_contain_text("the first")
    expect(vscode.text).not_to_contain_text("the second")
    expect(vscode.notebooks).to_have_count(1)


def test_exporting_the_history_to_a_notebook(vscode: Window) -> None:
    vscode.write("a.py", "# %%\nprint('one')\n# %%\n1 + 1\n# %%\n1 / 0\n")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("ZeroDivisionError")
    vscode.run("Export History to Notebook")
    field = vscode.box.locator("input")
    expect(field).to_have_value(re.compile(r"a\.ipynb"))
    field.fill(str(vscode.folder / "exported.ipynb"))
    vscode.press("Enter")
    vscode.message("3 runs written").get_by_role("button", name="Open").click()
    expect(vscode.notebooks.filter(has_text="exported")).to_be_visible()
    expect(vscode.text).to_contain_text("ZeroDivisionError")
    notebook = nbformat.read(vscode.folder / "exported.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert [cell.source for cell in notebook.cells] == ["print('one')", "1 + 1", "1 / 0"]
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3]
    assert notebook.cells[0].outputs == [{"output_type": "stream", "name": "stdout", "text": "one\n"}]
    assert notebook.cells[1].outputs[0].data == {"text/plain": "2"}
    assert notebook.cells[2].outputs[0].ename == "ZeroDivisionError"
    assert notebook.metadata.kernelspec.name == "python3"
