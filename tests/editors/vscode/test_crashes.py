"""The server crashes: once, twice, and with kernels that are kept alive."""

from pathlib import Path

from tests.editors.vscode.test_kernels import server_of
from tests.editors.vscode.window import Window, expect
from tests.home import Home


def test_a_server_that_crashes_twice_is_not_restarted(vscode: Window, vscode_home: Home) -> None:
    vscode.write("a.py", "print('at', 'work')\n")
    vscode.run("Run All")
    expect(vscode.text.get_by_text("at work")).to_have_count(1)
    server_of(vscode_home).kill()
    expect(vscode.message("is restarting")).to_be_visible()
    vscode.editor("a.py").locator(".view-lines").click()
    vscode.run("Run All")
    expect(vscode.text.get_by_text("at work")).to_have_count(2)
    server_of(vscode_home).kill()
    message = vscode.message("it will start with the next run")
    message.get_by_role("button", name="Show Log").click()
    log = vscode.page.locator(".part.panel .view-lines")
    expect(log).to_contain_text("the server exited unexpectedly".replace(" ", "\u00a0"))
    vscode.editor("a.py").locator(".view-lines").click()
    vscode.run("Run All")
    expect(vscode.text.get_by_text("at work")).to_have_count(3)
    expect(vscode.notebooks).to_have_count(1)


def test_the_window_attaches_to_a_kept_kernel_again(
    keeping_folder: Path, vscode: Window, vscode_home: Home
) -> None:
    vscode.write("a.py", "# %%\nkept = 'still there'\nprint('before')\n# %%\nprint('it is', kept)\n")
    vscode.select("a.py", 2)
    vscode.run("Run Cell")
    expect(vscode.text).to_contain_text("before")
    server_of(vscode_home).kill()
    expect(vscode.message("is restarting")).to_be_visible()
    expect(vscode.status).to_contain_text("Python 3 (ipykernel)")
    vscode.select("a.py", 5)
    vscode.run("Run Cell")
    expect(vscode.text).to_contain_text("it is still there")
    expect(vscode.text).not_to_contain_text("Another kernel")
    expect(vscode.notebooks).to_have_count(1)


WAITS = """\
import pathlib, time
print("begun")
while not pathlib.Path("go").exists(): time.sleep(0.01)
print("after", "the crash")
"""


def test_a_run_continues_while_the_server_is_down(
    keeping_folder: Path, vscode: Window, vscode_home: Home
) -> None:
    vscode.write("a.py", WAITS)
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("begun")
    server_of(vscode_home).kill()
    expect(vscode.message("is restarting")).to_be_visible()
    expect(vscode.status).to_contain_text("Python 3 (ipykernel)")
    (vscode.folder / "go").touch()
    expect(vscode.text).to_contain_text("after the crash")
