"""The keys that run, edit and find cells."""

import pytest

from tests.editors.vscode.window import Window, expect

pytestmark = pytest.mark.shared_window

CELLS = """\
# %% first
a = 1
a + 1

# %% second
a + 2
"""


def expect_line(vscode: Window, line: int) -> None:
    expect(vscode.page.locator(r"#status\.editor\.selection")).to_contain_text(f"Ln {line},")


def test_cells_are_run_written_and_moved_by_keys(vscode: Window) -> None:
    editor = vscode.write("a.py", CELLS)
    vscode.status.wait_for()
    vscode.select("a.py", 3)
    vscode.press("Control+Enter")
    vscode.expect_inline("a.py", 3, "2")
    expect_line(vscode, 3)
    expect(editor.locator(".view-line")).to_have_count(7)
    vscode.press("Control+Alt+]")
    expect_line(vscode, 6)
    vscode.press("Alt+Enter")
    vscode.expect_inline("a.py", 6, "3")
    expect_line(vscode, 9)
    vscode.page.keyboard.type("a + 3")
    vscode.press("Shift+Enter")
    vscode.expect_inline("a.py", 9, "4")
    expect_line(vscode, 12)
    vscode.press("Control+;")
    vscode.press("x")
    expect(editor.locator(".view-line")).to_have_count(10)
    vscode.press("Control+Alt+[")
    expect_line(vscode, 6)
    vscode.press("Control+Alt+]")
    expect_line(vscode, 9)
    vscode.press("Control+;")
    vscode.press("u")
    vscode.expect_inline("a.py", 6, "4")
    expect_line(vscode, 6)
    vscode.status.click()
    expect(vscode.box.locator(".monaco-list-row").first).to_be_visible()
    vscode.press("Escape")
    vscode.expect_focus("a.py")
    vscode.page.keyboard.type("a + 4 or ")
    vscode.press("Shift+Enter")
    vscode.expect_inline("a.py", 6, "5")
    expect_line(vscode, 9)


def test_a_file_without_cells_runs_statement_by_statement(vscode: Window) -> None:
    vscode.write("b.py", "a = 6\nif a:\n    print(a * 7)\n\n# the last one\na")
    vscode.select("b.py", 1)
    vscode.run("Run Statement and Advance")
    expect_line(vscode, 2)
    vscode.press("Shift+Enter")
    expect(vscode.text).to_contain_text("42")
    expect_line(vscode, 6)
    vscode.press("Shift+Enter")
    vscode.expect_inline("b.py", 6, "6")
    expect_line(vscode, 7)
    vscode.page.keyboard.type("6 * 7")
    vscode.press("Control+Enter")
    vscode.expect_inline("b.py", 7, "42")
    expect_line(vscode, 7)
