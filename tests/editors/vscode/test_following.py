"""Inline results and problems follow their lines while the user edits the file."""

import pytest

from tests.editors.vscode.window import Window, expect

pytestmark = pytest.mark.shared_window

ERRORS = "x = 6\n\n1 / 0\n\nboom\n"


def test_results_follow_their_lines_during_fast_typing(vscode: Window) -> None:
    vscode.write("a.py", "x = 6\n\nx * 7\n")
    vscode.run("Run Line")
    vscode.expect_inline("a.py", 1, "✓")
    vscode.select("a.py", 3)
    vscode.run("Run Line")
    vscode.expect_inline("a.py", 3, "→ 42")
    for line, pause_ms in enumerate((60, 80, 95, 105, 120, 140), start=1):
        vscode.select("a.py", line)
        vscode.run("Run Line")
        vscode.expect_inline("a.py", line, "✓")
        vscode.press("Home")
        vscode.page.keyboard.type("#\n", delay=pause_ms)  # the first dims a result, the second moves one
        vscode.expect_inline("a.py", line + 3, "→ 42")


def test_an_object_without_text_shows_its_content(vscode: Window) -> None:
    vscode.write("a.py", "from IPython.display import *\nMarkdown('# *hi*')\nHTML('<b>x</b>')\n")
    vscode.run("Run Line")
    for line, result in ((2, "→ # *hi*"), (3, "→ x")):
        vscode.select("a.py", line)
        vscode.run("Run Line")
        vscode.expect_inline("a.py", line, result)


def test_a_new_line_after_the_code_does_not_dim_the_result(vscode: Window) -> None:
    vscode.write("a.py", "6 * 7\n")
    vscode.run("Run Line")
    vscode.expect_inline("a.py", 1, "→ 42")
    vscode.press("End")
    vscode.page.keyboard.type("\ny = 1")
    vscode.run("Run Line")
    vscode.expect_inline("a.py", 2, "✓")
    vscode.expect_inline("a.py", 1, "→ 42")


def test_an_error_stays_on_its_line_when_another_is_added(vscode: Window) -> None:
    vscode.write("a.py", ERRORS)
    vscode.press("Control+Shift+M")
    vscode.select("a.py", 3)
    vscode.run("Run Line")
    expect(vscode.problems.filter(has_text="ZeroDivisionError")).to_contain_text("[Ln 3,")
    vscode.select("a.py", 1)
    vscode.page.keyboard.type("# one\n# two\n")
    expect(vscode.problems.filter(has_text="ZeroDivisionError")).to_contain_text("[Ln 5,")
    vscode.select("a.py", 7)
    vscode.run("Run Line")
    expect(vscode.problems.filter(has_text="NameError")).to_contain_text("[Ln 7,")
    expect(vscode.problems.filter(has_text="ZeroDivisionError")).to_contain_text("[Ln 5,")


def test_closing_a_file_removes_its_errors(vscode: Window) -> None:
    vscode.write("a.py", ERRORS)
    vscode.press("Control+Shift+M")
    vscode.select("a.py", 3)
    vscode.run("Run Line")
    expect(vscode.problems.filter(has_text="ZeroDivisionError")).to_have_count(1)
    vscode.select("a.py", 3)
    vscode.palette("View: Close Editor")
    expect(vscode.problems).to_have_count(0)
