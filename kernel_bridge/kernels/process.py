"""One kernel process: its exit, its signals, and its last output on stdout and stderr.

Uses a jupyter_client provisioner, so kernels that are not local processes work too. Those have no pid here,
and their output is not available.
"""

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from .keeper_process import start_time
from .output import Tail

log = logging.getLogger(__name__)

ADOPTED_S = 0.5  # polling interval for a process that is not our child, on systems without pidfd


class KernelProcess:
    """A process launched by a provisioner. `exited`: its exit code, or minus the number of a signal."""

    def __init__(self, provisioner: Any, tail: Tail | None) -> None:
        self._provisioner = provisioner
        self.tail = tail
        self.pid: int | None = getattr(provisioner, "pid", None)
        self.start_time = start_time(self.pid) if self.pid is not None else None
        self.exited: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._pidfd: int | None = None
        self._reaper: asyncio.Task[None] | None = None
        self._left_running = False
        self._watch()

    def _watch(self) -> None:
        if self.pid is None:
            self._reap()  # only the provisioner can wait for it
            return
        loop = asyncio.get_running_loop()
        if not hasattr(os, "pidfd_open") and isinstance(self._provisioner, Adopted):
            self._reap()
        elif hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):  # a sandbox may forbid it
                self._pidfd = os.pidfd_open(self.pid)
                loop.add_reader(self._pidfd, self._have_exited)
                return
        waiting = threading.Thread(target=self._wait, args=(loop,), daemon=True, name=f"wait for {self.pid}")
        try:
            waiting.start()
        except RuntimeError:  # no thread can be started: poll
            self._reap()

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self.pid is not None
        with contextlib.suppress(OSError):
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(self._have_exited)

    def _have_exited(self) -> None:
        self._close_pidfd()
        if not self._left_running:
            # its children end too; the process is not reaped yet, so the group is still its own
            self._signal_group(signal.SIGKILL)
        self._reap()

    def _reap(self) -> None:
        if self._reaper is None:
            self._reaper = asyncio.create_task(
                self._ask_provisioner(), name=f"reap kernel process {self.pid}"
            )

    async def _ask_provisioner(self) -> None:
        code: int | None = None
        try:
            code = await self._provisioner.wait()
        except Exception:
            log.exception("the provisioner failed to report how kernel process %s ended", self.pid)
        if not self.exited.done():
            self.exited.set_result(code)

    def _signal_group(self, number: int) -> None:
        pgid = getattr(self._provisioner, "pgid", None)
        if isinstance(pgid, int) and pgid == self.pid:
            with contextlib.suppress(OSError):
                os.killpg(pgid, number)

    async def signal(self, number: int) -> None:
        """Signal the process and its children (its process group). Does nothing if it has ended."""
        if not self.exited.done():
            with contextlib.suppress(OSError):
                await self._provisioner.send_signal(number)

    async def ends(self, within_s: float) -> bool:
        """Wait for its exit, at most `within_s`. Return whether it has ended."""
        await asyncio.wait([self.exited], timeout=within_s)
        return self.exited.done()

    async def end(self, waits_s: tuple[float, float, float]) -> None:
        """Wait for it to end by itself, then send SIGTERM, then SIGKILL, with a wait after each."""
        if await self.ends(waits_s[0]):
            return
        await self.signal(signal.SIGTERM)
        if await self.ends(waits_s[1]):
            return
        await self._provisioner.kill()
        if not await self.ends(waits_s[2]):
            log.error("cannot kill kernel process %s", self.pid)

    def written(self) -> str:
        """Its last output on stdout and stderr, if known."""
        return self.tail.text() if self.tail is not None else ""

    def hear_children(self, heard: Callable[[str], None]) -> None:
        """Pass on what its child processes write to its stdout and stderr from now on."""
        if self.tail is not None and self.pid is not None:
            self.tail.hear_children(self.pid, heard)

    def _close_pidfd(self) -> None:
        if self._pidfd is not None:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None

    def leave_running(self) -> None:
        """Leave it running after us. If it ends before we do, we still reap it."""
        self._left_running = True
        if self.tail is not None:
            self.tail.close()

    def leave(self) -> None:
        """Leave it running after us, and stop watching it unless it is our child."""
        self.leave_running()
        if isinstance(self._provisioner, Adopted):
            self.close()

    def close(self) -> None:
        """Stop watching it."""
        self._close_pidfd()
        if self._reaper is not None:
            self._reaper.cancel()
        if self.tail is not None:
            self.tail.close()


class Adopted:
    """Replaces the provisioner for a process on this machine that another bridge started."""

    def __init__(self, pid: int, started: str) -> None:
        self.pid = self.pgid = pid
        self._started = started

    async def wait(self) -> None:
        """Wait for the end, only on systems without pidfd. The exit code is known to its parent alone."""
        while start_time(self.pid) == self._started:  # noqa: ASYNC110 - no event exists for it
            await asyncio.sleep(ADOPTED_S)

    async def send_signal(self, number: int) -> None:
        if start_time(self.pid) == self._started:
            os.killpg(self.pgid, number)

    async def kill(self) -> None:
        with contextlib.suppress(OSError):
            await self.send_signal(signal.SIGKILL)
