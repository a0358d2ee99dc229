"""Runs of another client of the same kernel, such as a second editor."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.command import run_command
from tests.server.wire import Json, ResponseError

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

LOOP = "import time\nprint('go', flush=True)\nwhile True: time.sleep(0.01)"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def other(shared: Client) -> AsyncIterator[Client]:
    """A second editor, attached to the kernel that `shared` has started."""
    kernel = await shared.kernel()
    async with editor(shared.home) as client:
        await client.command("attachKernel", kernelId=kernel)
        yield client
        await client.kill()
        client.over = True  # `shared` cleans up the rest


def foreign(client: Client, source: str) -> Json | None:
    """The run of another client, as this client sees it."""
    return next((run for run in client.mirror.runs.values() if run["source"] == source), None)


async def ended(client: Client, source: str) -> Json:
    run = await client.until_true(lambda: foreign(client, source))
    return await client.until_ended(run["id"])


async def test_a_run_of_another_client_is_reported(shared: Client, other: Client) -> None:
    kernel = await shared.kernel()
    source = "print('hello'); 1 / 0"
    await other.run(code=source, kernelId=kernel)
    run = await ended(shared, source)
    assert (run["origin"], run["state"], run["error"]["ename"]) == ("other", "error", "ZeroDivisionError")
    assert shared.mirror.states[run["id"]] == ["running", "error"]
    assert shared.mirror.text(run["id"]) == "hello\n"
    assert "degraded" not in run
    source = "'fine'"
    mine = await other.run(code=source, kernelId=kernel)
    run = await ended(shared, source)
    assert (run["state"], run["executionCount"]) == ("ok", mine["executionCount"])
    assert shared.mirror.outputs[run["id"]] == mine["outputs"]


async def test_a_kernel_that_another_bridge_restarts_is_followed_again(home: Home) -> None:
    async with editor(home) as first:
        document = first.open("x = 1")
        kernel = (await first.run(unit="all", textDocument=document.identifier))["kernelId"]
        async with editor(home) as second:
            await second.command("attachKernel", kernelId=kernel)
            await second.command("restartKernel", kernelId=kernel)
            dead = await first.until_kernel(kernel, "dead")
            assert dead["reason"].startswith("another kernel-bridge restarted it")
            (listed,) = (await first.command("listKernels"))["kernels"]
            assert (listed["id"], listed["origin"], listed["epoch"]) == (kernel, "found", 2)
            again = await first.command("attachKernel", kernelId=kernel)
            assert (again["state"], again["epoch"]) == ("idle", 2)
            run = await first.run(unit="all", textDocument=document.identifier)
            assert (run["kernelId"], run["state"]) == (kernel, "ok")
            await second.command("shutdownKernel", kernelId=kernel)
            await second.kill()
            second.over = True  # `first` cleans up the rest
        await first.until_kernel(kernel, "dead")
        with pytest.raises(ResponseError, match="is dead") as refused:
            await first.command("attachKernel", kernelId=kernel)
        assert refused.value.kind == "KernelDead"


async def test_the_command_restarts_the_kernel_of_an_editor(home: Home) -> None:
    async with editor(home) as client:
        kernel = await client.kernel()
        done = await asyncio.to_thread(run_command, home, "restart")
        assert f"attach to it again; `kernel-bridge stop {kernel[:8]}`" in done.stdout
        await client.until_kernel(kernel, "dead")
        again = await asyncio.to_thread(run_command, home, "restart")
        assert "attach to it again" not in again.stdout  # now it has no owner
        assert (await asyncio.to_thread(run_command, home, "stop")).code == 0


async def test_the_queue_does_not_touch_runs_of_others(shared: Client, other: Client) -> None:
    kernel = await shared.kernel()
    running = await shared.run(code=LOOP, wait=False)
    await shared.until_text(running["id"], "go")
    theirs = await other.run(code="'theirs'", kernelId=kernel, wait=False)
    await other.until_state(theirs["id"], "running")
    ours = await shared.run(code="'ours'", wait=False)
    await shared.command("cancelRun", runId=running["id"])
    assert (await shared.until_ended(ours["id"]))["state"] == "aborted"
    assert (await other.until_ended(theirs["id"]))["state"] == "ok"
    assert (await ended(shared, "'theirs'"))["state"] == "ok"


async def test_output_without_a_parent_has_a_run_of_its_own(shared: Client, other: Client) -> None:
    code = """
kernel = get_ipython().kernel
parent = {"header": {"msg_id": "unknown", "msg_type": "comm_msg"}}
_ = kernel.session.send(kernel.iopub_socket, "stream", {"name": "stdout", "text": "whose?"}, parent=parent)
_ = kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=parent)
"""
    await shared.run(code=code)
    for client in (shared, other):
        run = await ended(client, "")
        assert (run["origin"], run["state"]) == ("other", "ok")
        assert client.mirror.text(run["id"]) == "whose?"


async def test_a_dead_kernel_of_another_bridge_is_restarted(home: Home) -> None:
    async with editor(home) as first:
        kernel = await first.command("startKernel", spec="python3")
        async with editor(home) as second:
            document = second.open("'again'", "taken.py")
            await second.command("attachKernel", kernelId=kernel["id"], textDocument=document.identifier)
            os.kill(kernel["pid"], signal.SIGKILL)
            for client in (first, second):
                await client.until_kernel(kernel["id"], "dead")
            again = await second.command("restartKernel", kernelId=kernel["id"])
            assert (again["id"], again["epoch"], again["origin"]) == (kernel["id"], 2, "attached")
            run = await second.run(unit="all", textDocument=document.identifier)
            assert (run["kernelId"], run["epoch"], run["state"]) == (kernel["id"], 2, "ok")
            with pytest.raises(ResponseError, match="by another kernel-bridge; attach to it") as refused:
                await first.command("restartKernel", kernelId=kernel["id"])
            assert refused.value.kind == "KernelLaunchFailed"
            assert (await second.run(unit="all", textDocument=document.identifier))["state"] == "ok"
            await second.command("shutdownKernel", kernelId=kernel["id"])
            await second.kill()
            second.over = True  # `first` cleans up the rest
        again = await first.command("restartKernel", kernelId=kernel["id"])
        assert (again["origin"], again["state"]) == ("started", "idle")


async def test_a_kernel_has_an_owner_until_it_is_detached(home: Home) -> None:
    async with editor(home) as first, editor(home) as second:
        document = first.open("import threading; threading.Event().wait(60)")
        run = await first.run(unit="all", textDocument=document.identifier, wait=False)
        await first.until_state(run["id"], "running")
        kernel = run["kernelId"]
        followed = first.mirror.kernels[kernel]

        (found,) = (await second.command("listKernels"))["kernels"]
        assert [found[key] == followed[key] for key in ("documents", "startedAt", "owner")] == [True] * 3
        assert (found["documents"], found["owner"]["pid"]) == ([document.uri], os.getpid())
        assert (found["origin"], found["keepAlive"]) == ("found", False)

        await first.command("detachKernel", kernelId=kernel)
        lost = first.mirror.runs[run["id"]]
        assert (lost["state"], lost["detached"], lost["summary"]["state"]) == ("lost", True, "detached")
        left = first.mirror.kernels[kernel]
        assert (left["origin"], "owner" in left) == ("found", False)
        (found,) = (await second.command("listKernels"))["kernels"]
        assert (found["keepAlive"], "owner" in found, found["documents"]) == (True, False, [document.uri])

        taken = await second.command("attachKernel", kernelId=kernel)
        assert (taken["startedAt"], taken["owner"]) == (followed["startedAt"], followed["owner"])
        (found,) = (await first.command("listKernels"))["kernels"]
        assert found["owner"] == taken["owner"]
        await second.command("shutdownKernel", kernelId=kernel)
        await second.kill()
        second.over = True  # `first` cleans up the rest
