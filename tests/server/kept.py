"""Helpers for kept kernels: editors that come and go, and what the history and the recorder have."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psutil

from tests.home import Home
from tests.server.client import Client, start
from tests.server.wire import Json

BOUND_S = 30


@asynccontextmanager
async def visit(home: Home, **options: Any) -> AsyncIterator[Client]:
    """An editor with the setting keepAlive, shut down at the end; its kernels are kept.

    `options`: `stdin` and further settings.
    """
    client = await start(home, stdin=options.pop("stdin", None))
    try:
        await client.initialize(settings={"keepAlive": True, **options})
        yield client
        if not client.over:
            await client.leave()
    except BaseException:
        await client.kill()
        raise


async def killed(client: Client) -> None:
    """SIGKILL, as the system kills what takes too much memory."""
    await client.kill()
    client.over = True


def recorder(home: Home) -> psutil.Process:
    """The process of the recorder that listens."""
    address = json.loads((home.runtime / "kernel-bridge" / "recorder.address").read_bytes())
    return psutil.Process(address["pid"])


async def recorded(client: Client, kernel_id: str) -> Json:
    """The kernel in listKernels, once a recorder follows it."""
    record = client.home.runtime / "kernel-bridge" / f"{kernel_id}.json"
    async with asyncio.timeout(BOUND_S):
        while not json.loads(record.read_bytes())["recorded"]:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)
    listed: list[Json] = (await client.command("listKernels"))["kernels"]
    (found,) = (kernel for kernel in listed if kernel["id"] == kernel_id)
    assert found["recorded"]
    return found


async def ended(client: Client, run_id: str) -> Json:
    """The run with its outputs, once it has ended; also one that another process follows."""
    async with asyncio.timeout(BOUND_S):
        while True:
            run: Json = (await client.command("getRun", runId=run_id))["run"]
            if run["state"] not in ("queued", "running"):
                return run
            await asyncio.sleep(0.05)


async def text_of(client: Client, run_id: str) -> str:
    """All stream text of a run as the history has it."""
    run = (await client.command("getRun", runId=run_id))["run"]
    streams = [index for index, output in enumerate(run["outputs"]) if output["output_type"] == "stream"]
    return "".join([await _stream(client, run_id, index) for index in streams])


async def _stream(client: Client, run_id: str, index: int) -> str:
    text, total = "", 1
    while len(text) < total:
        part = await client.command(
            "readOutput", runId=run_id, index=index, start=len(text), length=1_000_000
        )
        text, total = text + part["text"], part["total"]
    return text


async def finish(client: Client, kernel_id: str) -> None:
    """End the kernel and the editor: nothing may be left, not even the recorder."""
    await client.command("shutdownKernel", kernelId=kernel_id)
    await client.close(gone_within_s=10)
