"""Editors without a kernel-bridge plugin, each with its own bridge."""

from collections.abc import AsyncIterator

import pytest

from tests.home import Home
from tests.server.client import editor
from tests.server.features.plain import STANDARD, Plain


@pytest.fixture
async def plain(home: Home) -> AsyncIterator[Plain]:
    """An editor with all capabilities of standard LSP. It counts columns in UTF-16."""
    async with editor(home, capabilities=None, standard=STANDARD, encodings=("utf-16",)) as client:
        yield Plain(client)
