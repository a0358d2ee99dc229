"""Kept kernels when something goes wrong: what is printed is there once, or counted as missing."""

import asyncio
from pathlib import Path

import pytest

from tests.home import Home
from tests.server.kept import ended, finish, killed, recorded, recorder, text_of, visit

pytestmark = pytest.mark.slow

LINES = 20_000


def flood(lines: int) -> str:
    return f"for line in range({lines}):\n    print(line, flush=True)"


def flood_until(path: Path) -> str:
    """Code that prints numbered lines, each in one message, until the file exists, and returns how many."""
    return (
        f"import os, sys\nline = 0\nwhile not os.path.exists({str(path)!r}):\n"
        "    sys.stdout.write(f'{line}\\n'); sys.stdout.flush(); line += 1\nline"
    )


async def test_each_line_of_a_flood_is_there_once_after_hand_overs(home: Home) -> None:
    async with visit(home) as client:
        kernel = await client.kernel()
        run = await client.run(code=flood(LINES), wait=False)
        queued = await client.run(code="'the end'", wait=False)
        await client.until_text(run["id"], "\n100\n")
    async with visit(home) as client:
        await client.command("attachKernel", kernelId=kernel)
        await client.until_text(run["id"], "\n200\n")
        await client.command("detachKernel", kernelId=kernel)
        await client.command("attachKernel", kernelId=kernel)
        await client.until_ended(queued["id"])
        got = await ended(client, run["id"])
        assert (got["state"], got.get("lostMessages"), got.get("degraded")) == ("ok", None, None)
        assert (await text_of(client, run["id"])).splitlines() == [str(line) for line in range(LINES)]
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
        assert (await recorded(client, kernel))["queued"] == 1
        got = (await client.command("getRun", runId=run["id"]))["run"]
        assert got["state"] == "running"
        first = recorder(home)
        before = len(await text_of(client, run["id"]))
        async with asyncio.timeout(30):
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
        assert total - len(printed) == got["lostMessages"] > 0
        await finish(client, kernel)
