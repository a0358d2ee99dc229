"""Runs the Mocha tests of exthost/ in VS Code's extension host, where they can use the `vscode` module."""

import json
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import BrowserContext, TimeoutError

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.window import window

LONGEST_MS = 270_000
TESTS = Path(__file__).parent / "exthost" / "index.js"


def test_in_the_extension_host(chromium: BrowserContext, server: CodeServer, folder: Path) -> None:
    remote = f"vscode-remote://{server.authority}"
    payload = [
        ["extensionDevelopmentPath", f"{remote}{server.extension()}"],
        ["extensionTestsPath", f"{remote}{TESTS}"],
    ]
    with window(chromium, server, folder, f"&payload={quote(json.dumps(payload))}") as vscode:
        with suppress(TimeoutError):  # then the tests so far are reported
            vscode.until("window.automation.code !== undefined", timeout_ms=LONGEST_MS)
        automation = vscode.page.evaluate("window.automation")
    lines = [line for line in automation["lines"] if line.startswith(("ok - ", "not ok - "))]
    print("", *lines, sep="\n")
    failed = [line for line in lines if line.startswith("not ok - ")]
    assert automation.get("code") == 0, "\n".join(failed or lines or automation["lines"])
    assert len(lines) >= 11
