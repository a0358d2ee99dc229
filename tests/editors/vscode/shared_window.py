"""A window that tests use one after the other, because opening one takes 15 s of CPU time.

Kernels and the server keep running, so each test needs files of its own. The editors, the panel, the messages
and open lists of the test before are closed.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from playwright.sync_api import BrowserContext

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.window import SIZE, Window, window


@dataclass
class SharedWindow:
    browser: BrowserContext
    server: CodeServer
    folder: Path
    """The folder that the window is opened on. Tests have folders in it."""

    _opened: Window | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    def show(self, folder: Path) -> Window:
        """Returns the window with nothing open, for a test with files in `folder`."""
        if self._opened is not None:
            _clear(self._opened)
        return replace(self._opened or self.new(self.folder), folder=folder, shared=True)

    def new(self, folder: Path) -> Window:
        """Replaces the window by a new one on `folder`, with a new server."""
        self.close()
        self._opened = self._stack.enter_context(window(self.browser, self.server, folder))
        return self._opened

    def close(self) -> None:
        self._stack.close()
        self._opened = None


def _clear(window: Window) -> None:
    page = window.page
    page.set_viewport_size(SIZE)
    if window.box.is_visible():
        window.press("Escape")
    window.palette("View: Close All Editors")
    asks = page.get_by_role("button", name="Don't Save")
    empty = page.locator(".editor-group-container.empty").first
    asks.or_(empty).first.wait_for()
    if asks.is_visible():
        asks.click()
        empty.wait_for()
    if page.locator(".part.panel").is_visible():
        window.palette("View: Hide Panel")
    if page.locator(".notifications-center").is_visible():
        window.palette("Notifications: Clear All Notifications")
    window.console.clear()
