"""Requests sent before earlier ones are answered: each gets an answer, and each run ends once."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.home import install_fake_kernel, private_home
from tests.server.client import Client, editor
from tests.server.wire import Call, Json, ResponseError

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

WORKS = 'busy\nstream stdout "go"\nsleep 20\nreply\nidle'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fake() -> AsyncIterator[Client]:
    """A client with the kernelspec `fake` installed."""
    with private_home() as home:
        install_fake_kernel(home)
        async with editor(home) as client:
            yield client


async def start(client: Client) -> str:
    kernel: str = (await client.command("startKernel", spec="fake"))["id"]
    return kernel


async def answer(call: Call) -> Json:
    """The result of a request, or its error."""
    try:
        async with asyncio.timeout(20):
            return dict(await call)
    except ResponseError as error:
        return {"error": error.kind or error.code}


async def end_detached(client: Client, kernel: str) -> None:
    await client.command("attachKernel", kernelId=kernel)
    await client.command("shutdownKernel", kernelId=kernel)


@pytest.mark.parametrize("first", ["restartKernel", "interruptKernel", "shutdownKernel", "detachKernel"])
@pytest.mark.parametrize("second", ["shutdownKernel", "detachKernel"])
async def test_a_run_that_races_with_the_end_of_its_kernel_is_answered(
    fake: Client, first: str, second: str
) -> None:
    kernel = await start(fake)
    calls = [fake.call_command(name, kernelId=kernel) for name in (first, second)]
    run = fake.call_command("run", kernelId=kernel, code=WORKS, wait=True)
    answers = [await answer(call) for call in (*calls, run)]
    assert all(
        one.get("error") in (None, "NoSuchKernel", "KernelDead", "KernelLaunchFailed") for one in answers
    )
    assert answers[2].get("error") in ("NoSuchKernel", "KernelDead")
    ways = [name for name in (first, second) if name in ("shutdownKernel", "detachKernel")]
    if ways[0] == "detachKernel":
        await end_detached(fake, kernel)


async def test_a_run_on_a_detached_kernel_is_lost(fake: Client) -> None:
    kernel = await start(fake)
    run = fake.call_command("run", kernelId=kernel, code=WORKS, wait=True)
    waiting = fake.call_command("run", kernelId=kernel, code="1", wait=True)
    restart = fake.call_command("restartKernel", kernelId=kernel)
    detach = fake.call_command("detachKernel", kernelId=kernel)
    assert [(await answer(call))["runs"][0]["state"] for call in (run, waiting)] == ["lost", "cancelled"]
    assert (await answer(restart))["epoch"] == 2
    assert await answer(detach) == {}
    await end_detached(fake, kernel)


async def test_attaching_waits_for_an_earlier_detach(fake: Client) -> None:
    kernel = await start(fake)
    calls = [
        fake.call_command(name, kernelId=kernel) for name in ("detachKernel", "attachKernel", "attachKernel")
    ]
    answers = [await answer(call) for call in calls]
    assert [one.get("id") for one in answers] == [None, kernel, kernel]
    assert (await fake.run(kernelId=kernel, code="1"))["state"] == "ok"
    listed = [one["id"] for one in (await fake.command("listKernels"))["kernels"]]
    assert listed.count(kernel) == 1
    await fake.command("shutdownKernel", kernelId=kernel)


@pytest.mark.parametrize("name", ["shutdownKernel", "detachKernel"])
async def test_cancelling_the_request_does_not_stop_a_shutdown_or_detach(fake: Client, name: str) -> None:
    kernel = await start(fake)
    run = await fake.run(kernelId=kernel, code=WORKS, wait=False)
    leaving = fake.call_command(name, kernelId=kernel)
    await fake.until_state(run["id"], "lost")
    fake.cancel(leaving)
    assert await answer(leaving) in ({}, {"error": -32800})
    with pytest.raises(ResponseError) as failed:
        await fake.command("run", kernelId=kernel, code="1")
    assert failed.value.kind in ("KernelDead", "NoSuchKernel")
    if name == "detachKernel":
        await end_detached(fake, kernel)


async def test_runs_are_answered_while_a_statement_waits_for_the_kernel(fake: Client) -> None:
    """Outside Python, only the kernel knows where a statement ends. The run keeps its place in the queue."""
    kernel = await start(fake)
    document = fake.open("1\n2\n", "statement.nim", "nim")
    await fake.command("bindKernel", textDocument=document.identifier, kernelId=kernel)
    running = await fake.run(kernelId=kernel, code=WORKS, wait=False)
    named: Json = {"textDocument": document.identifier}
    place = {"line": 0, "character": 0}
    statement = fake.call_command("run", unit="statement", position=place, **named)
    behind = await fake.run(unit="line", position=place, wait=False, **named)
    other = await fake.run(kernelId=kernel, code="1", wait=False)
    assert (behind["state"], other["state"], statement.answer.done()) == ("queued", "queued", False)
    await fake.command("cancelRun", runId=running["id"])
    first = (await statement)["runs"][0]
    ends = [await fake.until_ended(run["id"]) for run in (first, behind, other)]
    assert [run["startedAt"] for run in ends] == sorted(run["startedAt"] for run in ends)
    await fake.command("shutdownKernel", kernelId=kernel)


async def test_runs_behind_a_cancelled_statement_run(fake: Client) -> None:
    kernel = await start(fake)
    document = fake.open("1\n2\n", "cancelled.nim", "nim")
    await fake.command("bindKernel", textDocument=document.identifier, kernelId=kernel)
    running = await fake.run(
        kernelId=kernel, code='busy\nstream stdout "go"\nsleep 1\nreply\nidle', wait=False
    )
    place = {"line": 0, "character": 0}
    statement = fake.call_command("run", textDocument=document.identifier, unit="statement", position=place)
    behind = await fake.run(kernelId=kernel, code="1", wait=False)
    fake.cancel(statement)
    assert await answer(statement) == {"error": -32800}
    assert [(await fake.until_ended(run["id"]))["state"] for run in (running, behind)] == ["ok", "ok"]
    await fake.command("shutdownKernel", kernelId=kernel)


@pytest.mark.parametrize("end", ["exit", "stdin", signal.SIGTERM, signal.SIGINT])
async def test_the_bridge_exits_with_any_request_pending(end: str | signal.Signals) -> None:
    with private_home() as home:
        install_fake_kernel(home)
        async with editor(home) as client:
            kernel = await start(client)
            calls = [client.call_command(name, kernelId=kernel) for name in ("restartKernel", "detachKernel")]
            calls.append(client.call_command("run", kernelId=kernel, code=WORKS, wait=True))
            other = await start(client)
            calls.append(client.call_command("run", kernelId=other, code=WORKS, wait=True))
            calls.append(client.call_command("restartKernel", kernelId=other))
            calls.append(client.call_command("startKernel", spec="fake"))
            calls.append(client.call_command("attachKernel", kernelId=kernel))
            match end:
                case "exit":
                    client.notify("exit")
                case "stdin":
                    client.end_input()
                case _:
                    client.process.send_signal(end)
            async with asyncio.timeout(10):
                code = await client.process.wait()
            assert code == (1 if isinstance(end, str) else 128 + end)
            for process in home.processes():  # the detached one, if it was detached in time
                process.kill()
            client.over = True
