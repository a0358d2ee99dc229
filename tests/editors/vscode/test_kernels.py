"""Kernels in VS Code: shown in the status bar, chosen, interrupted, restarted, and dead."""

import psutil
import pytest

from tests.editors.vscode.window import Window, expect
from tests.home import Home

pytestmark = pytest.mark.shared_window

# Records each icon of an item in the status bar.
ICONS = """item => {
    const icons = window.icons = [];
    new MutationObserver(() => {
        const icon = item.querySelector(".codicon").className;
        if (icon !== icons.at(-1)) icons.push(icon);
    }).observe(item, {childList: true, subtree: true, attributes: true});
}"""

FOR_EVER = "print('begun')\nwhile True: pass\n"


def test_a_restarted_kernel_has_no_variables(vscode: Window) -> None:
    vscode.write("a.py", "kept = 'kept it'\nprint(kept)\n")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("kept it")
    vscode.run("Restart Kernel")
    vscode.select("a.py", 2)
    vscode.run("Run Line")
    expect(vscode.text).to_contain_text("NameError")
    vscode.run("Restart and Run All")
    expect(vscode.text.get_by_text("kept it")).to_have_count(2)


def test_a_dead_kernel_is_reported(vscode: Window) -> None:
    vscode.write("a.py", "import os\nprint('alive', flush=True)\nos._exit(7)\n")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("ended")
    vscode.expect_inline("a.py", 3, "lost")
    expect(vscode.status.locator(".codicon-error")).to_be_visible()


def test_restarting_a_dead_kernel(vscode: Window) -> None:
    vscode.write("a.py", "import os; os._exit(7)\nprint('at', 'work again')\n")
    vscode.run("Run Line")
    expect(vscode.status.locator(".codicon-error")).to_be_visible()
    vscode.run("Restart Kernel")
    expect(vscode.status.locator(".codicon-error")).to_have_count(0)
    vscode.select("a.py", 2)
    vscode.run("Run Line")
    expect(vscode.text).to_contain_text("at work again")
    expect(vscode.text).not_to_contain_text("Another kernel")


def test_the_status_bar_shows_the_kernel_and_offers_others(vscode: Window) -> None:
    vscode.write("a.py", "print('at work')\n" + "".join(f"# %%\n{number}\n" for number in range(30)))
    expect(vscode.status).to_contain_text("No Kernel")
    vscode.run("Run Cell")
    expect(vscode.text).to_contain_text("at work")
    expect(vscode.status).to_contain_text("Python 3 (ipykernel)")
    vscode.status.evaluate(ICONS)
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("29")
    expect(vscode.status.locator(".codicon-circle-large-outline, .codicon-circle-large")).to_be_visible()
    icons = vscode.page.evaluate("window.icons")
    assert len(icons) == 2, icons  # busy, then idle: no others between the cells
    vscode.status.click()
    expect(vscode.box.locator(".monaco-list-row").filter(has_text="Python 3").first).to_be_visible()
    vscode.press("Escape")
    vscode.run("Shut Down Kernel")
    expect(vscode.status).to_contain_text("No Kernel")


def test_a_killed_server_is_restarted(vscode: Window, vscode_home: Home) -> None:
    vscode.write("a.py", "print('at work')\n")
    vscode.run("Run All")
    expect(vscode.text.get_by_text("at work")).to_have_count(1)
    server_of(vscode_home).kill()
    expect(vscode.message("the server exited unexpectedly")).to_be_visible()
    expect(vscode.status).to_contain_text("No Kernel")
    vscode.editor("a.py").locator(".view-lines").click()
    vscode.run("Run All")
    expect(vscode.status).to_contain_text("Python 3 (ipykernel)")


def server_of(home: Home) -> psutil.Process:
    """The server of the only open window."""
    (server,) = home.running(" -m kernel_bridge ")
    return server


@pytest.mark.new_window
def test_the_kernel_keeps_running_after_an_interrupt(vscode: Window) -> None:
    (vscode.folder / ".vscode").mkdir()
    (vscode.folder / ".vscode" / "settings.json").write_text('{"kernel-bridge.longRunSeconds": 0.5}')
    vscode.write("a.py", FOR_EVER)
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("begun")
    vscode.page.get_by_role("button", name="a.py, print('begun')").click()
    expect(vscode.text).to_contain_text("KeyboardInterrupt")
    vscode.expect_inline("a.py", 2, "⊘ interrupted")
    expect(vscode.page.get_by_role("button", name="a.py, print('begun')")).to_have_count(0)
    vscode.select("a.py", 1)
    vscode.run("Run Line")
    expect(vscode.text.get_by_text("begun", exact=True)).to_have_count(2)


@pytest.mark.new_window
def test_a_renamed_file_keeps_its_kernel(vscode: Window) -> None:
    (vscode.folder / "old").mkdir()
    (vscode.folder / "old" / "a.py").write_text("x = 41\n\nprint('x is', x + 1)\n")
    vscode.open("a.py")
    vscode.run("Run Line")
    vscode.expect_inline("a.py", 1, "✓")
    files = vscode.page.locator(".explorer-folders-view .monaco-list-row")
    for before, after in (("a.py", "b.py"), ("old", "new")):
        files.filter(has_text=before).click()
        vscode.press("F2")
        name = vscode.page.locator(".explorer-folders-view .monaco-inputbox input")
        name.fill(after)
        name.press("Enter")
        files.filter(has_text=after).wait_for()
        expect(vscode.status).to_contain_text("Python 3 (ipykernel)")
    vscode.select("b.py", 3)
    vscode.run("Run Line")
    expect(vscode.text).to_contain_text("x is 42")
    expect(vscode.notebooks).to_have_count(1)
