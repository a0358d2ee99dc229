"""Choosing the kernel of a file: another kernelspec, or a kernel that was started elsewhere."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.vscode.command_line import kernel_bridge, kernel_bridge_json
from tests.editors.vscode.test_kernels import server_of
from tests.editors.vscode.window import Window, expect
from tests.home import Home

pytestmark = pytest.mark.shared_window


@pytest.fixture
def other_kernelspec(vscode_home: Home) -> Iterator[str]:
    """The name of a kernelspec whose kernels have WHICH=other in their environment."""
    folder = Path(vscode_home.environment["JUPYTER_DATA_DIR"]) / "kernels" / "other"
    folder.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Other Python",
        "language": "python",
        "env": {"WHICH": "other"},
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    yield "Other Python"
    (folder / "kernel.json").unlink()


@pytest.fixture
def kernel_elsewhere(vscode_home: Home) -> Iterator[str]:
    """The ID of a kernel that was started on the command line and has a variable."""
    kernel: str = kernel_bridge_json(vscode_home, "start", "--kernel", "python3")["id"]
    kernel_bridge(vscode_home, "run", "--attach", kernel, "-", code="known = 'only there'\n")
    yield kernel
    kernel_bridge(vscode_home, "stop", kernel)


def test_choosing_another_kernelspec_in_the_status_bar(
    vscode: Window, vscode_home: Home, other_kernelspec: str
) -> None:
    vscode.write("a.py", "import os\nprint('which:', os.environ.get('WHICH', 'the first'))\n")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("which: the first")
    vscode.status.click()
    vscode.box.locator(".monaco-list-row").filter(has_text=other_kernelspec).first.wait_for()
    vscode.box.locator(".monaco-list-row").filter(has_text=other_kernelspec).first.click()
    expect(vscode.status).to_contain_text(other_kernelspec)
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("which: other")
    expect(vscode.text).to_contain_text(f"Another kernel: {other_kernelspec}")
    expect(vscode.notebooks).to_have_count(1)
    server_of(vscode_home).kill()
    expect(vscode.status).to_contain_text("No Kernel")
    vscode.run("Run All")
    expect(vscode.text.get_by_text("which: other")).to_have_count(2)


def test_attaching_to_a_kernel_started_on_the_command_line(vscode: Window, kernel_elsewhere: str) -> None:
    vscode.write("a.py", "print('known:', known)\n")
    vscode.run("Attach to Kernel")
    expect(vscode.box).to_contain_text("Attach to a kernel for a.py")
    vscode.box.locator(".monaco-list-row").filter(has_text=kernel_elsewhere).wait_for()
    vscode.box.locator(".monaco-list-row").filter(has_text=kernel_elsewhere).click()
    expect(vscode.status).to_contain_text("Python 3 (ipykernel)")
    vscode.run("Run All")
    expect(vscode.text).to_contain_text("known: only there")
    vscode.run("Attach to Kernel")
    vscode.box.locator(".monaco-list-row").filter(has_text="Connection file").click()
    expect(vscode.box).to_contain_text("connection file")
    vscode.press("Escape")
