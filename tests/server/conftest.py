"""Fixtures for a real bridge process, started and initialized, which must leave nothing behind."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.home import Home, private_home
from tests.server.client import Client, editor, start

Launch = Callable[..., Awaitable[Client]]


@pytest.fixture
async def launch(home: Home) -> AsyncIterator[Launch]:
    """Starts processes like `start`; the test sends all their messages and ends them."""
    clients: list[Client] = []

    async def launch(**arguments: Any) -> Client:
        clients.append(await start(home, **arguments))
        return clients[-1]

    yield launch
    for client in clients:
        if not client.over:  # only if the test failed
            await client.kill()


@pytest.fixture
async def bridge(home: Home) -> AsyncIterator[Client]:
    async with editor(home) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Client]:
    """One bridge that the tests of a module share; they run in the module's loop."""
    with private_home() as home:
        async with editor(home) as client:
            yield client
