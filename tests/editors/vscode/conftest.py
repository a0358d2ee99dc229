"""Fixtures: one VS Code for all tests, new and shared windows, and a folder for each test."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from tests.editors.vscode.code_server import CodeServer, code_server
from tests.editors.vscode.command_line import kernel_bridge, kernel_bridge_json
from tests.editors.vscode.install import Installation, installed
from tests.editors.vscode.shared_window import SharedWindow
from tests.editors.vscode.window import Window, browser
from tests.home import Home, private_home

FAILURES = Path(__file__).parents[3] / "build" / "test-vscode"
SETTINGS: dict[str, object] = {"kernel-bridge.server.command": [sys.executable, "-m", "kernel_bridge"]}


@pytest.fixture(scope="session")
def installation() -> Installation:
    return installed()


@pytest.fixture(scope="session")
def vscode_home() -> Iterator[Home]:
    with private_home() as home:
        yield home
        home.check_clean(gone_within_s=20)


@pytest.fixture(scope="session")
def server(vscode_home: Home, installation: Installation) -> Iterator[CodeServer]:
    with code_server(vscode_home, installation, SETTINGS, "--disable-workspace-trust") as server:
        yield server


@pytest.fixture(scope="session")
def chromium(vscode_home: Home, installation: Installation) -> Iterator[BrowserContext]:
    with sync_playwright() as playwright, browser(playwright, installation, vscode_home) as chromium:
        yield chromium


@pytest.fixture
def folder(vscode_home: Home, request: pytest.FixtureRequest) -> Path:
    """An empty folder for one test."""
    folder = vscode_home.work / request.node.name
    folder.mkdir()
    return folder


@pytest.fixture
def keeping_folder(folder: Path, vscode_home: Home) -> Iterator[Path]:
    """A folder whose kernels are kept alive until the end of the test."""
    (folder / ".vscode").mkdir()
    (folder / ".vscode" / "settings.json").write_text(json.dumps({"kernel-bridge.keepAlive": True}))
    yield folder
    for kernel in kernel_bridge_json(vscode_home, "kernels")["kernels"]:
        kernel_bridge(vscode_home, "stop", kernel["id"])


@pytest.fixture(scope="session")
def windows(chromium: BrowserContext, server: CodeServer, vscode_home: Home) -> Iterator[SharedWindow]:
    with closing(SharedWindow(chromium, server, vscode_home.work)) as windows:
        yield windows


@pytest.fixture
def vscode(windows: SharedWindow, folder: Path, request: pytest.FixtureRequest) -> Iterator[Window]:
    """A new window; with the mark `shared_window`, that of the test before if it has the mark too."""
    marks = {mark.name for mark in request.node.iter_markers()}
    own = "shared_window" not in marks or "new_window" in marks
    failed = request.session.testsfailed
    yield windows.new(folder) if own else windows.show(folder)
    if own or request.session.testsfailed > failed:
        windows.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Adds a screenshot, the extension's log and the console of the window to the report of a failed test."""
    report = yield
    arguments = getattr(item, "funcargs", {})
    windows = [value for value in arguments.values() if isinstance(value, Window)]
    if report.when == "call" and report.failed and windows:
        FAILURES.mkdir(parents=True, exist_ok=True)
        picture = FAILURES / f"{item.name}.png"
        windows[0].screenshot(picture)
        log = "\n".join(path.read_text() for path in arguments["server"].logs())
        report.sections += [
            ("screenshot", str(picture)),
            ("log of the extension", log[-4000:]),
            ("console", "\n".join(windows[0].console)[-2000:]),
        ]
    return report
