"""Fixtures: one VS Code for all tests, and a window and a folder for each test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from tests.editors.vscode.code_server import CodeServer, code_server
from tests.editors.vscode.install import Installation, installed
from tests.editors.vscode.window import Window, browser, window
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
def vscode(chromium: BrowserContext, server: CodeServer, folder: Path) -> Iterator[Window]:
    with window(chromium, server, folder) as opened:
        yield opened


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
