"""A window whose workspace is not trusted, and one without a server."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.editors.vscode.code_server import CodeServer, code_server
from tests.editors.vscode.install import Installation
from tests.editors.vscode.window import Window, expect, window
from tests.home import Home, private_home


@pytest.fixture
def bare_home() -> Iterator[Home]:
    """A home without kernel-bridge on its PATH."""
    with private_home() as home:
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


def test_nothing_starts_without_trust_or_without_a_server(vscode: Window, server: CodeServer) -> None:
    vscode.write("a.py", "print('hello')\n")
    expect(vscode.status).to_contain_text("restricted")
    vscode.run("Run All")
    vscode.message("not trusted").get_by_role("button", name="Manage Trust").click()
    vscode.page.get_by_role("button", name="Trust", exact=True).click()
    vscode.page.locator(".monaco-modal-editor-block .codicon-close").last.click()
    expect(vscode.status).to_contain_text("No Kernel")
    vscode.run("Run All")
    vscode.message("not installed").get_by_role("button", name="Install").click()
    expect(vscode.page.locator(".terminal-wrapper.active .xterm-screen")).to_be_visible()
    assert not server.home.running("kernel_bridge")
