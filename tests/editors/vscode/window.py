"""A window of VS Code as a person uses it: keys, clicks, and what is on the screen."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, Playwright, expect

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

# What VS Code calls when it was told to run tests.
AUTOMATION = """
    window.automation = {lines: [], code: undefined};
    window.codeAutomationLog = (type, args) => window.automation.lines.push(args.join(" "));
    window.codeAutomationExit = code => { window.automation.code = code; };
"""

# What an extension shows behind a line is the content of a pseudo-element.
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

# The notebook in front of each group; those behind are only moved away, their webviews count as visible.
NOTEBOOK = '.notebookOverlay:not([style*="visibility: hidden"])'

expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Window:
    page: Page
    folder: Path
    console: list[str] = field(default_factory=list)

    def palette(self, title: str) -> None:
        """Runs a command by its title."""
        self.press("F1")
        self.box.locator("input").fill(f">{title}")
        self.choose(title)

    def choose(self, label: str) -> None:
        """Chooses from the list that is open; another one may open in its place."""
        exact = self.page.locator(".label-name").filter(has_text=re.compile(f"^{re.escape(label)}$"))
        self.box.locator(".monaco-list-row").filter(has=exact).click()

    def run(self, title: str) -> None:
        """Runs one of our commands, once the extension is there."""
        self.status.wait_for()
        self.palette(f"Kernel Bridge: {title}")

    def write(self, name: str, text: str) -> Locator:
        """Makes a file and opens it; make others before it: VS Code offers those of its last search."""
        (self.folder / name).write_text(text)
        return self.open(name)

    def open(self, name: str) -> Locator:
        """Opens a file of the folder; gives its editor."""
        self.press("Control+P")
        self.box.locator("input").fill(name)
        self.choose(name)
        self.page.locator(f'.tab.active[data-resource-name="{name}"]').first.wait_for()
        return self.editor(name)

    def editor(self, name: str) -> Locator:
        return self.page.locator(f'.editor-instance .monaco-editor[data-uri$="/{name}"]')

    def select(self, name: str, first: int, last: int | None = None) -> None:
        """Puts the cursor into a line of a text editor, counted from 1; selects whole lines up to `last`."""
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
        """Waits for a text behind a line (from 1) of an editor that is not scrolled; gives its colour."""
        shows = f"([place, text, font]) => {{ const seen = ({INLINE})(place);"
        shows += " return seen?.text.includes(text) && seen.fontStyle === font && seen.color; }"
        color: str = self.page.wait_for_function(shows, arg=[[f"/{name}", line - 1], text, font]).json_value()
        return color

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)

    @property
    def status(self) -> Locator:
        """Our item of the status bar."""
        return self.page.locator(r"#kernel-bridge\.kernel-bridge\.kernel")

    @property
    def cells(self) -> Locator:
        """The cells of the notebooks that are visible."""
        return self.page.locator(f"{NOTEBOOK} .cell-list-container .monaco-list-row")

    @property
    def notebooks(self) -> Locator:
        """The tabs of notebooks."""
        return self.page.locator(".tab[data-resource-name$='.ipynb']")

    def message(self, text: str) -> Locator:
        """A message of VS Code, in its list of them: a window under test shows none by itself."""
        center = self.page.locator(".notifications-center")
        if not center.is_visible():
            self.page.locator(r"#status\.notifications").get_by_role("button").click()
        return center.locator(".notification-list-item").filter(has_text=text)

    @property
    def problems(self) -> Locator:
        return self.page.locator(".markers-panel .monaco-list-row")

    @property
    def box(self) -> Locator:
        """An input box, and a list to choose from."""
        return self.page.locator(".quick-input-widget")

    @property
    def text(self) -> Locator:
        """All that the outputs of the visible notebook show."""
        return self.outputs().locator("#container")

    def outputs(self) -> FrameLocator:
        """What the notebook renderers show: all outputs of one notebook are in one webview."""
        return self.webview(f'{NOTEBOOK} iframe.webview.ready[src*="purpose=notebookRenderer"]')

    def webview(self, selector: str) -> FrameLocator:
        """The visible page of a webview; VS Code keeps those of hidden editors."""
        shown = self.page.locator(selector).filter(visible=True)
        return shown.content_frame.frame_locator("iframe#active-frame")

    def screenshot(self, path: Path) -> None:
        self.page.screenshot(path=path, animations="disabled", caret="initial")


@contextmanager
def browser(playwright: Playwright, installation: Installation, home: Home) -> Iterator[BrowserContext]:
    """A Chromium with a profile of its own; its cache spares each window but the first most of its start."""
    context = playwright.chromium.launch_persistent_context(
        home.path / "chromium",
        executable_path=installation.browser,
        args=FLAGS,
        env={**home.environment},
        viewport={"width": 1280, "height": 800},
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(AUTOMATION)
    try:
        yield context
    finally:
        context.close()


@contextmanager
def window(browser: BrowserContext, server: CodeServer, folder: Path, query: str = "") -> Iterator[Window]:
    """A window of VS Code on a folder, as if it were the first."""
    page = browser.new_page()
    try:
        window = Window(page, folder)
        # What earlier windows left (layout, what was chosen in lists) goes; the cache of the browser stays.
        everything = {"origin": server.url, "storageTypes": "all"}
        browser.new_cdp_session(page).send("Storage.clearDataForOrigin", everything)
        page.on("console", lambda message: window.console.append(f"{message.type}: {message.text}"))
        page.goto(f"{server.url}/?folder={quote(str(folder))}{query}")
        page.locator(".monaco-workbench").wait_for()
        yield window
    finally:
        page.close()


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
