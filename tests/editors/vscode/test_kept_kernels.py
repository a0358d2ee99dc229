"""The window closes while kept kernels run code, and opens again."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from tests.editors.vscode.window import Window, expect

SCRIPT = """\
# %%
first = 6 * 7
first
# %%
import pathlib, time
print("begun")
while not pathlib.Path("late").exists(): time.sleep(0.01)
print("continued", "here")
input("name? ")
"""
CELLS = [
    """\
import pathlib, time
print("begun")
while not pathlib.Path("early").exists(): time.sleep(0.01)
print("continued unseen")""",
    "print('queued')",
]


def test_runs_continue_while_the_window_is_closed(keeping_folder: Path, vscode: Window) -> None:
    notebook = keeping_folder / "n.ipynb"
    nbformat.write(new_notebook(cells=list(map(new_code_cell, CELLS))), notebook)
    vscode.write("a.py", SCRIPT)
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("begun")
    vscode.open("n.ipynb")
    running, queued = (vscode.cells.filter(has_text=text) for text in ("early", "queued"))
    queued.click()
    vscode.palette("Notebook: Run All")
    expect(running.locator(".codicon-notebook-state-executing")).to_be_visible()

    vscode.page.goto("about:blank")
    (keeping_folder / "early").touch()
    vscode.page.go_back()
    vscode.status.wait_for()
    vscode.open("n.ipynb")
    for cell in (running, queued):
        expect(cell.locator(".codicon-notebook-state-success")).to_be_visible()
    queued.click()
    vscode.palette("File: Save")
    expect(vscode.page.locator(".tab.active[data-resource-name='n.ipynb']")).not_to_contain_class("dirty")
    saved = nbformat.read(notebook, as_version=4).cells
    assert [cell.outputs[0].text for cell in saved] == ["begun\ncontinued unseen\n", "queued\n"]
    assert [cell.execution_count for cell in saved] == [1, 2]

    vscode.open("a.py")
    vscode.expect_inline("a.py", 3, "→ 42")
    (keeping_folder / "late").touch()
    expect(vscode.box).to_contain_text("name?")
    expect(vscode.text).to_contain_text("continued here")
    vscode.box.locator("input").fill("Ada")
    vscode.press("Enter")
    vscode.expect_inline("a.py", 9, "→ 'Ada'")
    expect(vscode.text.get_by_text("begun")).to_have_count(1)
