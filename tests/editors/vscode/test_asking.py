"""Errors as problems, and code that asks for input."""

import pytest

from tests.editors.vscode.window import Window, expect

pytestmark = pytest.mark.shared_window

ASKS = """\
name = input("Who is there? ")
print("hello", name)
"""
ASKS_SECRETLY = """\
import getpass
secret = getpass.getpass("The word? ")
print("it has", len(secret), "letters")
"""


def test_an_error_is_a_problem_on_its_line(vscode: Window) -> None:
    vscode.write("a.py", "x = 1\n\ndef f():\n    return x / 0\n\nf()\n")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("ZeroDivisionError")
    vscode.press("Control+Shift+M")
    expect(vscode.problems.filter(has_text="division by zero")).to_contain_text("Ln 4")
    vscode.expect_inline("a.py", 6, "ZeroDivisionError")
    vscode.select("a.py", 4)
    vscode.press("End")
    vscode.press("Backspace")
    vscode.page.keyboard.type("1")
    vscode.run("Run All")
    expect(vscode.problems.filter(has_text="division by zero")).to_have_count(0)


def test_input_opens_an_input_box_which_comes_back_after_another_one(vscode: Window) -> None:
    vscode.write("a.py", ASKS)
    vscode.run("Run All")
    expect(vscode.box).to_contain_text("a.py · Python 3 (ipykernel)")
    expect(vscode.box).to_contain_text("Who is there?")
    field = vscode.box.locator("input")
    expect(field).not_to_have_attribute("type", "password")
    field.fill("Ada")
    vscode.press("F1")
    expect(field.first).to_have_value(">")
    vscode.press("Escape")
    expect(vscode.box).to_be_hidden()
    vscode.page.get_by_role("button", name="waits for input").click()
    expect(field).to_have_value("Ada")
    vscode.press("Enter")
    expect(vscode.text).to_contain_text("hello Ada")
    expect(vscode.page.get_by_role("button", name="waits for input")).to_have_count(0)


def test_a_password_is_hidden_and_escape_interrupts(vscode: Window) -> None:
    vscode.write("a.py", ASKS_SECRETLY)
    vscode.run("Run All")
    field = vscode.box.locator("input")
    expect(vscode.box).to_contain_text("The word?")
    expect(field).to_have_attribute("type", "password")
    field.fill("sesame")
    vscode.press("Enter")
    expect(vscode.text).to_contain_text("it has 6 letters")
    expect(vscode.text).not_to_contain_text("sesame")
    vscode.run("Run All")
    expect(vscode.box).to_contain_text("The word?")
    vscode.press("Escape")
    expect(vscode.text).to_contain_text("KeyboardInterrupt")
    expect(vscode.box).to_be_hidden()
