"""Pictures in a real kitty: the pixels of their colours on the screen are counted.

A cell has 9 x 18 pixels, and the picture 360 x 180: 40 columns and 10 rows, the upper half red, the lower
half blue. Nothing else on the screen has these colours.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from tests.editors.neovim.kitty import Kitty, Screenshot, kitty, listens, root_of_new_kitty, until, version
from tests.editors.neovim.neovim import Neovim
from tests.editors.neovim.terminal import INIT, attached, environment_of, nvim
from tests.home import Home, private_home

pytestmark = pytest.mark.kitty

SIZE = (900, 612)
HALF = 360 * 90  # pixels of each colour
RED, BLUE = (255, 0, 0), (0, 0, 255)
PICTURE = (
    "# %% Picture\n"
    "from PIL import Image\n"
    "picture = Image.new('RGB', (360, 180), (255, 0, 0))\n"
    "picture.paste((0, 0, 255), (0, 90, 360, 180))\n"
    "picture\n"
    "# %% Text\n" + "pass\n" * 40
)
LINE = "test.results(vim.api.nvim_get_current_buf())[1].lines[1]"


@pytest.fixture(scope="module")
def screen() -> Iterator[Kitty]:
    """The kitty that the tests share."""
    with private_home() as home, kitty(home.path, root_of_new_kitty(), SIZE, font_size="11") as screen:
        yield screen


def count(shot: Screenshot, colour: tuple[int, int, int]) -> int:
    return int((shot == colour).all(axis=2).sum())


def seen(red: int, blue: int) -> Callable[[Screenshot], bool]:
    return lambda shot: (count(shot, RED), count(shot, BLUE)) == (red, blue)


WHOLE, NOTHING = seen(HALF, HALF), seen(0, 0)


@contextmanager
def editor_in(screen: Kitty, home: Home, *tmux: str, init: str = "") -> Iterator[Neovim]:
    """A Neovim in a new window, or in a tmux in it, which has run the cell with the picture."""
    environment = environment_of(home, TERM="xterm-kitty", COLORTERM="truecolor", LANG="C.UTF-8")
    screen.launch([*tmux, *nvim(home, INIT + init)], environment)
    until(lambda: listens(home.path / "nvim.sock"), "Neovim listens")
    with attached(home) as editor:
        editor.open(PICTURE)
        editor.command("run_cell")
        editor.until_ended()
        yield editor
    home.check_clean()


def test_a_picture_scrolls_with_the_text_and_is_cut_at_the_window(screen: Kitty, home: Home) -> None:
    with editor_in(screen, home) as editor:
        screen.until_seen(WHOLE, "the picture")
        editor.api.input("10<C-e>")  # five lines of code and half of the picture
        screen.until_seen(seen(0, HALF), "its lower half")
        editor.api.input("gg")
        screen.until_seen(WHOLE, "the picture again")
        editor.api.input(":botright new<CR><C-w>k:resize 10<CR>")
        screen.until_seen(seen(HALF, 0), "its upper half")
        editor.api.input(":only<CR>")
        screen.until_seen(WHOLE, "all of it")
        editor.command("clear")
        screen.until_seen(NOTHING, "no picture")


def test_windows_of_a_buffer_show_what_fits_the_narrowest(screen: Kitty, home: Home) -> None:
    with editor_in(screen, home) as editor:
        screen.until_seen(WHOLE, "the picture")
        editor.api.input(":vsplit<CR>:vertical resize 24<CR>")
        # 20 columns beside the sign column and the border: a quarter of the pixels, twice
        screen.until_seen(seen(HALF // 2, HALF // 2), "two small pictures")
        editor.api.input(":close<CR>")
        screen.until_seen(WHOLE, "one picture")
        editor.lua(
            """vim.api.nvim_open_win(0, false,
                { relative = "editor", row = 20, col = 60, width = 12, height = 3 })"""
        )
        editor.api.input("<C-l>")
        screen.until_seen(WHOLE, "the picture, beside a floating window of the buffer")


def test_a_large_picture_arrives_whole_while_text_streams(screen: Kitty, home: Home) -> None:
    with editor_in(screen, home) as editor:
        screen.until_seen(WHOLE, "the picture")
        editor.open(
            "# %% Noise\n"
            "from random import randbytes\n"
            "from PIL import Image\n"
            "noise = Image.frombytes('RGB', (720, 720), b''.join(\n"
            "    bytes((255, 0, n)) for n in randbytes(720 * 720)))\n"
            "display(noise)\n"
            "for n in range(5000): print(n, 'streams', flush=True)\n",
            name="b.py",
        )
        editor.command("run_cell")

        def is_drawn(shot: Screenshot) -> bool:
            side = 20 * 18  # the default of images.max_height
            return int(np.logical_and(shot[..., 0] == 255, shot[..., 1] == 0).sum()) == side * side

        screen.until_seen(is_drawn, "the noise")
        editor.until_ended()
        drawn = screen.until_seen(is_drawn, "the noise under the last lines")
        editor.api.command("mode")
        screen.until_seen(lambda shot: bool((shot == drawn).all()), "the same screen, drawn again")


def test_tmux_with_and_without_passthrough_and_attached_again(screen: Kitty, home: Home) -> None:
    tmux = ["tmux", "-f", "/dev/null", "-S", str(home.path / "tmux.sock")]
    environment = environment_of(home, TERM="xterm-kitty", COLORTERM="truecolor", LANG="C.UTF-8")

    def control(*arguments: str) -> None:
        subprocess.run([*tmux, *arguments], env=environment, check=True)

    with editor_in(screen, home, *tmux, "new-session") as editor:
        editor.until(f"vim.startswith({LINE}, '│ ▣ image/png 360×180, ')")
        editor.until_message("tmux blocks pictures; tmux set -g allow-passthrough on")
        screen.until_seen(NOTHING, "a line of text")
        control("set", "-g", "allow-passthrough", "on")
        editor.command("redraw")
        screen.until_seen(WHOLE, "the picture")
        control("split-window", "-h", "cat")
        screen.until_seen(WHOLE, "the picture, in a pane")
        control("resize-pane", "-Z")
        screen.until_seen(NOTHING, "the other pane")
        control("resize-pane", "-Z")
        screen.until_seen(WHOLE, "both panes")
        control("detach-client")
        screen.until_seen(NOTHING, "another window")
        screen.launch([*tmux, "attach"], environment)
        screen.until_seen(WHOLE, "the picture in a new terminal")
        control("kill-pane", "-t", "1")
        (home.path / "tmux.sock").unlink()


def test_the_system_s_kitty_shows_what_it_can(home: Home) -> None:
    with (
        private_home() as other,
        kitty(other.path, None, SIZE, font_size="11") as screen,
        editor_in(screen, home) as editor,
    ):
        if version() >= (0, 28):
            screen.until_seen(WHOLE, "the picture")
        else:
            editor.until(f"vim.startswith({LINE}, '│ ▣ image/png 360×180, ')")
            editor.until_message("cannot draw pictures among text; kitty 0.28 can")
            assert NOTHING(screen.screenshot())
