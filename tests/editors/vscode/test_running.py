"""A person selects code, runs it from the palette, and sees what it prints and shows."""

from tests.editors.vscode.window import Window, expect, pixels

PICTURE = """\
import io
from IPython.display import Image
from PIL import Image as picture
png = io.BytesIO()
picture.new("RGB", (64, 48), (220, 30, 40)).save(png, "png")
Image(png.getvalue())
"""


def test_the_selection_runs_and_its_output_stands_beside_the_editor(vscode: Window) -> None:
    vscode.write("a.py", "x = 6\nprint('six times seven is', x * 7)\nprint('not selected')\n")
    vscode.select("a.py", 1, 2)
    vscode.palette("Kernel Bridge: Run Selection")
    outputs = vscode.outputs().locator("#container")
    expect(outputs).to_contain_text("six times seven is 42")
    expect(outputs).not_to_contain_text("not selected")
    expect(vscode.page.locator(".tab.active[data-resource-name='a.py']")).to_be_visible()
    vscode.screenshot("/tmp/selection.png")


def test_a_picture_is_shown_by_its_pixels(vscode: Window) -> None:
    vscode.write("a.py", PICTURE)
    vscode.palette("Kernel Bridge: Run All")
    assert pixels(vscode.outputs().locator("img")) == (64, 48, (220, 30, 40, 255))
    vscode.screenshot("/tmp/picture.png")
