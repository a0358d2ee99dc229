"""The size of the extension, and the time that its activation takes."""

import re

import pytest

from tests.editors.vscode.install import Installation
from tests.editors.vscode.window import Window, expect

pytestmark = pytest.mark.shared_window


def test_the_package_is_small(installation: Installation) -> None:
    size = installation.vsix.stat().st_size
    print(f"the vsix is {size / 1000:.0f} kB")
    assert size < 3_000_000


def test_the_extension_activates_fast(vscode: Window) -> None:
    vscode.write("a.py", "")
    vscode.status.wait_for()
    vscode.page.set_viewport_size({"width": 1280, "height": 2400})  # the list renders only visible rows
    vscode.palette("Developer: Show Running Extensions")
    extension = vscode.page.locator(".runtime-extensions-editor .monaco-list-row").filter(
        has_text="Kernel Bridge"
    )
    expect(extension).to_contain_text(re.compile(r"Activation: \d+ms"))
    (took_ms,) = re.findall(r"Activation: (\d+)ms", extension.inner_text())
    print(f"activated in {took_ms} ms")
    assert int(took_ms) < 3000  # on a busy machine
