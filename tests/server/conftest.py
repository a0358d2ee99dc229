"""A bridge as an editor has it: a real process, started and initialized, which must leave nothing behind."""

from collections.abc import AsyncIterator

import pytest

from tests.home import Home
from tests.server.client import Client, editor


@pytest.fixture
async def bridge(home: Home) -> AsyncIterator[Client]:
    async with editor(home) as client:
        yield client
