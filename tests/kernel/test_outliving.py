"""Which kernels survive: those of a killed bridge, kept kernels, detached kernels."""

import asyncio
import os
import signal
import subprocess
import sys
from typing import Any

import psutil
import pytest

from tests.home import Home

pytestmark = pytest.mark.slow

OWNER = """
import asyncio, os, sys
from kernel_bridge.kernels.keeper import Keeper
from kernel_bridge.kernels.local import LocalHost
from kernel_bridge.kernels.session import KernelSession
from kernel_bridge.kernels.specs import find_spec

class Deaf:
    def received(self, batch): pass
    def aside(self, message): pass
    def changed(self): pass

async def main():
    keeper = Keeper(RECORDER)
    keep = "keep" in sys.argv
    session = KernelSession(LocalHost(find_spec("python3"), keeper=keeper, keep_alive=keep), listener=Deaf())
    await session.start()
    print(session.host.pid, flush=True)
    if "detach" in sys.argv:
        await session.detach()
        await keeper.close()
        return
    await asyncio.Event().wait()

asyncio.run(main())
"""


def own_kernel(*options: str, recorder: tuple[str, ...] = ()) -> tuple[subprocess.Popen[str], psutil.Process]:
    """A process that has started a kernel, in its own session, and that kernel."""
    program = f"RECORDER = {recorder!r}\n{OWNER}"
    owner = subprocess.Popen(
        [sys.executable, "-c", program, *options], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert owner.stdout is not None
    with owner.stdout:
        return owner, psutil.Process(int(owner.stdout.readline()))


@pytest.mark.parametrize("deaf_to_sigterm", [False, True])
async def test_the_kernels_of_a_killed_bridge_are_gone(home: Home, deaf_to_sigterm: bool) -> None:
    owner, kernel = await asyncio.to_thread(own_kernel)
    if deaf_to_sigterm:
        kernel.suspend()
    os.killpg(owner.pid, signal.SIGKILL)
    owner.wait()
    await asyncio.to_thread(home.check_clean, 10)


@pytest.mark.parametrize("way", ["keep", "detach"])
async def test_a_kept_kernel_outlives_its_bridge(home: Home, way: str) -> None:
    owner, kernel = await asyncio.to_thread(own_kernel, way)
    if way == "keep":
        owner.kill()
    assert await asyncio.to_thread(owner.wait, 20) in (0, -signal.SIGKILL)
    assert home.connection_files()
    with pytest.raises(psutil.TimeoutExpired):
        await asyncio.to_thread(kernel.wait, 3)
    kernel.kill()
    await asyncio.to_thread(home.check_clean, 10)  # cleaned up nevertheless


RECORDING = """
import os, signal, sys
with open(sys.argv[1], "a") as file:
    file.write(f"{sys.argv[2:]} {os.getsid(0) == os.getpid()} {signal.getsignal(signal.SIGINT).__name__}\\n")
"""


async def test_the_keepers_of_a_killed_bridge_start_the_recorder(home: Home) -> None:
    started = home.path / "started"
    os.mkfifo(started)
    recorder = (sys.executable, "-c", RECORDING, str(started))
    owner, kernel = await asyncio.to_thread(own_kernel, "keep", recorder=recorder)
    (file,) = home.connection_files()
    kernel_id = file.stem.removeprefix("kernel-")
    os.killpg(owner.pid, signal.SIGKILL)
    owner.wait()
    lines: list[str] = []
    while len(lines) < 2:  # one for each keeper
        lines += (await asyncio.to_thread(started.read_text)).splitlines()
    assert lines == [f"['{kernel_id}'] True default_int_handler"] * 2
    kernel.kill()
    await asyncio.to_thread(home.check_clean, 10)


async def test_a_recorder_that_cannot_be_started_changes_nothing(home: Home) -> None:
    owner, kernel = await asyncio.to_thread(own_kernel, "keep", recorder=("/nonexistent",))
    os.killpg(owner.pid, signal.SIGKILL)
    owner.wait()
    with pytest.raises(psutil.TimeoutExpired):
        await asyncio.to_thread(kernel.wait, 1)
    kernel.kill()
    await asyncio.to_thread(home.check_clean, 10)  # by the keepers


async def test_a_detached_kernel_keeps_running_while_the_bridge_lives(kernels: Any, home: Home) -> None:
    session, _ = await kernels.start()
    await session.detach()
    kernel = psutil.Process(session.host.pid)
    assert home.connection_files()
    await kernels.close()
    kernel.kill()
    await asyncio.to_thread(home.check_clean, 10)
