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
    keeper = Keeper()
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


def own_kernel(*options: str) -> tuple[subprocess.Popen[str], psutil.Process]:
    """A process that has started a kernel, in its own session, and that kernel."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, *options], stdout=subprocess.PIPE, text=True, start_new_session=True
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


async def test_a_detached_kernel_keeps_running_while_the_bridge_lives(kernels: Any, home: Home) -> None:
    session, _ = await kernels.start()
    await session.detach()
    kernel = psutil.Process(session.host.pid)
    assert home.connection_files()
    await kernels.close()
    kernel.kill()
    await asyncio.to_thread(home.check_clean, 10)
