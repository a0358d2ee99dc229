"""Kept kernels when something goes wrong: what is printed is there once, or counted as missing."""

import asyncio
import resource
from pathlib import Path

import psutil
import pytest

from tests.faults.fake import script
from tests.home import Home, install_fake_kernel, let_kernels_drop_nothing
from tests.server.kept import (
    BOUND_S,
    ended,
    finish,
    killed,
    recorded,
    recorder,
    text_of,
    visit,
)

pytestmark = pytest.mark.slow


def flood_until(path: Path) -> str:
    """Code that prints numbered lines, each in one message, until the file exists, and returns how many.

    It lets others work now and then: what is printed faster than it is read piles up in the kernel.
    """
    return (
        f"import os, sys, time\nline = 0\nwhile not os.path.exists({str(path)!r}):\n"
        "    sys.stdout.write(f'{line}\\n'); sys.stdout.flush(); line += 1\n"
        "    if line % 20 == 0: time.sleep(0.001)\nline"
    )


async def test_each_line_of_a_flood_is_there_once_after_hand_overs(home: Home) -> None:
    let_kernels_drop_nothing(home)
    stop = home.work / "stop"
    async with visit(home) as client:
        kernel = await client.kernel()
        run = await client.run(code=flood_until(stop), wait=False)
        queued = await client.run(code="'the end'", wait=False)
        await client.until_text(run["id"], "\n100\n")
    async with visit(home) as client:
        await client.command("attachKernel", kernelId=kernel)
        await client.until_text(run["id"], "\n")
        await client.command("detachKernel", kernelId=kernel)
        await client.command("attachKernel", kernelId=kernel)
        await client.until_text(run["id"], "\n")
        stop.touch()
        got = await ended(client, run["id"])
        assert (got["state"], got.get("lostMessages"), got.get("degraded")) == ("ok", None, None)
        total = int(got["outputs"][-1]["data"]["text/plain"])
        assert (await text_of(client, run["id"])).splitlines() == [str(line) for line in range(total)]
        last = await ended(client, queued["id"])
        assert (last["state"], last["outputs"][0]["data"]["text/plain"]) == ("ok", "'the end'")
        assert last["executionCount"] == 2
        await finish(client, kernel)


async def test_what_is_missed_after_kills_is_counted(home: Home) -> None:
    """First the bridge is killed, then the recorder."""
    stop = home.work / "stop"
    async with visit(home) as client:
        kernel = await client.kernel()
        run = await client.run(code=flood_until(stop), wait=False)
        queued = await client.run(code="'the end'", wait=False)
        await client.until_text(run["id"], "\n100\n")
        await killed(client)
    async with visit(home) as client:
        async with asyncio.timeout(BOUND_S):
            while (await recorded(client, kernel))["queued"] != 1:  # the kernel's record is a little earlier
                pass
        got = (await client.command("getRun", runId=run["id"]))["run"]
        assert got["state"] == "running"
        first = recorder(home)
        before = len(await text_of(client, run["id"]))
        async with asyncio.timeout(BOUND_S):
            while len(await text_of(client, run["id"])) < before + 1000:
                pass
        first.kill()
        await asyncio.to_thread(first.wait)
        await client.command("attachKernel", kernelId=kernel)
        await client.until_text(run["id"], "\n")
        stop.touch()
        last = await ended(client, queued["id"])
        assert (last["state"], last["outputs"][0]["data"]["text/plain"]) == ("ok", "'the end'")
        got = await ended(client, run["id"])
        total = int(got["outputs"][-1]["data"]["text/plain"])
        printed = (await text_of(client, run["id"])).splitlines()
        assert printed == sorted(set(printed), key=int)
        missing = total - len(printed)
        assert 0 < missing <= got["lostMessages"] <= missing + 8  # the kernel publishes statuses, too
        await finish(client, kernel)


async def test_an_editor_that_restarts_its_server_meets_the_recorder(home: Home) -> None:
    """VS Code starts a killed server again at once, while the keepers of the old one start the recorder."""
    go = home.work / "go"
    async with visit(home) as client:
        kernel = await client.kernel()
        run = await client.run(code=f"import os\nwhile not os.path.exists({str(go)!r}): pass", wait=False)
        queued = await client.run(code="6 * 7", wait=False)
        await client.command("detachKernel", kernelId=kernel)
        await client.command("attachKernel", kernelId=kernel)
        await killed(client)
    async with visit(home) as client:
        await client.command("attachKernel", kernelId=kernel)
        go.touch()
        assert [(await ended(client, one["id"]))["state"] for one in (run, queued)] == ["ok", "ok"]
        assert len((await client.command("history"))["runs"]) == 2
        await finish(client, kernel)


async def test_a_kernel_dies_while_it_is_recorded(home: Home) -> None:
    let_kernels_drop_nothing(home)
    dies = home.work / "die"
    async with visit(home) as client:
        kernel = await client.kernel()
        run = await client.run(code=flood_until(dies) + "; os._exit(1)", wait=False)
        queued = await client.run(code="1", wait=False)
        await client.until_text(run["id"], "\n100\n")
    async with visit(home) as client:
        await recorded(client, kernel)
        dies.touch()
        got, other = await ended(client, run["id"]), await ended(client, queued["id"])
        assert (got["state"], other["state"]) == ("lost", "cancelled")
        assert got["outputs"][-1]["ename"] == "DeadKernelError"
        text = (await text_of(client, run["id"])).splitlines()
        assert text == [str(line) for line in range(len(text))]
        await client.close(gone_within_s=10)


async def test_a_full_disk_costs_the_recorder_only_the_history(home: Home) -> None:
    let_kernels_drop_nothing(home)
    stop = home.work / "stop"
    log = home.runtime / "kernel-bridge" / "recorder.log"
    async with visit(home) as client:
        kernel = await client.kernel()
        run = await client.run(code=flood_until(stop), wait=False)
        await client.until_text(run["id"], "\n100\n")
    async with visit(home) as client:
        await recorded(client, kernel)
        resource.prlimit(recorder(home).pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        async with asyncio.timeout(BOUND_S):
            while not log.exists():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.05)
        assert "is incomplete" in log.read_text()
        await client.command("attachKernel", kernelId=kernel)
        stop.touch()
        got = await ended(client, run["id"])
        total = int(got["outputs"][-1]["data"]["text/plain"])
        printed = sum(len(f"{line}\n") for line in range(total))
        assert 0 < got["missingBytes"] <= printed - len(await text_of(client, run["id"]))  # approximate
        log.unlink()
        await finish(client, kernel)


async def test_nothing_is_lost_while_the_machine_sleeps(home: Home) -> None:
    let_kernels_drop_nothing(home)
    stop = home.work / "stop"
    async with visit(home) as client:
        kernel = await client.kernel()
        run = await client.run(code=flood_until(stop), wait=False)
        await client.until_text(run["id"], "\n100\n")
    async with visit(home) as client:
        await recorded(client, kernel)
        asleep = [recorder(home), *home.running("ipykernel_launcher")]
        for process in asleep:
            process.suspend()
        met = await client.command("attachKernel", kernelId=kernel)  # as a second client: no recorder answers
        assert met["id"] == kernel
        for process in asleep:
            process.resume()
        before = client.mirror.seq.get(run["id"], 0)
        await client.until_true(lambda: client.mirror.seq.get(run["id"], 0) > before)
        stop.touch()
        got = await client.until_ended(run["id"])
        assert (got["state"], got["origin"]) == ("ok", "other")
        await client.command("detachKernel", kernelId=kernel)
        await client.command("attachKernel", kernelId=kernel)
        (kept,) = (await client.command("history"))["runs"]
        assert (kept["state"], kept["origin"], kept.get("lostMessages")) == ("ok", "bridge", None)
        outputs = (await client.command("getRun", runId=run["id"]))["run"]["outputs"]
        total = int(outputs[-1]["data"]["text/plain"])
        assert (await text_of(client, run["id"])).splitlines() == [str(line) for line in range(total)]
        await finish(client, kernel)


async def test_a_run_ends_at_its_idle_if_its_reply_cannot_be_handed_over(home: Home) -> None:
    install_fake_kernel(home)
    async with visit(home) as client:
        kernel = (await client.command("startKernel", spec="fake"))["id"]
        code = script('stream stdout "before\\n"', "sleep 3", 'stream stdout "after\\n"')
        run = await client.run(code=code, kernelId=kernel, wait=False)
        queued = await client.run(code=script('result "2"'), kernelId=kernel, wait=False)
        await client.until_text(run["id"], "before")
    async with visit(home) as client:
        got, other = await ended(client, run["id"]), await ended(client, queued["id"])
        assert (got["state"], got.get("degraded"), got.get("lostMessages")) == ("ok", None, None)
        assert got["outputs"][0]["text"] == "before\nafter\n"
        assert (other["state"], other["outputs"][0]["data"]["text/plain"]) == ("ok", "2")
        await client.command("attachKernel", kernelId=kernel)
        await finish(client, kernel)


ROUNDS = 25


async def test_fifty_hand_overs_leave_nothing_behind(home: Home) -> None:
    install_fake_kernel(home)
    async with visit(home) as client:
        kernel, other = [(await client.command("startKernel", spec="fake"))["id"] for _ in range(2)]
        await client.command("detachKernel", kernelId=other)  # so that the recorder does not end
        processes = [psutil.Process(client.process.pid), recorder(home)]
        await client.run(code=script('result "1"'), kernelId=kernel)  # the run sent last has a file

        def left() -> list[int]:
            return [*(process.num_fds() for process in processes), len(list(home.path.rglob("*")))]

        for number in range(ROUNDS + 1):
            await client.command("detachKernel", kernelId=kernel)
            await client.command("attachKernel", kernelId=kernel)
            if number == 0:
                before = left()
        run = await client.run(code=script('result "2"'), kernelId=kernel)
        assert (run["state"], run["outputs"][0]["data"]["text/plain"]) == ("ok", "2")
        async with asyncio.timeout(BOUND_S):  # the history closes files after its last write
            while True:
                if all(now <= then for now, then in zip(left(), before, strict=True)):
                    break
                await asyncio.sleep(0.05)
        assert max(process.num_threads() for process in processes) < 12  # those of the loop's pool are kept
        assert all(process.status() != psutil.STATUS_ZOMBIE for process in home.processes())
        assert processes[1] == recorder(home)
        await client.command("attachKernel", kernelId=other)
        await client.command("shutdownKernel", kernelId=other)
        await finish(client, kernel)
