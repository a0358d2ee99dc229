"""Single, very large messages in both directions."""

import base64
import os

import pytest

from tests.faults.fake import Fake, script
from tests.home import Home
from tests.server.client import editor

pytestmark = pytest.mark.slow

shared_loop = pytest.mark.asyncio(loop_scope="module")

PICTURE = """
from IPython.display import Image, display
display(Image(data=b"\\x89PNG\\r\\n\\x1a\\n" + bytes(range(256)) * {size_256}))
"""


@shared_loop
async def test_20_mb_of_code(fake: Fake) -> None:
    code = script('stream stdout "done"') + "\n" + "x" * 20_000_000
    run = await fake.client.run(code=code, kernelId=fake.kernel["id"])
    assert (run["state"], run["source"] == code, run["outputs"][0]["text"]) == ("ok", True, "done")


@shared_loop
async def test_50_mb_of_result(fake: Fake) -> None:
    run = await fake.client.run(code="class Long:\n    __repr__ = lambda self: 'x' * 50_000_000\nLong()")
    assert run["outputs"][0]["data"] == {"text/plain": "x" * 50_000_000}


@shared_loop
async def test_pictures_of_5_and_30_mb(fake: Fake) -> None:
    for size_256 in (20_000, 120_000):
        run = await fake.client.run(code=PICTURE.format(size_256=size_256))
        data = base64.b64decode(run["outputs"][0]["data"]["image/png"])
        assert data == b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * size_256


async def test_messages_written_one_byte_at_a_time(home: Home) -> None:
    """Through a real pipe, one byte per write."""
    async with editor(home) as client:
        body = (
            b'{"jsonrpc": "2.0", "id": "slow", "method": "workspace/executeCommand",'
            b' "params": {"command": "kernel-bridge.listKernels"}}'
        )
        assert client.process.stdin
        for byte in b"Content-Length: %d\r\n\r\n%b" % (len(body), body):
            client.send_bytes(bytes([byte]))
            await client.process.stdin.drain()
            os.sched_yield()
        answer = await client.until(lambda message: message.get("id") == "slow")
        assert answer["result"] == {"kernels": []}
