"""A window of VS Code as a person uses it: keys, clicks, and what is on the screen."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, FrameLocator, Locator, Page, Playwright, expect

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.install import Installation
from tests.home import Home

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
PATIENCE_MS = 30_000
"""How long a window may take for anything on a busy machine."""

expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Window:
    page: Page
    folder: Path
    console: list[str] = field(default_factory=list)

    def palette(self, title: str) -> None:
        """Runs a command by its title."""
        box = self.page.locator(".quick-input-widget")
        self.page.keyboard.press("F1")
        box.locator("input").fill(f">{title}")
        label = self.page.locator(".label-name").filter(has_text=re.compile(f"^{re.escape(title)}$"))
        box.locator(".monaco-list-row").filter(has=label).click()

    def write(self, name: str, text: str) -> Locator:
        """Makes a file and opens it."""
        (self.folder / name).write_text(text)
        return self.open(name)

    def open(self, name: str) -> Locator:
        """Opens a file of the folder; gives its editor."""
        self.page.locator(".explorer-folders-view .monaco-list-row").filter(has_text=name).dblclick()
        self.page.locator(f'.tab.active[data-resource-name="{name}"]').first.wait_for()
        return self.editor(name)

    def editor(self, name: str) -> Locator:
        return self.page.locator(f'.editor-instance .monaco-editor[data-uri$="/{name}"]')

    def select(self, name: str, first: int, last: int | None = None) -> None:
        """Puts the cursor into a line of a text editor, counted from 1; selects whole lines up to `last`."""
        self.editor(name).locator(".view-lines").click()
        self.page.keyboard.press("Control+G")
        self.page.locator(".quick-input-widget input").fill(f":{first}")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#status\\.editor\\.selection")).to_contain_text(re.compile(rf"Ln {first},"))
        if last is not None:
            for _ in range(last - first):
                self.page.keyboard.press("Shift+ArrowDown")
            self.page.keyboard.press("Shift+End")
            expect(self.page.locator("#status\\.editor\\.selection")).to_contain_text("selected")

    def messages(self) -> list[str]:
        """What VS Code has told and nobody has closed."""
        self.page.keyboard.press("Escape")
        self.palette("Notifications: Show Notifications")
        centre = self.page.locator(".notifications-center.visible")
        centre.wait_for()
        return centre.locator(".notification-list-item-message").all_inner_texts()

    def outputs(self) -> FrameLocator:
        """What the notebook renderers show: all outputs of one notebook are in one webview."""
        return self.webview('iframe.webview.ready[src*="purpose=notebookRenderer"]')

    def webview(self, selector: str) -> FrameLocator:
        return self.page.locator(selector).content_frame.frame_locator("iframe#active-frame")

    def screenshot(self, path: Path) -> None:
        self.page.screenshot(path=path, animations="disabled", caret="initial")


@contextmanager
def browser(playwright: Playwright, installation: Installation, home: Home) -> Iterator[Browser]:
    browser = playwright.chromium.launch(
        executable_path=installation.browser, args=FLAGS, env={**home.environment}
    )
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def window(browser: Browser, server: CodeServer, folder: Path, query: str = "") -> Iterator[Window]:
    """A fresh window, as of somebody who opens VS Code for the first time, on a folder."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    try:
        page = context.new_page()
        window = Window(page, folder)
        page.on("console", lambda message: window.console.append(f"{message.type}: {message.text}"))
        page.goto(f"{server.url}/?folder={quote(str(folder))}{query}")
        page.locator(".monaco-workbench").wait_for()
        yield window
    finally:
        context.close()


def pixels(image: Locator) -> tuple[int, int, tuple[int, int, int, int]]:
    """Width and height of a picture as the browser decodes it, and its top left pixel."""
    width, height, *pixel = image.evaluate("""async image => {
        await image.decode();
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const drawing = canvas.getContext("2d");
        drawing.drawImage(image, 0, 0);
        return [image.naturalWidth, image.naturalHeight, ...drawing.getImageData(0, 0, 1, 1).data];
    }""")
    red, green, blue, alpha = pixel
    return width, height, (red, green, blue, alpha)
