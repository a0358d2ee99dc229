"""A window of VS Code, driven like a user does: with keys and clicks, by what is on the screen."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import (
    BrowserContext,
    FrameLocator,
    JSHandle,
    Locator,
    Page,
    Playwright,
    ViewportSize,
    expect,
)

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
SIZE: ViewportSize = {"width": 1280, "height": 800}
PATIENCE_MS = 60_000
"""Maximum time for any step of a window on a busy machine."""

# VS Code calls these functions when it runs tests.
AUTOMATION = """
    window.automation = {lines: [], code: undefined};
    window.codeAutomationLog = (type, args) => window.automation.lines.push(args.join(" "));
    window.codeAutomationExit = code => { window.automation.code = code; };
"""

# Text that an extension shows after a line is the content of a pseudo-element.
INLINE = """([end, index]) => {
    const editor = document.querySelector(`.editor-instance .monaco-editor[data-uri$="${end}"]`);
    const lines = [...(editor?.querySelectorAll(".view-line") ?? [])];
    lines.sort((one, other) => parseInt(one.style.top) - parseInt(other.style.top));
    const found = [...(lines[index]?.querySelectorAll("span[class*='ced-']") ?? [])].map(span => {
        const {content, color, fontStyle} = getComputedStyle(span, "::after");
        return {text: content.replace(/\\u00a0/g, " "), color, fontStyle};
    });
    return found.find(({text}) => text !== "none");
}"""

# The front notebook of each group. VS Code moves the others away, but their webviews count as visible.
NOTEBOOK = '.notebookOverlay:not([style*="visibility: hidden"])'

expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Window:
    page: Page
    folder: Path
    console: list[str] = field(default_factory=list)
    shared: bool = False
    """Whether the window is open on the parent of `folder`."""

    def palette(self, title: str) -> None:
        """Runs a command by its title."""
        self.box.wait_for(state="hidden")  # one that is closing would take the new one with it
        self.press("F1")
        self.box.locator("input").fill(f">{title}")
        self.choose(title)

    def choose(self, label: str) -> None:
        """Chooses an item of the open list. Another list may then replace it."""
        exact = self.page.locator(".label-name").filter(has_text=re.compile(f"^{re.escape(label)}$"))
        self.box.locator(".monaco-list-row").filter(has=exact).click()

    def run(self, title: str) -> None:
        """Runs a command of the extension, after waiting for its activation."""
        self.status.wait_for()
        self.palette(f"Kernel Bridge: {title}")

    def write(self, name: str, text: str) -> Locator:
        """Creates a file and opens it."""
        (self.folder / name).write_text(text)
        return self.open(name)

    def open(self, name: str) -> Locator:
        """Opens a file of the folder, or finds it by its name below. Returns its editor."""
        path = self.folder / name
        self.box.wait_for(state="hidden")
        self.press("Control+P")
        self.box.locator("input").fill(str(path) if path.exists() else name)
        if self.shared:  # the list begins with recent files, of other tests
            self.box.locator(f'.monaco-list-row[aria-label^="{name} {self.folder.name}"]').click()
        else:
            self.choose(name)
        self.page.locator(f'.tab.active[data-resource-name="{name}"]').first.wait_for()
        return self.editor(name)

    def editor(self, name: str) -> Locator:
        return self.page.locator(f'.editor-instance .monaco-editor[data-uri$="/{name}"]')

    def select(self, name: str, first: int, last: int | None = None) -> None:
        """Puts the cursor on a line of a text editor, 1-based, or selects whole lines up to `last`."""
        self.editor(name).locator(".view-lines").click()
        self.press("Control+G")
        self.page.locator(".quick-input-widget input").fill(f":{first}")
        self.press("Enter")
        expect(self.page.locator("#status\\.editor\\.selection")).to_contain_text(re.compile(rf"Ln {first},"))
        if last is not None:
            for _ in range(last - first):
                self.press("Shift+ArrowDown")
            self.press("Shift+End")
            expect(self.page.locator("#status\\.editor\\.selection")).to_contain_text("selected")

    def expect_inline(self, name: str, line: int, text: str, font: str = "normal") -> str:
        """Waits for a text after a line, 1-based, of an editor that is not scrolled. Returns its colour."""
        shows = f"([place, text, font]) => {{ const seen = ({INLINE})(place);"
        shows += " return seen?.text.includes(text) && seen.fontStyle === font && seen.color; }"
        color: str = self.until(shows, [[f"/{name}", line - 1], text, font]).json_value()
        return color

    def until(self, expression: str, argument: object = None, timeout_ms: float = PATIENCE_MS) -> JSHandle:
        """Waits for a truthy value. Looks ten times a second: by default, Playwright does in every frame."""
        return self.page.wait_for_function(expression, arg=argument, polling=100, timeout=timeout_ms)

    def expect_focus(self, name: str) -> None:
        """Waits until the keys go to an editor."""
        focused = f'.editor-instance .monaco-editor.focused[data-uri$="/{name}"]'
        self.page.locator(focused).wait_for()

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)

    @property
    def status(self) -> Locator:
        """The extension's item in the status bar."""
        return self.page.locator(r"#kernel-bridge\.kernel-bridge\.kernel")

    @property
    def cells(self) -> Locator:
        """The cells of the visible notebooks."""
        return self.page.locator(f"{NOTEBOOK} .cell-list-container .monaco-list-row")

    @property
    def notebooks(self) -> Locator:
        """The tabs of notebooks and of results."""
        return self.page.locator(
            ".tab:is([data-resource-name$='.ipynb'], [data-resource-name$='.interactive'])"
        )

    @property
    def prompt(self) -> Locator:
        """The input box under the results."""
        return self.page.locator(".input-cell-container .monaco-editor")

    def message(self, text: str) -> Locator:
        """A message in VS Code's notification center: a window under test shows no notifications."""
        center = self.page.locator(".notifications-center")
        if not center.is_visible():
            self.page.locator(r"#status\.notifications").get_by_role("button").click()
            self.page.mouse.move(0, 0)  # the tooltip of the button would cover those of the message
        return center.locator(".notification-list-item").filter(has_text=text)

    @property
    def problems(self) -> Locator:
        return self.page.locator(".markers-panel .monaco-list-row")

    @property
    def box(self) -> Locator:
        """The input box or quick pick."""
        return self.page.locator(".quick-input-widget")

    @property
    def text(self) -> Locator:
        """The text of all outputs of the visible notebook."""
        return self.outputs().locator("#container")

    def outputs(self) -> FrameLocator:
        """The webview of the notebook renderers. It contains all outputs of a notebook."""
        return self.webview(f'{NOTEBOOK} iframe.webview.ready[src*="purpose=notebookRenderer"]')

    def webview(self, selector: str) -> FrameLocator:
        """The visible page of a webview. VS Code keeps the pages of hidden editors."""
        shown = self.page.locator(selector).filter(visible=True)
        return shown.content_frame.frame_locator("iframe#active-frame")

    def screenshot(self, path: Path) -> None:
        self.page.screenshot(path=path, animations="disabled", caret="initial")


@contextmanager
def browser(playwright: Playwright, installation: Installation, home: Home) -> Iterator[BrowserContext]:
    """Starts a Chromium with its own profile. Windows after the first start faster because of its cache."""
    context = playwright.chromium.launch_persistent_context(
        home.path / "chromium",
        executable_path=installation.browser,
        args=FLAGS,
        env={**home.environment},
        viewport=SIZE,
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(AUTOMATION)
    try:
        yield context
    finally:
        context.close()


@contextmanager
def window(browser: BrowserContext, server: CodeServer, folder: Path, query: str = "") -> Iterator[Window]:
    """Opens a window of VS Code on a folder, without the state of earlier windows."""
    page = browser.new_page()
    devtools = browser.new_cdp_session(page)
    try:
        window = Window(page, folder)
        # Clear the state of earlier windows (unsaved files, layout, recent choices).
        # Keep the browser's cache.
        shutil.rmtree(server.user / "User" / "Backups", ignore_errors=True)
        everything = {"origin": server.url, "storageTypes": "all"}
        devtools.send("Storage.clearDataForOrigin", everything)
        page.on("console", lambda message: window.console.append(f"{message.type}: {message.text}"))
        page.goto(f"{server.url}/?folder={quote(str(folder))}{query}")
        page.locator(".monaco-workbench").wait_for()
        yield window
    finally:
        # Chromium keeps a service worker that Playwright has attached to, and with it the window's process.
        devtools.send("ServiceWorker.enable")
        devtools.send("ServiceWorker.stopAllWorkers")
        page.close()


def pixels(image: Locator) -> tuple[int, int, tuple[int, int, int, int]]:
    """Width and height of an image as decoded by the browser, and its top left pixel."""
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
