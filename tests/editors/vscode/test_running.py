"""Running code from a file, and its output in the results notebook and inline."""

import re

import pytest

from tests.editors.vscode.window import Window, expect, pixels

pytestmark = pytest.mark.shared_window

PICTURE = """\
import io
from IPython.display import Image
from PIL import Image as picture
png = io.BytesIO()
picture.new("RGB", (64, 48), (220, 30, 40)).save(png, "png")
Image(png.getvalue())
"""

WAITS_FOR_A_FILE = """\
import pathlib, time
print("before")
while not pathlib.Path("go").exists(): time.sleep(0.01)
print("after")
"""

PROGRESS = """\
import sys, time
from tqdm import tqdm
for step in tqdm(range(50), file=sys.stdout): time.sleep(0.01)
print("\\ndone")
"""

CELLS = """\
# %% first
1 + 1

# %% second
print("second")
2 + 2

# %% third
3 + 3
"""


def test_the_output_of_a_selection_is_shown_beside_the_editor(vscode: Window) -> None:
    vscode.write("a.py", "x = 6\nprint('six times seven is', x * 7)\nprint('not selected')\n")
    vscode.select("a.py", 1, 2)
    vscode.run("Run Selection")
    expect(vscode.text).to_contain_text("six times seven is 42")
    expect(vscode.text).not_to_contain_text("not selected")
    expect(vscode.editor("a.py").locator(".inputarea, .native-edit-context")).to_be_focused()
    vscode.page.keyboard.type("print('the keyboard is still in the file')")
    vscode.run("Run Line")
    expect(vscode.text).to_contain_text("the keyboard is still in the file")


def test_an_image_is_shown_with_its_pixels(vscode: Window) -> None:
    vscode.write("a.py", PICTURE)
    vscode.run("Run All")
    assert pixels(vscode.outputs().locator("img")) == (64, 48, (220, 30, 40, 255))


def test_printed_text_is_shown_before_the_run_ends(vscode: Window) -> None:
    vscode.write("a.py", WAITS_FOR_A_FILE)
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("before")
    expect(vscode.text).not_to_contain_text("after")
    (vscode.folder / "go").touch()
    expect(vscode.text).to_contain_text("after")


def test_a_progress_bar_updates_its_line(vscode: Window) -> None:
    vscode.write("a.py", PROGRESS)
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("done")
    shown = vscode.text.inner_text()
    assert len(re.findall(r"\d+%", shown)) == 1, shown
    assert "100%" in shown
    assert "50/50" in shown


def test_cells_run_in_order_with_inline_results(vscode: Window) -> None:
    vscode.write("a.py", CELLS)
    vscode.select("a.py", 2)
    vscode.run("Run Cell and Advance")
    vscode.expect_inline("a.py", 2, "2")
    expect(vscode.page.locator(r"#status\.editor\.selection")).to_contain_text("Ln 5,")
    vscode.press("Shift+Enter")
    vscode.expect_inline("a.py", 6, "4")
    expect(vscode.page.locator(r"#status\.editor\.selection")).to_contain_text("Ln 9,")
    expect(vscode.text).to_contain_text("second")


def test_the_link_above_a_cell_runs_it(vscode: Window) -> None:
    editor = vscode.write("a.py", CELLS)
    editor.locator(".codelens-decoration a").filter(has_text="Run Cell").nth(1).click()
    expect(vscode.text).to_contain_text("second")
    vscode.expect_inline("a.py", 6, "4")


def test_a_result_is_dimmed_when_its_line_is_edited(vscode: Window) -> None:
    vscode.write("a.py", "6 * 7\n")
    vscode.run("Run All")
    fresh = vscode.expect_inline("a.py", 1, "42")
    vscode.select("a.py", 1)
    vscode.page.keyboard.type("1 + ")
    assert vscode.expect_inline("a.py", 1, "42", font="italic") != fresh
    vscode.run("Run All")
    assert vscode.expect_inline("a.py", 1, "43") == fresh


@pytest.mark.new_window
def test_runs_requested_during_startup_keep_their_order(vscode: Window) -> None:
    cells = "".join(f"# %%\nran.append({number}); print(ran)\n" for number in range(8))
    vscode.write("a.py", "ran = []\n" + cells)
    vscode.status.wait_for()
    vscode.select("a.py", 1)
    for _ in range(9):
        vscode.page.keyboard.press("Shift+Enter")
    expect(vscode.text).to_contain_text("[0, 1, 2, 3, 4, 5, 6, 7]")
