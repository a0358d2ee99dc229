"""The seam between a kernel session and the owner of the kernel's process.

Implemented by local.py (a process that a kernel-bridge launched on this machine) and foreign.py (a kernel
that another program started).
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from ..protocol import objects as wire
from ..protocol.objects import KernelSpec
from .transport import Connect


class Host(Protocol):
    """Owns the process of one kernel: a new one per epoch, or one that is already running."""

    kernel_id: str
    spec: KernelSpec
    cwd: str | None
    epoch: int
    origin: wire.KernelOrigin  # "found" after `detach`
    keep_alive: bool
    started_at: str | None  # when its process was started
    owner: wire.Owner | None  # of a kernel that a kernel-bridge launched
    connection_file: str | None
    pid: int | None  # None unless the process is on this machine

    @property
    def transport(self) -> wire.Transport:
        """How the kernel is reached."""

    @property
    def restartable(self) -> bool:
        """Whether `start` can launch a new process."""

    @property
    def exited(self) -> asyncio.Future[int | None] | None:
        """Completes when the process ends, with its exit code if known. None: there is no process."""

    async def start(self) -> Connect:
        """Start a new process. Raises KernelLaunchFailed, OSError, ModuleNotFoundError."""

    async def reach(self) -> Connect:
        """Find the running process. Raises KernelUnreachable, OSError."""

    def became_ready(self) -> None:
        """The started process has answered."""

    async def interrupt(self) -> bool:
        """Interrupt the kernel and its children. False: only a message to the kernel can."""

    async def end(self, ask: Callable[[], None], restart: bool) -> None:
        """End the process. `ask` sends a shutdown_request. Raises OSError.

        With `restart`, a new process will follow.
        """

    async def kill(self) -> None:
        """End the process at once."""

    async def clean_up(self) -> None:
        """Remove all files of a process that has ended or was abandoned."""

    def gone(self) -> None:
        """The transport found nothing at the kernel's address any more."""

    def remember(self, documents: list[str]) -> None:
        """Record the URIs of the documents bound to the kernel, for the next bridge."""

    @property
    def owns(self) -> bool:
        """Whether this process is the one that follows a kernel which a kernel-bridge started."""

    def take(self) -> None:
        """This process follows the kernel in place of another one."""

    def leave(self) -> None:
        """Another process follows the kernel from now on."""

    def given(self) -> None:
        """That process has confirmed it: the kernel's record is no longer ours to write."""

    def sending(self, run_id: str, heard: int | None) -> None:
        """A run is about to be sent to the kernel. `heard`: the number of the last message heard from it."""

    def note(self, **changes: object) -> None:
        """Record what the next follower of the kernel must know."""

    def detach(self) -> None:
        """Leave the kernel running, even after this process has ended."""

    def close(self) -> None:
        """Stop watching the process. Unless it is kept, it ends with this one."""

    def hear_children(self, heard: Callable[[str], None]) -> None:
        """Pass on what child processes write to the kernel's own stdout and stderr, if that can be known."""

    def catch_up(self) -> None:
        """Pass on at once what they have written so far."""

    def written(self) -> str:
        """The last output of the process on stdout and stderr, if known."""

    def cause_of_death(self) -> str:
        """Why the process ended: a sentence, followed by the kernel's output."""
