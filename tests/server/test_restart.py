"""Kernels that restart, shut down or die, and the effect on their runs and on open requests."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.server.client import Client
from tests.server.wire import Json, ResponseError

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOOP = "import time\nprint('go', flush=True)\nwhile True: time.sleep(0.01)"


async def busy(client: Client, **start: object) -> tuple[Json, list[str]]:
    """A new kernel, and the ids of its running run and of two queued ones."""
    kernel = await client.command("startKernel", spec="python3", **start)
    ids = [(await client.run(code=LOOP, kernelId=kernel["id"], wait=False))["id"]]
    ids += [(await client.run(code="1", kernelId=kernel["id"], wait=False))["id"] for _ in range(2)]
    await client.until_text(ids[0], "go")
    return kernel, ids


async def check_gone(client: Client, ids: list[str], reason: str) -> None:
    """Assert that the running run is lost and the queued ones are cancelled, for that reason."""
    runs = [await client.until_ended(id) for id in ids]
    assert [run["state"] for run in runs] == ["lost", "cancelled", "cancelled"]
    assert [run["reason"] for run in runs if reason not in run["reason"]] == []
    assert client.mirror.states[ids[0]] == ["queued", "running", "lost"]
    assert client.mirror.states[ids[1]] == ["queued", "cancelled"]


async def check_dead(client: Client, kernel_id: str, reason: str) -> None:
    """Assert that the kernel is dead for that reason, that commands report it, and that it stays listed."""
    assert reason in (await client.until_kernel(kernel_id, "dead"))["reason"]
    for name, argument in [
        ("run", {"code": "1"}),
        ("interruptKernel", {}),
        ("shutdownKernel", {}),
    ]:
        with pytest.raises(ResponseError, match=kernel_id) as failed:
            await client.command(name, kernelId=kernel_id, **argument)
        assert (failed.value.code, failed.value.kind) == (-32803, "KernelDead")
        assert reason in failed.value.message
    listed = {kernel["id"]: kernel for kernel in (await client.command("listKernels"))["kernels"]}
    assert (listed[kernel_id]["state"], listed[kernel_id]["queued"]) == ("dead", 0)


async def test_a_restart_is_a_new_epoch_of_the_same_kernel(shared: Client) -> None:
    document = shared.open("x = 1", "restart.py")
    kernel, ids = await busy(shared, textDocument=document.identifier)
    restart = shared.call_command("restartKernel", kernelId=kernel["id"])
    await shared.until_kernel(kernel["id"], "restarting")
    queued = await shared.run(code="'during'", textDocument=document.identifier, wait=False)
    assert queued["state"] == "queued"
    again = await restart
    assert (again["id"], again["epoch"], again["state"] != "dead") == (kernel["id"], 2, True)
    assert again["pid"] != kernel["pid"]
    assert again["connectionFile"] == kernel["connectionFile"]
    await check_gone(shared, ids, "restarted")
    during = await shared.until_ended(queued["id"])
    assert (during["state"], during["epoch"], during["executionCount"]) == ("ok", 2, 1)
    bound = await shared.run(code="x", textDocument=document.identifier)
    assert (bound["kernelId"], bound["epoch"], bound["error"]["ename"]) == (kernel["id"], 2, "NameError")
    epochs = [
        (message["params"]["kernel"]["state"], message["params"]["kernel"]["epoch"])
        for message in shared.messages
        if message.get("method") == "kernel-bridge/kernel"
        and message["params"]["kernel"]["id"] == kernel["id"]
    ]
    assert sorted(epochs, key=lambda pair: pair[1]) == epochs
    assert [state for state, _ in epochs].count("restarting") >= 1
    await shared.command("shutdownKernel", kernelId=kernel["id"])


async def test_concurrent_restarts_leave_no_run_hanging(shared: Client) -> None:
    kernel, ids = await busy(shared)
    restarts = [shared.call_command("restartKernel", kernelId=kernel["id"])]
    await shared.until_kernel(kernel["id"], "restarting")
    restarts.append(shared.call_command("restartKernel", kernelId=kernel["id"]))
    caught = await shared.run(code=LOOP, kernelId=kernel["id"], wait=False)
    assert [(await restart)["id"] for restart in restarts] == [kernel["id"]] * 2
    await check_gone(shared, ids, "restarted")
    assert (await shared.until_ended(caught["id"]))["state"] in ("lost", "cancelled")
    assert (await shared.run(code="1", kernelId=kernel["id"]))["epoch"] == 3
    await shared.command("shutdownKernel", kernelId=kernel["id"])


async def test_displays_of_another_epoch_are_not_updated(shared: Client) -> None:
    kernel = (await shared.command("startKernel", spec="python3"))["id"]
    show = "from IPython.display import display\ndisplay({!r}, display_id='d', update={})"
    old = await shared.run(code=show.format("old", False), kernelId=kernel)
    await shared.command("restartKernel", kernelId=kernel)
    await shared.run(code=show.format("new", True), kernelId=kernel)
    run = (await shared.command("getRun", runId=old["id"]))["run"]
    assert (run["epoch"], run["outputs"]) == (1, old["outputs"])
    await shared.command("shutdownKernel", kernelId=kernel)


async def test_a_kernel_that_was_shut_down_is_dead(shared: Client) -> None:
    kernel, ids = await busy(shared)
    waiting = shared.call_command("run", code="2", kernelId=kernel["id"], wait=True)
    assert await shared.command("shutdownKernel", kernelId=kernel["id"]) == {}
    await check_gone(shared, ids, "shut down")
    (run,) = (await waiting)["runs"]
    assert (run["state"], run["outputs"]) == ("cancelled", [])
    await check_dead(shared, kernel["id"], "shut down")


@pytest.mark.parametrize(
    ("code", "reason", "written"),
    [
        ("os.write(2, b'last words'); os._exit(7)", "the kernel ended with exit code 7", "\nlast words"),
        ("os.kill(os.getpid(), 9)", "the kernel was killed by SIGKILL", ""),
    ],
)
async def test_a_dead_kernel_reports_the_reason(shared: Client, code: str, reason: str, written: str) -> None:
    document = shared.open("1", f"dies-{len(written)}.py")
    kernel = await shared.command("startKernel", textDocument=document.identifier)
    shared.stdin = lambda _: ""
    run = await shared.run(code=f"import os\nprint('before'); input()\n{code}", kernelId=kernel["id"])
    assert (run["state"], shared.mirror.text(run["id"])) == ("lost", "before\n\n")
    assert run["reason"] == reason + written
    assert run["outputs"][-1] == {
        "output_type": "error",
        "ename": "DeadKernelError",
        "evalue": reason,
        "traceback": f"DeadKernelError: {reason}{written}".split("\n"),
    }
    assert "error" not in run
    await check_dead(shared, kernel["id"], reason)
    with pytest.raises(ResponseError) as failed:
        await shared.run(unit="all", textDocument=document.identifier)
    assert failed.value.kind == "KernelDead"
    advice = (
        "; restart it with kernel-bridge.restartKernel, or start a new kernel with kernel-bridge.startKernel"
    )
    assert failed.value.message.endswith(f"is dead: {reason}{advice}{written}")


async def test_the_queue_of_a_killed_kernel_is_cancelled(shared: Client) -> None:
    kernel, ids = await busy(shared)
    os.kill(kernel["pid"], signal.SIGKILL)
    await check_gone(shared, ids, "SIGKILL")


async def test_the_death_of_an_idle_kernel_is_noticed(shared: Client) -> None:
    kernel = await shared.command("startKernel", spec="python3")
    os.kill(kernel["pid"], signal.SIGKILL)
    assert "SIGKILL" in (await shared.until_kernel(kernel["id"], "dead"))["reason"]


async def test_a_kernel_that_fails_to_restart_is_dead(shared: Client) -> None:
    cwd = shared.home.work / "gone"
    cwd.mkdir()
    kernel = await shared.command("startKernel", spec="python3", cwd=str(cwd))
    cwd.rmdir()
    queued = None
    restart = shared.call_command("restartKernel", kernelId=kernel["id"])
    await shared.until_kernel(kernel["id"], "restarting")
    queued = shared.call_command("run", code="1", kernelId=kernel["id"], wait=True)
    with pytest.raises(ResponseError, match="gone") as failed:
        await asyncio.wait_for(restart.answer, 30)
    assert failed.value.kind == "KernelLaunchFailed"
    (run,) = (await asyncio.wait_for(queued.answer, 30))["runs"]
    assert run["state"] == "cancelled"
    await check_dead(shared, kernel["id"], "gone")
    with pytest.raises(ResponseError, match="gone") as failed:
        await shared.command("restartKernel", kernelId=kernel["id"])
    assert failed.value.kind == "KernelLaunchFailed"
    await check_dead(shared, kernel["id"], "gone")
    cwd.mkdir()
    await check_again(shared, await shared.command("restartKernel", kernelId=kernel["id"]), kernel)


async def check_again(client: Client, again: Json, before: Json) -> None:
    """Assert that it is the same kernel in a new process and runs code. Shut it down."""
    assert (again["id"], again["origin"], again["state"]) == (before["id"], before["origin"], "idle")
    assert again["epoch"] > before["epoch"]
    assert again["pid"] != before["pid"]
    assert again["connectionFile"] == before["connectionFile"]
    run = await client.run(code="print('again')", kernelId=before["id"])
    assert (run["state"], run["epoch"], run["executionCount"]) == ("ok", again["epoch"], 1)
    assert client.mirror.text(run["id"]) == "again\n"
    await client.command("shutdownKernel", kernelId=before["id"])
    assert not Path(before["connectionFile"]).exists()


async def test_a_killed_kernel_is_restarted_for_its_document(shared: Client) -> None:
    document = shared.open("'bound'", "killed.py")
    kernel, ids = await busy(shared, textDocument=document.identifier)
    os.kill(kernel["pid"], signal.SIGKILL)
    await check_gone(shared, ids, "SIGKILL")
    await check_dead(shared, kernel["id"], "SIGKILL")
    again = await shared.command("restartKernel", textDocument=document.identifier)
    assert again["epoch"] == 2
    assert (await shared.run(unit="all", textDocument=document.identifier))["kernelId"] == kernel["id"]
    await shared.command("restartKernel", kernelId=kernel["id"])
    await check_again(shared, shared.mirror.kernels[kernel["id"]], kernel)


async def test_a_kernel_that_was_shut_down_is_restarted_for_documents_without_another(
    shared: Client,
) -> None:
    kept, moved = (shared.open("1", f"shut-{name}.py") for name in ("kept", "moved"))
    kernel = await shared.command("startKernel", textDocument=kept.identifier)
    await shared.command("bindKernel", kernelId=kernel["id"], textDocument=moved.identifier)
    await shared.command("shutdownKernel", kernelId=kernel["id"])
    other = (await shared.run(unit="all", textDocument=moved.identifier))["kernelId"]
    again = await shared.command("restartKernel", textDocument=kept.identifier)
    assert again["epoch"] == 2
    assert (await shared.run(unit="all", textDocument=kept.identifier))["kernelId"] == kernel["id"]
    assert (await shared.run(unit="all", textDocument=moved.identifier))["kernelId"] == other
    await shared.command("shutdownKernel", kernelId=other)
    await shared.command("restartKernel", kernelId=kernel["id"])
    await check_again(shared, shared.mirror.kernels[kernel["id"]], kernel)


async def test_a_restart_during_a_shutdown(shared: Client) -> None:
    kernel = await shared.command("startKernel", spec="python3")
    shutdown = shared.call_command("shutdownKernel", kernelId=kernel["id"])
    again = await shared.command("restartKernel", kernelId=kernel["id"])
    assert await shutdown == {}
    await check_again(shared, again, kernel)


async def test_a_cancelled_restart_leaves_a_dead_kernel(shared: Client) -> None:
    kernel = await shared.command("startKernel", spec="python3")
    restart = shared.call_command("restartKernel", kernelId=kernel["id"])
    await shared.until_kernel(kernel["id"], "restarting")
    shared.cancel(restart)
    with pytest.raises(ResponseError, match="-32800"):
        await asyncio.wait_for(restart.answer, 30)
    await check_dead(shared, kernel["id"], "cancelled")
    assert not Path(kernel["connectionFile"]).exists()
    assert not Path(f"/proc/{kernel['pid']}").exists()
