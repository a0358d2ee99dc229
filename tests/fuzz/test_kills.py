"""Bridges killed with SIGKILL at each stage of a kernel's life, and while writing the history."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.fuzz.crossing import LONG, left
from tests.home import Home, install_fake_kernel
from tests.server.client import Client, editor, start
from tests.server.mirror import ENDS

pytestmark = pytest.mark.slow

Reach = Callable[[Client], Awaitable[object]]


async def until_state(client: Client, state: str) -> None:
    await client.until_true(
        lambda: any(kernel["state"] == state for kernel in client.mirror.kernels.values())
    )


async def starting(client: Client) -> None:
    client.call_command("startKernel", spec="fake")
    await until_state(client, "starting")


async def launched(client: Client) -> None:
    client.call_command("startKernel", spec="fake")
    await client.until_true(
        lambda: (
            any("connectionFile" in kernel for kernel in client.mirror.kernels.values())
            or any(client.home.runtime.glob("kernel-*.json"))
        )
    )


async def idle(client: Client) -> None:
    await client.command("startKernel", spec="fake")


async def busy(client: Client) -> None:
    kernel = await client.command("startKernel", spec="fake")
    run = await client.run(code=LONG, kernelId=kernel["id"], wait=False)
    await client.run(code=LONG, kernelId=kernel["id"], wait=False)
    await client.until_text(run["id"], "long")


async def restarting(client: Client) -> None:
    kernel = await client.command("startKernel", spec="fake")
    client.call_command("restartKernel", kernelId=kernel["id"])
    await until_state(client, "restarting")


async def started_again(client: Client) -> None:
    kernel = await client.command("startKernel", spec="fake")
    client.call_command("restartKernel", kernelId=kernel["id"])
    await client.until_true(lambda: client.mirror.kernels[kernel["id"]]["epoch"] == 2)


async def shutting_down(client: Client) -> None:
    kernel = await client.command("startKernel", spec="fake")
    await client.run(code=LONG, kernelId=kernel["id"], wait=False)
    with client.together():
        client.call_command("shutdownKernel", kernelId=kernel["id"])
        closing = client.call_command("none")
    await asyncio.wait([closing.answer])


@pytest.mark.parametrize("reach", [starting, launched, idle, busy, restarting, started_again, shutting_down])
async def test_a_killed_bridge_leaves_nothing_behind(home: Home, reach: Reach) -> None:
    install_fake_kernel(home)
    client = await start(home)
    try:
        await client.initialize()
        await reach(client)
    finally:
        await client.kill()
    assert not await left(home)


async def test_a_bridge_killed_while_writing_leaves_a_sound_history(home: Home) -> None:
    """Everything that the history had reported is there, and open runs are lost."""
    install_fake_kernel(home)
    listed: set[str] = set()
    for number in range(0, 12, 3):  # killed after this many runs have printed
        client = await start(home)
        try:
            await client.initialize()
            kernel = await client.command("startKernel", spec="fake")
            for _ in range(20):
                client.call_command("run", code=LONG.replace("0.3", "0.01"), kernelId=kernel["id"])
            asked = client.call_command("history", limit=1000)
            await client.until_true(lambda: len(client.mirror.outputs) > number)  # noqa: B023
            if asked.answer.done():
                listed |= {run["id"] for run in asked.answer.result()["runs"]}
        finally:
            await client.kill()
    async with editor(home) as client:
        runs = {run["id"]: run for run in (await client.command("history", limit=1000))["runs"]}
        assert listed <= runs.keys()
        assert listed
        assert {run["state"] for run in runs.values()} <= set(ENDS)
