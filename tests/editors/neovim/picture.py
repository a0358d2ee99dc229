"""`python -m tests.editors.neovim.picture`: records docs/images/neovim.gif and neovim.png.

A real kitty on its own X server (Xvfb) shows Neovim with the plugin on docs/examples/tour.py; ffmpeg records
the screen. Plots inside Neovim need kitty 0.28 or newer. If the system's kitty is older, `--root` takes the
root folder of a newer Debian with kitty and JetBrains Mono (debootstrap makes one); that needs root rights.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pynvim

from tests.editors.neovim.neovim import BIN, HELPERS, PLUGIN, ROOT, Neovim
from tests.home import Home, private_home

IMAGES = ROOT / "docs" / "images"
TOUR = ROOT / "docs" / "examples" / "tour.py"
SIZE = (1000, 640)
FRAMES_PER_S = 12
BOUND_S = 30

PAUSES_S = {"Text": 0.4, "Value": 0.7, "Progress bar": 0.5, "Table": 1.2, "Plot": 3.2, "Error": 3.0}
"""The cells of the tour in order, and how long the result of each stays on the screen."""
STILL = "Plot"

KITTY = {
    "font_family": "JetBrains Mono",
    "font_size": "12.5",
    "remember_window_size": "no",
    "initial_window_width": str(SIZE[0]),
    "initial_window_height": str(SIZE[1]),
    "window_padding_width": "6",
    "background": "#14161b",
    "cursor_blink_interval": "0",
    "update_check_interval": "0",
    "shell_integration": "disabled",
    "sync_to_monitor": "no",
}
INIT = f"""
vim.opt.rtp:prepend({str(PLUGIN)!r})
vim.lsp.enable("kernel_bridge")
require("kernel_bridge").setup({{ images = {{ max_height = 11 }} }})
vim.diagnostic.config({{ virtual_text = true }})
vim.o.number, vim.o.signcolumn, vim.o.termguicolors, vim.o.scrolloff = true, "yes", true, 6
vim.o.cmdheight, vim.o.ruler, vim.o.showcmd, vim.o.wrap = 0, false, false, false
vim.o.statusline = " %f%=%{{v:lua.require'kernel_bridge'.statusline()}}  %l:%c "
for group, colour in pairs({{ Statement = "Magenta", Include = "Magenta", Number = "Yellow" }}) do
  vim.api.nvim_set_hl(0, group, {{ fg = "NvimLight" .. colour }})
end
vim.api.nvim_set_hl(0, "StatusLine", {{ fg = "NvimLightGrey3", bg = "NvimDarkGrey3" }})
vim.keymap.set("n", "<CR>", "<Plug>(kernel-bridge-run-and-advance)")
"""
DARK_PLOTS = """
figure.facecolor: 14161b
axes.facecolor: 14161b
axes.edgecolor: 9b9ea4
text.color: e0e2ea
xtick.color: e0e2ea
ytick.color: e0e2ea
"""


@contextmanager
def program(*command: str, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, **options)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)  # ffmpeg completes its file
        process.wait(timeout=BOUND_S)


@contextmanager
def display() -> Iterator[str]:
    """The name of an X display of the recording's size."""
    reading, writing = os.pipe()
    screen = f"{SIZE[0]}x{SIZE[1]}x24"
    with program("Xvfb", "-displayfd", str(writing), "-screen", "0", screen, pass_fds=[writing]):
        os.close(writing)
        with os.fdopen(reading) as number:
            yield f":{number.readline().strip()}"


def in_kitty(home: Home, root: str | None) -> list[str]:
    """The command line of a kitty with Neovim in it."""
    start, socket = home.path / "init.lua", home.path / "nvim.sock"
    start.write_text(INIT)
    nvim = [str(BIN / "nvim"), "--clean", "-u", str(start), "--listen", str(socket), TOUR.name]
    options = [argument for name, value in KITTY.items() for argument in ("-o", f"{name}={value}")]
    kitty = ["kitty", "--config", "NONE", *options, "--directory", str(TOUR.parent), *nvim]
    if not root:
        return kitty
    # kitty alone runs in the other root; Neovim goes back to this one.
    kitty[-len(nvim) : -len(nvim)] = ["chroot", "/mnt", "env", "-C", str(TOUR.parent)]
    kitty[kitty.index("--directory") + 1] = "/"
    mounts = f"mount --rbind / {root}/mnt && for f in proc sys dev tmp; do mount --rbind /$f {root}/$f; done"
    script = f"{mounts} && exec chroot {shlex.quote(root)} {shlex.join(kitty)}"
    return ["unshare", "--mount", "sh", "-c", script]


def attach(home: Home) -> Neovim:
    """The Neovim in the terminal, once it has started."""
    socket = home.path / "nvim.sock"
    end = time.monotonic() + BOUND_S
    while not socket.exists():
        if time.monotonic() > end:
            raise SystemExit("Neovim did not start in kitty")
        time.sleep(0.1)
    editor = Neovim(pynvim.attach("socket", path=str(socket)), home)
    editor.until("vim.v.vim_did_enter == 1")
    editor.lua(HELPERS)
    return editor


def warm_up(home: Home) -> None:
    """Build the caches of matplotlib, so that the first plot does not wait for them."""
    config = Path(home.environment["XDG_CONFIG_HOME"]) / "matplotlib"
    config.mkdir()
    (config / "matplotlibrc").write_text(DARK_PLOTS)
    code = "import pandas, tqdm, matplotlib.pyplot"
    subprocess.run([sys.executable, "-c", code], env=home.environment, check=True)


def play(editor: Neovim) -> float:
    """Run the cells, with time to read each result. Return the seconds from the still to the end."""
    still_at = 0.0
    time.sleep(0.8)
    for count, (cell, pause_s) in enumerate(PAUSES_S.items(), 1):
        editor.api.input("<CR>")
        while not ended(editor, count):
            time.sleep(0.05)  # Neovim draws nothing during `vim.wait`
        time.sleep(pause_s)
        if cell == STILL:
            still_at = time.monotonic() - 0.3
    return time.monotonic() - still_at


def ended(editor: Neovim, count: int) -> bool:
    results = editor.results()
    return len(results) == count and all(result["state"] in ("ok", "error") for result in results)


def record(film: Path, root: str | None) -> float:
    """Record the film. Return the seconds from the still to its end."""
    with private_home() as home, display() as screen:
        warm_up(home)
        environment = {**home.environment, "DISPLAY": screen, "PATH": f"{BIN}:{home.environment['PATH']}"}
        environment |= {"LANG": "C.UTF-8", "LIBGL_ALWAYS_SOFTWARE": "1"}
        for name in ("NVIM", "TMUX"):
            environment.pop(name, None)
        with program(*in_kitty(home, root), env=environment, stderr=subprocess.DEVNULL):
            editor = attach(home)
            editor.command("start python3")
            editor.api.command("call search('%% Text')")
            editor.until("require('kernel_bridge').statusline():find('idle', 1, true)")
            size = f"{SIZE[0]}x{SIZE[1]}"
            grab = ["-f", "x11grab", "-draw_mouse", "0", "-framerate", str(FRAMES_PER_S), "-video_size", size]
            with program("ffmpeg", "-v", "error", "-y", *grab, "-i", screen, "-c:v", "ffv1", str(film)):
                while not film.exists() or not film.stat().st_size:
                    time.sleep(0.05)
                still_s = play(editor)
            editor.api.command("silent! qall!", async_=True)
    return still_s


def convert(film: Path, still_s: float) -> None:
    colours = "split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=none:diff_mode=rectangle"
    ffmpeg = ["ffmpeg", "-v", "error", "-y"]
    subprocess.run([*ffmpeg, "-i", film, "-vf", colours, IMAGES / "neovim.gif"], check=True)
    still = ["-sseof", f"-{still_s}", "-i", film, "-frames:v", "1", "-update", "1"]
    subprocess.run([*ffmpeg, *still, IMAGES / "neovim.png"], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Records docs/images/neovim.gif and neovim.png.")
    parser.add_argument("--root", metavar="DIR", help="root folder of a Debian with kitty 0.28 or newer")
    arguments = parser.parse_args()
    with private_home() as scratch:
        film = scratch.path / "film.mkv"
        still_s = record(film, arguments.root)
        convert(film, still_s)


if __name__ == "__main__":
    main()
