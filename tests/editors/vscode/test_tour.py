"""Goes through docs/examples/tour.py like a user, and takes the screenshots for the documentation.

The screenshots are written to build/test-vscode/pictures, or to the folder in KERNEL_BRIDGE_PICTURES.
"""

import os
from pathlib import Path

import pytest

from tests.editors.vscode.window import Window, expect, pixels

ROOT = Path(__file__).parents[3]
PICTURES = Path(os.environ.get("KERNEL_BRIDGE_PICTURES") or ROOT / "build" / "test-vscode" / "pictures")


@pytest.fixture
def tour(folder: Path) -> str:
    text = (ROOT / "docs" / "examples" / "tour.py").read_text(encoding="utf-8")
    (folder / "tour.py").write_text(text, encoding="utf-8")
    return text


def test_the_tour(tour: str, vscode: Window) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    vscode.open("tour.py")
    vscode.status.wait_for()
    vscode.palette("View: Toggle Primary Side Bar Visibility")
    vscode.select("tour.py", line_of(tour, "A table"))
    vscode.run("Run Cell and Advance")
    expect(vscode.outputs().locator("table")).to_contain_text("Jupiter")
    vscode.run("Run Cell and Advance")
    width, height, _ = pixels(vscode.outputs().locator("img"))
    assert width > 300
    assert height > 200
    vscode.screenshot(PICTURES / "vscode-results.png")
    vscode.run("Run Cell and Advance")
    expect(vscode.text).to_contain_text("ZeroDivisionError")
    vscode.press("Control+Shift+M")
    expect(vscode.problems.filter(has_text="division by zero")).to_be_visible()
    vscode.screenshot(PICTURES / "vscode-error.png")
    vscode.press("Control+Shift+M")
    vscode.run("Run Cell and Advance")
    expect(vscode.box).to_contain_text("What is your name?")
    vscode.box.locator("input").fill("Ada")
    vscode.screenshot(PICTURES / "vscode-input.png")
    vscode.press("Enter")
    expect(vscode.text).to_contain_text("Nice to meet you, Ada.")


def line_of(text: str, heading: str) -> int:
    """The line after a cell's heading, counted from 1."""
    return text.split("\n").index(f"# %% {heading}") + 2
