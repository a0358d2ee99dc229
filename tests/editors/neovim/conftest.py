"""A Neovim of a test's own, and one that the tests of a module share."""

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
    """One Neovim with one kernel, for tests that need none of their own."""
    with private_home() as home, neovim(home) as editor:
        yield editor


@pytest.fixture
def buffer(shared: Neovim) -> Iterator[Neovim]:
    """The shared Neovim with nothing open but a new file, whose kernel is that of the module."""
    shared.api.command("messages clear | silent! only! | silent! %bwipeout!")
    shared.lua("test.messages, test.events, test.opened = {}, {}, {}")
    yield shared
    shared.check_errors()
