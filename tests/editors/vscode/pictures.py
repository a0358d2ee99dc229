"""`python -m tests.editors.vscode.pictures`: takes docs/images/vscode-*.png and vscode.gif in a real window.

Each picture is taken in the light and the dark theme: NAME.png and NAME-dark.png. The GIF is a screencast.
Arguments choose parts: light, dark, film.
"""

import base64
import os
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import ViewportSize, sync_playwright

from tests.editors.vscode.code_server import code_server
from tests.editors.vscode.install import installed
from tests.editors.vscode.window import Window, browser, expect, pixels, window
from tests.home import private_home

ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "docs" / "images"
TOUR = (ROOT / "docs" / "examples" / "tour.py").read_text(encoding="utf-8")

PATIENCE_MS = 120_000
LONGEST_WAIT_S = 1.5  # in the film
SIZE = ViewportSize(width=1120, height=700)
SETTINGS: dict[str, object] = {
    "breadcrumbs.enabled": False,
    "editor.minimap.enabled": False,
    "window.menuBarVisibility": "hidden",
    "workbench.activityBar.location": "hidden",
    "workbench.layoutControl.enabled": False,
}
DARK_PLOTS = """
figure.facecolor: 1f1f1f
axes.facecolor: 1f1f1f
axes.edgecolor: 9b9ea4
text.color: e0e2ea
xtick.color: e0e2ea
ytick.color: e0e2ea
"""


@dataclass(frozen=True)
class Theme:
    name: str
    suffix: str
    plots: str  # matplotlib's settings


LIGHT = Theme("Default Light Modern", "", "")
DARK = Theme("Default Dark Modern", "-dark", DARK_PLOTS)


@contextmanager
def shown(theme: Theme) -> Iterator[Window]:
    """A window on a new folder with tour.py, which is open."""
    with private_home() as home:
        config = Path(home.environment["XDG_CONFIG_HOME"]) / "matplotlib"
        config.mkdir(parents=True)
        (config / "matplotlibrc").write_text(theme.plots)
        # The first import builds caches, which no picture should wait for.
        code = "import pandas, tqdm, matplotlib.pyplot"
        subprocess.run([sys.executable, "-c", code], env=home.environment, check=True)
        folder = home.work / "planets"
        folder.mkdir()
        (folder / "tour.py").write_text(TOUR, encoding="utf-8")
        environment(folder / ".venv")
        server = environment(home.path / "tools")
        settings = SETTINGS | {
            "workbench.colorTheme": theme.name,
            "kernel-bridge.server.command": [str(server), "-m", "kernel_bridge"],
        }
        plain = replace(home, environment=without_other_pythons(home.environment))
        installation = installed()
        with (
            code_server(plain, installation, settings, "--disable-workspace-trust") as vscode,
            sync_playwright() as playwright,
            browser(playwright, installation, home) as chromium,
        ):
            chromium.set_default_timeout(PATIENCE_MS)
            with window(chromium, vscode, folder) as opened:
                opened.page.set_viewport_size(SIZE)
                opened.palette("View: Toggle Primary Side Bar Visibility")
                opened.open("tour.py")
                opened.status.wait_for()
                yield opened


def environment(folder: Path) -> Path:
    """Makes a virtual environment with the packages of this one. Returns its interpreter."""
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    here = Path(sysconfig.get_path("purelib"))
    (packages / "shared.pth").write_text(f"import site; site.addsitedir({str(here)!r})\n")
    (packages / "ipykernel_launcher.py").symlink_to(here / "ipykernel_launcher.py")
    return folder / "bin" / "python"


def without_other_pythons(variables: dict[str, str]) -> dict[str, str]:
    """The variables without what leads to the Pythons of this machine, for short lists of kernels."""
    return {name: value for name, value in variables.items() if "PYENV" not in name} | {"PATH": os.defpath}


def line_of(heading: str) -> int:
    """The line after a cell's heading, counted from 1."""
    return TOUR.split("\n").index(f"# %% {heading}") + 2


def take(theme: Theme) -> None:
    """Goes through the tour once, and takes all pictures on the way."""
    with shown(theme) as vscode:

        def picture(name: str) -> None:
            vscode.page.mouse.move(0, 0)
            path = IMAGES / f"vscode-{name}{theme.suffix}.png"
            vscode.screenshot(path)
            with Image.open(path) as full:
                full.convert("RGB").quantize(dither=Image.Dither.NONE).save(path, optimize=True)

        vscode.select("tour.py", line_of("A table"))
        vscode.run("Run Cell and Advance")
        expect(vscode.outputs().locator("table")).to_contain_text("Jupiter")
        vscode.run("Run Cell and Advance")
        pixels(vscode.outputs().locator("img"))
        running = vscode.page.locator(".codelens-decoration a").filter(has_text="Interrupt")
        expect(running).to_have_count(0)
        picture("results")
        vscode.run("Run Cell and Advance")
        expect(vscode.text).to_contain_text("ZeroDivisionError")
        expect(vscode.editor("tour.py").locator(".squiggly-error").first).to_be_visible()
        expect(vscode.text.get_by_text("ZeroDivisionError: division by zero")).to_be_in_viewport()
        picture("error")
        vscode.status.click()
        expect(vscode.box.locator(".monaco-list-row").first).to_be_visible()
        picture("kernels")
        vscode.press("Escape")
        vscode.expect_focus("tour.py")
        vscode.run("Run Cell and Advance")
        expect(vscode.box).to_contain_text("What is your name?")
        vscode.box.locator("input").fill("Ada")
        picture("input")
        vscode.press("Enter")
        expect(vscode.text).to_contain_text("Nice to meet you, Ada.")


@dataclass
class Film:
    """The frames of a page: Chromium sends one whenever the page has changed. Times are in s."""

    folder: Path
    frames: list[tuple[float, Path]] = field(default_factory=list)
    waits: list[tuple[float, float]] = field(default_factory=list)

    def add(self, event: dict[str, Any]) -> None:
        path = self.folder / f"{len(self.frames):05}.png"
        path.write_bytes(base64.b64decode(event["data"]))
        self.frames.append((event["metadata"]["timestamp"], path))

    def shown_at(self, at: float) -> float:
        """The time at which the film shows it: each wait is squeezed into `LONGEST_WAIT_S`."""
        return at - sum(
            max(0, min(at, end) - begin) / (end - begin) * max(0, end - begin - LONGEST_WAIT_S)
            for begin, end in self.waits
        )

    def write(self, path: Path) -> None:
        """Writes a GIF in which each frame stays until the next one, and the last for three seconds."""
        lines = []
        times = [self.shown_at(at) for at, _ in self.frames]
        for (_, frame), begin, end in zip(self.frames, times, [*times[1:], times[-1] + 3], strict=True):
            lines += [f"file '{frame}'", f"duration {end - begin:.3f}"]
        script = self.folder / "frames.txt"
        script.write_text("\n".join([*lines, lines[-2]]))
        filters = "fps=10,split[a][b];[a]palettegen=stats_mode=full[p];"
        filters += "[b][p]paletteuse=dither=none:diff_mode=rectangle"
        command = ["ffmpeg", "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", str(script)]
        subprocess.run([*command, "-vf", filters, str(path)], check=True)


def film() -> None:
    """Shift+Enter through the cells of the tour, with time to read each result."""
    texts = ("printed", "59]", "50/50", "Jupiter", "", "ZeroDivisionError")
    pauses_ms = dict(zip(texts, (1200, 1500, 1200, 2200, 3000, 3000), strict=True))
    with shown(DARK) as vscode, private_home() as scratch:
        session = vscode.page.context.new_cdp_session(vscode.page)
        film = Film(scratch.path)

        def take_frame(event: dict[str, Any]) -> None:
            film.add(event)
            session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

        vscode.run("Start Kernel")
        vscode.box.locator(".monaco-list-row").filter(has_text=".venv").first.click()
        expect(vscode.status.locator(".codicon-circle-large-outline")).to_be_visible()
        vscode.select("tour.py", line_of("Text, as it is printed"))
        session.on("Page.screencastFrame", take_frame)
        session.send("Page.startScreencast", {"format": "png", "everyNthFrame": 2})
        for text, pause_ms in pauses_ms.items():
            begin = time.time()
            vscode.press("Shift+Enter")
            if text:
                expect(vscode.text).to_contain_text(text)
            else:
                pixels(vscode.outputs().locator("img"))
            film.waits.append((begin, time.time()))
            vscode.page.wait_for_timeout(pause_ms)
        session.send("Page.stopScreencast")
        film.write(IMAGES / "vscode.gif")


def main() -> None:
    expect.set_options(timeout=PATIENCE_MS)
    parts = {"light": lambda: take(LIGHT), "dark": lambda: take(DARK), "film": film}
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
