"""A new user follows docs/getting-started/vscode.md from an empty file to a plot."""

import pytest

from tests.documentation.pages import ROOT, blocks
from tests.editors.vscode.window import Window, expect, pixels

pytestmark = pytest.mark.shared_window

CELLS = [block.text for block in blocks(ROOT / "docs" / "getting-started" / "vscode.md", "python")]


def test_the_code_of_the_tutorial_up_to_the_plot(vscode: Window) -> None:
    first, plot = CELLS
    vscode.write("first.py", f"{first}\n{plot}")
    vscode.status.wait_for()
    vscode.select("first.py", 1)
    vscode.press("Shift+Enter")
    vscode.expect_inline("first.py", 3, "→ 285")
    expect(vscode.text).to_contain_text("285")
    vscode.press("Shift+Enter")
    width, height, _ = pixels(vscode.outputs().locator("img"))
    assert min(width, height) > 200
    vscode.expect_inline("first.py", 9, "→ plot")
