"""A person runs code from a file, and sees what it prints and shows."""

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
    vscode.run("Run Selection")
    expect(vscode.text).to_contain_text("six times seven is 42")
    expect(vscode.text).not_to_contain_text("not selected")
    expect(vscode.editor("a.py").locator(".inputarea, .native-edit-context")).to_be_focused()
    vscode.page.keyboard.type("print('the keyboard is still in the file')")
    vscode.run("Run Line")
    expect(vscode.text).to_contain_text("the keyboard is still in the file")


def test_a_picture_is_shown_by_its_pixels(vscode: Window) -> None:
    vscode.write("a.py", PICTURE)
    vscode.run("Run All")
    assert pixels(vscode.outputs().locator("img")) == (64, 48, (220, 30, 40, 255))
