"""A virtual workspace, in which kernels cannot run."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.window import Window, expect, window

EXTENSION = Path(__file__).parent / "virtual"


@pytest.fixture
def vscode(chromium: BrowserContext, server: CodeServer) -> Iterator[Window]:
    payload = [["extensionDevelopmentPath", f"vscode-remote://{server.authority}{EXTENSION}"]]
    query = f"&payload={quote(json.dumps(payload))}"
    with window(chromium, server, Path("memory:/work"), query) as opened:
        yield opened


def test_a_virtual_workspace_reports_why_nothing_runs(vscode: Window) -> None:
    vscode.page.locator(".explorer-folders-view .monaco-list-row").filter(has_text="a.py").dblclick()
    expect(vscode.editor("a.py")).to_contain_text("print('hello')")
    expect(vscode.status).to_contain_text("virtual workspace")
    expect(vscode.status.locator("[aria-label*='a kernel needs a folder on disk']")).to_be_visible()
    vscode.press("F1")
    vscode.box.locator("input").fill(">Kernel Bridge: ")
    expect(vscode.box).to_contain_text("Show Log")
    expect(vscode.box).not_to_contain_text("Run All")
