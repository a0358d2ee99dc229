"""Times Run All of a notebook in VS Code, against a controller of ten lines that answers at once.

python -m tests.editors.vscode.run_all [CELLS]

The two take turns in one window, with new notebooks of CELLS (300) trivial cells. Needs a packaged extension.
"""

import json
import sys
from pathlib import Path
from statistics import median
from urllib.parse import quote

from playwright.sync_api import sync_playwright

from tests.editors.vscode.code_server import code_server
from tests.editors.vscode.conftest import SETTINGS
from tests.editors.vscode.install import installed
from tests.editors.vscode.window import browser, window
from tests.home import private_home

MEASURE = Path(__file__).with_suffix(".js")
PATIENCE_MS = 1_800_000


def main() -> None:
    installation = installed()
    with (
        private_home() as home,
        code_server(home, installation, SETTINGS, "--disable-workspace-trust") as server,
        sync_playwright() as playwright,
        browser(playwright, installation, home) as chromium,
    ):
        folder = home.work / "notebooks"
        folder.mkdir()
        (folder / "cells.txt").write_text(sys.argv[1] if len(sys.argv) > 1 else "300")
        remote = f"vscode-remote://{server.authority}"
        payload = [
            ["extensionDevelopmentPath", f"{remote}{server.extension()}"],
            ["extensionTestsPath", f"{remote}{MEASURE}"],
        ]
        with window(chromium, server, folder, f"&payload={quote(json.dumps(payload))}") as vscode:
            vscode.until("window.automation.code !== undefined", timeout_ms=PATIENCE_MS)
            automation = vscode.page.evaluate("window.automation")
    assert automation["code"] == 0, "\n".join(automation["lines"][-20:])
    for line in automation["lines"]:
        if line.startswith("{"):
            report(**json.loads(line))


def report(what: str, ours: list[float], floor: list[float]) -> None:
    ratios = [one / other for one, other in zip(ours, floor, strict=True)]
    times = f"{median(ours) / 1000:5.1f} s, ten lines {median(floor) / 1000:5.1f} s"
    print(f"{what:20} {times}: {median(ratios):.2f} x ({min(ratios):.2f}-{max(ratios):.2f})", flush=True)


if __name__ == "__main__":
    main()
