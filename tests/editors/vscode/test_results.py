"""A file keeps its results notebook when its kernel is replaced or dies."""

import pytest

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.window import Window, expect

pytestmark = pytest.mark.shared_window

COUNTS = "runs = globals().get('runs', 0) + 1\nprint('run number', runs)\n"


def test_the_results_continue_with_the_next_kernel(vscode: Window) -> None:
    vscode.write("a.py", COUNTS)
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("run number 1")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("run number 2")
    vscode.run("Shut Down Kernel")
    expect(vscode.status).to_contain_text("No Kernel")
    vscode.run("Run All")
    expect(vscode.text.get_by_text("run number 1")).to_have_count(2)
    expect(vscode.text).to_contain_text("Another kernel: Python 3 (ipykernel)")
    expect(vscode.notebooks).to_have_count(1)
    expect(vscode.text).to_contain_text("it was shut down")
    expect(vscode.cells).to_have_count(5)
    vscode.run("Run All")
    expect(vscode.text.get_by_text("run number 2")).to_have_count(2)
    expect(vscode.cells).to_have_count(6)


def test_the_results_continue_after_a_kernel_died(vscode: Window) -> None:
    vscode.write("a.py", "print('alive')\nimport os; os._exit(7)\n")
    vscode.select("a.py", 1)
    vscode.run("Run Line")
    expect(vscode.text.get_by_text("alive", exact=True)).to_have_count(1)
    vscode.select("a.py", 2)
    vscode.run("Run Line")
    expect(vscode.status.locator(".codicon-error")).to_be_visible()
    vscode.select("a.py", 1)
    vscode.run("Run Line")
    expect(vscode.text.get_by_text("alive", exact=True)).to_have_count(2)
    expect(vscode.text).to_contain_text("Another kernel")
    expect(vscode.notebooks).to_have_count(1)


def test_files_that_share_a_kernel_share_its_results(vscode: Window) -> None:
    (vscode.folder / "b.py").write_text("print('x is', x + 1)\n")
    vscode.write("owner.py", "x = 41\nprint('from the owner')\n")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("from the owner")
    vscode.open("b.py")
    vscode.status.click()
    vscode.box.locator(".monaco-list-row").filter(has_text="used by owner.py").click()
    expect(vscode.status).to_contain_text("Python 3 (ipykernel)")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("x is 42")
    expect(vscode.text).to_contain_text("from the owner")
    expect(vscode.text).not_to_contain_text("Another kernel")
    expect(vscode.notebooks).to_have_count(1)


def test_the_input_box_runs_on_the_kernel_of_the_file(vscode: Window) -> None:
    vscode.write("a.py", COUNTS)
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("run number 1")
    enter(vscode, "runs += 10; print('from the', 'box', runs)")
    expect(vscode.text).to_contain_text("from the box 11")
    expect(vscode.cells).to_have_count(2)
    expect(vscode.cells.first.locator(".input-collapse-container")).to_be_visible()
    expect(vscode.cells.last).to_contain_text("[2]")
    vscode.press("ArrowUp")
    expect(vscode.prompt).to_contain_text("from\u00a0the")
    vscode.page.locator(".notebook-toolbar-container").get_by_label("Run All").click()
    expect(vscode.text).to_contain_text("run number 12")
    vscode.run("Clear Results")
    expect(vscode.cells).to_have_count(0)
    vscode.notebooks.click(button="middle")
    expect(vscode.notebooks).to_have_count(0)


def enter(vscode: Window, code: str) -> None:
    """Runs code from the input box under the results."""
    vscode.prompt.click()
    vscode.page.keyboard.type(code)
    vscode.press("Enter")


def test_results_closed_during_a_run_continue_in_the_next_notebook(vscode: Window) -> None:
    vscode.write(
        "a.py", "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.01)\n1 + 41\n"
    )
    vscode.run("Run All")
    expect(vscode.cells.last.locator(".codicon-notebook-state-executing").first).to_be_visible()
    vscode.notebooks.click(button="middle")
    expect(vscode.notebooks).to_have_count(0)
    vscode.select("a.py", 3)
    vscode.run("Run Line")
    expect(vscode.cells.first).to_contain_text("1 + 41")
    (vscode.folder / "go").touch()
    expect(vscode.text).to_contain_text("42")
    expect(vscode.page.locator(".codicon-notebook-state-executing")).to_have_count(0)


def test_the_results_continue_after_a_reload(vscode: Window, server: CodeServer) -> None:
    vscode.write("a.py", "print('before and after', 'a reload')\n")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("before and after a reload")
    server.wait_for_backup("before and after a reload")
    vscode.palette("Developer: Reload Window")
    expect(vscode.status).to_contain_text("No Kernel")
    expect(vscode.text).to_contain_text("before and after a reload")
    vscode.editor("a.py").locator(".view-lines").first.click()
    vscode.run("Run All")
    expect(vscode.text.get_by_text("before and after a reload")).to_have_count(2)
    expect(vscode.text).to_contain_text("Another kernel")
    expect(vscode.notebooks).to_have_count(1)
