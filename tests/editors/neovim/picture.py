"""`python -m tests.editors.neovim.picture`: records docs/images/neovim.gif and neovim.png.

A real kitty on its own X server (Xvfb) shows Neovim with the plugin on docs/examples/tour.py; ffmpeg records
the screen.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.editors.neovim.kitty import Kitty, install, kitty, listens, root_of_new_kitty, until
from tests.editors.neovim.neovim import ROOT, Neovim
from tests.editors.neovim.terminal import attached, environment_of, nvim
from tests.home import Home, private_home

IMAGES = ROOT / "docs" / "images"
TOUR = ROOT / "docs" / "examples" / "tour.py"
SIZE = (1000, 640)
FRAMES_PER_S = 12

PAUSES_S = {"Text": 0.4, "Value": 0.7, "Progress bar": 0.5, "Table": 1.2, "Plot": 3.2, "Error": 3.0}
"""The cells of the tour in order, and how long the result of each stays on the screen."""
STILL, BARS = "Plot", (0xE8, 0x80, 0x4D)  # the colour of its bars

KITTY = {
    "font_family": "JetBrains Mono",
    "font_size": "12.5",
    "window_padding_width": "6",
    "background": "#14161b",
}
INIT = """
vim.lsp.enable("kernel_bridge")
require("kernel_bridge").setup({ images = { max_height = 11 } })
vim.diagnostic.config({ virtual_text = true })
vim.o.number, vim.o.signcolumn, vim.o.termguicolors, vim.o.scrolloff = true, "yes", true, 6
vim.o.cmdheight, vim.o.ruler, vim.o.showcmd, vim.o.wrap = 0, false, false, false
vim.o.statusline = " %f%=%{v:lua.require'kernel_bridge'.statusline()}  %l:%c "
for group, colour in pairs({ Statement = "Magenta", Include = "Magenta", Number = "Yellow" }) do
  vim.api.nvim_set_hl(0, group, { fg = "NvimLight" .. colour })
end
vim.api.nvim_set_hl(0, "StatusLine", { fg = "NvimLightGrey3", bg = "NvimDarkGrey3" })
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


def warm_up(home: Home) -> None:
    """Build the caches of matplotlib, so that the first plot does not wait for them."""
    config = Path(home.environment["XDG_CONFIG_HOME"]) / "matplotlib"
    config.mkdir()
    (config / "matplotlibrc").write_text(DARK_PLOTS)
    code = "import pandas, tqdm, matplotlib.pyplot"
    subprocess.run([sys.executable, "-c", code], env=home.environment, check=True)


def play(editor: Neovim, screen: Kitty) -> None:
    """Run the cells, with time to read each result. Take the still."""
    time.sleep(0.8)
    for count, (cell, pause_s) in enumerate(PAUSES_S.items(), 1):
        editor.api.input("<CR>")
        while not ended(editor, count):
            time.sleep(0.05)  # Neovim draws nothing during `vim.wait`
        if cell == STILL:
            screen.until_seen(lambda shot: (shot == BARS).all(axis=2).sum() > 1000, "the plot")
            screen.save(IMAGES / "neovim.png")
        time.sleep(pause_s)


def ended(editor: Neovim, count: int) -> bool:
    results = editor.results()
    return len(results) == count and all(result["state"] in ("ok", "error") for result in results)


def record(film: Path) -> None:
    """Record the film."""
    with private_home() as home, kitty(film.parent, root_of_new_kitty(), SIZE, **KITTY) as screen:
        warm_up(home)
        command = ["env", "-C", str(TOUR.parent), *nvim(home, INIT), TOUR.name]
        screen.launch(command, environment_of(home, TERM="xterm-kitty", LANG="C.UTF-8"))
        until(lambda: listens(home.path / "nvim.sock"), "Neovim listens")
        with attached(home) as editor:
            editor.command("start python3")
            editor.api.command("call search('%% Text')")
            editor.until("require('kernel_bridge').statusline():find('idle', 1, true)")
            size = f"{SIZE[0]}x{SIZE[1]}"
            grab = ["-f", "x11grab", "-draw_mouse", "0", "-framerate", str(FRAMES_PER_S), "-video_size", size]
            recorder = subprocess.Popen(
                ["ffmpeg", "-v", "error", "-y", *grab, "-i", screen.display, "-c:v", "ffv1", film]
            )
            until(lambda: film.exists() and film.stat().st_size > 0, "ffmpeg records")
            play(editor, screen)
            recorder.send_signal(signal.SIGINT)  # completes the file
            recorder.wait()


def convert(film: Path) -> None:
    colours = "split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=none:diff_mode=rectangle"
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(film), "-vf", colours, str(IMAGES / "neovim.gif")]
    subprocess.run(command, check=True)


def main() -> None:
    install()
    with private_home() as scratch:
        film = scratch.path / "film.mkv"
        record(film)
        convert(film)


if __name__ == "__main__":
    main()
