"""Starting and killing kernels leaks nothing in the server."""

import os
import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.server.client import Client
from tests.server.wire import Json

pytestmark = pytest.mark.slow

CYCLES = 5


async def cycle(client: Client) -> None:
    """Start, run, interrupt, restart, run, kill."""
    kernel = await client.command("startKernel", spec="python3")
    where = {"kernelId": kernel["id"]}
    assert (await client.run(code="1", **where))["state"] == "ok"
    loop = await client.run(code="print('go', flush=True)\nwhile True: pass", wait=False, **where)
    await client.until_text(loop["id"], "go")
    assert await client.command("interruptKernel", **where) == {"outcome": "interrupted"}
    restarted = await client.command("restartKernel", **where)
    assert (await client.run(code="1", **where))["state"] == "ok"
    os.kill(restarted["pid"], signal.SIGKILL)
    await client.until_kernel(kernel["id"], "dead")


def held(client: Client) -> Json:
    """Counts of everything in the server and its home that a kernel could leave behind."""
    descriptors = Counter[str]()
    for link in Path(f"/proc/{client.process.pid}/fd").iterdir():
        descriptors[os.readlink(link).partition(":")[0]] += 1
    home = client.home
    folders = (home.runtime, home.runtime / "kernel-bridge", Path(home.environment["TMPDIR"]))
    return {
        "descriptors": descriptors,
        "processes": [process.cmdline() for process in home.processes()],
        "zombies": [p.pid for p in psutil.Process(client.process.pid).children() if p.status() == "zombie"],
        "files": [sorted(os.listdir(folder)) for folder in folders],
        "sockets": home.sockets(),
    }


async def test_cycles_leave_nothing(bridge: Client) -> None:
    await cycle(bridge)  # starts what remains: the keeper, the history
    before = held(bridge)
    for _ in range(CYCLES):
        await cycle(bridge)
    assert held(bridge) == before
    assert before["zombies"] == before["sockets"] == []
