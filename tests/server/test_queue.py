"""The queue of a kernel: one run at a time, in order; errors and cancellation clear it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.server.client import Client
from tests.server.wire import Json, ResponseError

pytestmark = pytest.mark.asyncio(loop_scope="module")

Release = Callable[[], Awaitable[Json]]


@asynccontextmanager
async def held(client: Client, after: str = "") -> AsyncIterator[tuple[Json, Release]]:
    """A run that blocks until it is released and then runs `after`, and the function that releases it."""
    released = asyncio.Event()

    async def answer(_: str) -> str:
        await released.wait()
        return ""

    client.stdin = answer
    run = await client.run(code=f"input()\n{after}", wait=False)
    await client.until(
        lambda message: (
            message.get("method") == "kernel-bridge/stdin" and message["params"]["runId"] == run["id"]
        )
    )

    async def release() -> Json:
        released.set()
        return await client.until_ended(run["id"])

    yield run, release
    await release()


async def queue(client: Client, *sources: str, **options: bool) -> list[str]:
    """Queue runs. Return their ids."""
    return [(await client.run(code=source, wait=False, **options))["id"] for source in sources]


async def states(client: Client, ids: list[str]) -> list[str]:
    """Wait for the runs to end. Return their final states."""
    return [(await client.until_ended(id))["state"] for id in ids]


async def test_runs_execute_one_at_a_time_in_the_requested_order(shared: Client) -> None:
    since = len(shared.messages)
    async with held(shared) as (first, release):
        ids = [first["id"], *await queue(shared, "1", "2", "3")]
        kernel = await shared.until_true(
            lambda: (found := shared.mirror.kernels[first["kernelId"]])["queued"] == 3 and found
        )
        assert kernel["state"] == "busy"
        await release()
        assert await states(shared, ids) == ["ok"] * 4
    await shared.until_true(lambda: shared.mirror.kernels[first["kernelId"]]["queued"] == 0)
    reported = [
        (message["params"]["run"]["id"], message["params"]["run"]["state"])
        for message in shared.messages[since:]
        if message.get("method") == "kernel-bridge/run" and message["params"]["run"]["state"] != "queued"
    ]
    assert reported == [(id, state) for id in ids for state in ("running", "ok")]
    counts = [shared.mirror.runs[id]["executionCount"] for id in ids]
    assert counts == list(range(counts[0], counts[0] + 4))


async def test_an_error_aborts_all_queued_runs(shared: Client) -> None:
    document = shared.open("'other'", "queue.py")
    async with held(shared, "1 / 0") as (first, release):
        ids = await queue(shared, "1")
        ids += await queue(shared, "2", stopOnError=False)
        other = {"kernelId": first["kernelId"], "textDocument": document.identifier}
        ids.append((await shared.run(unit="all", wait=False, **other))["id"])
        assert (await release())["state"] == "error"
        assert await states(shared, ids) == ["aborted"] * 3
    for id in ids:
        run = shared.mirror.runs[id]
        assert run["reason"]
        assert "startedAt" not in run
        assert shared.mirror.states[id] == ["queued", "aborted"]
    assert (await shared.run(code="1"))["state"] == "ok"


async def test_without_stop_on_error_the_queue_continues(shared: Client) -> None:
    async with held(shared) as (_, release):
        ids = await queue(shared, "1 / 0", stopOnError=False)
        ids += await queue(shared, "1")
        await release()
        assert await states(shared, ids) == ["error", "ok"]


async def test_a_cancelled_waiting_run_never_runs(shared: Client) -> None:
    async with held(shared) as (_, release):
        ids = await queue(shared, "ran = 1", "'next'")
        run = (await shared.command("cancelRun", runId=ids[0]))["run"]
        assert (run["state"], "startedAt" in run) == ("cancelled", False)
        assert run["reason"]
        await release()
        assert await states(shared, ids) == ["cancelled", "ok"]
    assert shared.mirror.states[ids[0]] == ["queued", "cancelled"]
    assert (await shared.run(code="ran"))["error"]["ename"] == "NameError"


async def test_cancelling_a_running_run_interrupts_it(shared: Client) -> None:
    async with held(shared) as (run, _):
        cancelled = (await shared.command("cancelRun", runId=run["id"]))["run"]
        assert (cancelled["state"], cancelled["error"]["ename"]) == ("error", "KeyboardInterrupt")
        assert "reason" not in cancelled


async def test_cancelling_an_ended_run_changes_nothing(shared: Client) -> None:
    run = await shared.run(code="'ended'")
    again = (await shared.command("cancelRun", runId=run["id"]))["run"]
    assert again == {name: value for name, value in run.items() if name != "outputs"}


async def test_cancelling_an_unknown_run(shared: Client) -> None:
    with pytest.raises(ResponseError, match="no-such-id") as failed:
        await shared.command("cancelRun", runId="no-such-id")
    assert failed.value.kind == "NoSuchRun"


async def test_an_interrupt_clears_the_queue(shared: Client) -> None:
    async with held(shared) as (run, _):
        ids = await queue(shared, "1", "2")
        outcome = await shared.command("interruptKernel", kernelId=run["kernelId"])
        assert outcome == {"outcome": "interrupted"}
        assert await states(shared, [run["id"], *ids]) == ["error", "cancelled", "cancelled"]
    assert (await shared.run(code="1"))["state"] == "ok"
