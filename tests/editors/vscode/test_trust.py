"""A window whose workspace is not trusted, and one without a server, which a click installs."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.editors.vscode.code_server import CodeServer, code_server
from tests.editors.vscode.install import Installation
from tests.editors.vscode.window import Window, expect, window
from tests.environments import built, fill_cache, provide_uv
from tests.home import Home, private_home


@pytest.fixture
def bare_home() -> Iterator[Home]:
    """A home with uv and a package index, but without kernel-bridge on its PATH."""
    wheel = built()
    fill_cache(wheel)
    with private_home() as home:
        provide_uv(home, **{"find-links": [str(wheel.parent)], "python-downloads": "never"})
        ours = Path(sys.executable).parent
        folders = home.environment["PATH"].split(os.pathsep)
        home.environment["PATH"] = os.pathsep.join(each for each in folders if Path(each) != ours)
        yield home
        home.check_clean(gone_within_s=20)


@pytest.fixture
def server(bare_home: Home, installation: Installation) -> Iterator[CodeServer]:
    settings = {"security.workspace.trust.banner": "never"}
    with code_server(bare_home, installation, settings) as server:
        yield server


@pytest.fixture
def vscode(chromium: BrowserContext, server: CodeServer) -> Iterator[Window]:
    with window(chromium, server, server.home.work) as opened:
        yield opened


def test_nothing_starts_without_trust_and_a_missing_server_is_installed(
    vscode: Window, server: CodeServer
) -> None:
    vscode.write("a.py", "print('hello')\n")
    expect(vscode.status).to_contain_text("restricted")
    vscode.run("Run All")
    vscode.message("not trusted").get_by_role("button", name="Manage Trust").click()
    vscode.page.get_by_role("button", name="Trust", exact=True).click()
    vscode.page.locator(".monaco-modal-editor-block .codicon-close").last.click()
    expect(vscode.status).to_contain_text("No Kernel")
    vscode.run("Run All")
    dialog = vscode.page.locator(".monaco-dialog-box")
    expect(dialog).to_contain_text("Kernel Bridge needs its server")
    expect(dialog).to_contain_text("uv tool install --with ipykernel jupyter-kernel-bridge")
    dialog.get_by_role("button", name="Cancel").click()
    expect(vscode.status).to_contain_text("No Kernel")
    assert not (server.home.path / ".local" / "bin" / "kernel-bridge").exists()
    vscode.run("Run All")
    dialog.get_by_role("button", name="Install").click()
    expect(vscode.text).to_contain_text("hello", timeout=90_000)
