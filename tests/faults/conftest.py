"""A bridge with a kernel that does as it is told."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.faults.fake import Fake
from tests.home import install_fake_kernel, private_home
from tests.server.client import editor


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fake() -> AsyncIterator[Fake]:
    """One for the tests of a module, which run in its loop."""
    with private_home() as home:
        install_fake_kernel(home)
        async with editor(home) as client:
            yield Fake(client, await client.command("startKernel", spec="fake"))
