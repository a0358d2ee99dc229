"""Pictures with snacks.image and image.nvim, the real plugins, as a real kitty shows them."""

from collections.abc import Iterator

import pytest

from tests.editors.neovim.kitty import Kitty, kitty, root_of_new_kitty
from tests.editors.neovim.plugins import plugin
from tests.editors.neovim.test_kitty import NOTHING, SIZE, WHOLE, editor_in
from tests.home import Home, private_home

pytestmark = pytest.mark.plugins

SNACKS = """
vim.opt.rtp:append({folder!r})
require("snacks").setup({{ image = {{ enabled = true }} }})
"""
IMAGE_NVIM = """
vim.opt.rtp:append({folder!r})
require("image").setup({{ backend = "kitty", processor = "magick_cli", integrations = {{}} }})
require("kernel_bridge").setup({{ images = {{ backend = "image.nvim" }} }})
"""


@pytest.fixture(scope="module")
def screen() -> Iterator[Kitty]:
    with private_home() as home, kitty(home.path, root_of_new_kitty(), SIZE, font_size="11") as screen:
        yield screen


def test_snacks_image_sends_the_picture(screen: Kitty, home: Home) -> None:
    init = SNACKS.format(folder=str(plugin("folke/snacks.nvim")))
    with editor_in(screen, home, init=init) as editor:
        screen.until_seen(WHOLE, "the picture from snacks.image")
        assert editor.lua("return require('kernel_bridge.images').backend()") == "snacks"
        editor.command("redraw")
        screen.until_seen(WHOLE, "the picture again")
        editor.command("clear")
        screen.until_seen(NOTHING, "no picture")


def test_image_nvim_draws_over_reserved_lines(screen: Kitty, home: Home) -> None:
    init = IMAGE_NVIM.format(folder=str(plugin("3rd/image.nvim")))
    with editor_in(screen, home, init=init) as editor:
        screen.until_seen(WHOLE, "the picture from image.nvim")
        editor.command("redraw")
        screen.until_seen(WHOLE, "the picture again")
        editor.command("clear")
        screen.until_seen(NOTHING, "no picture")
