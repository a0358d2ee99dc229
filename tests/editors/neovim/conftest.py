"""Fixtures: a new Neovim for one test, and one shared by the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.editors.neovim.neovim import Neovim, neovim
from tests.home import Home, private_home


@pytest.fixture
def editor(home: Home) -> Iterator[Neovim]:
    with neovim(home) as editor:
        yield editor


@pytest.fixture(scope="module")
def shared() -> Iterator[Neovim]:
    """The Neovim and the kernel that the tests of a module share. No results come back."""
    config = "require('kernel_bridge').setup({ restore = false })"
    with private_home() as home, neovim(home, config=config) as editor:
        yield editor


@pytest.fixture
def buffer(shared: Neovim) -> Iterator[Neovim]:
    """The shared Neovim, with all buffers closed. New files use the kernel of the module."""
    shared.api.command("messages clear | silent! only! | silent! %bwipeout!")
    shared.lua("test.messages, test.events, test.opened = {}, {}, {}")
    yield shared
    shared.check_errors()
