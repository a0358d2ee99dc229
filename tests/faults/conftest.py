"""A bridge with the fake kernel, whose every message a test decides."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.faults.fake import Fake
from tests.home import install_fake_kernel, private_home
from tests.server.client import editor


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fake() -> AsyncIterator[Fake]:
    """One for all tests of a module, which share its loop."""
    with private_home() as home:
        install_fake_kernel(home)
        async with editor(home) as client:
            yield Fake(client, await client.command("startKernel", spec="fake"))
