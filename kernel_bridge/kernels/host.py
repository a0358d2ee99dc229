"""The seam between a kernel session and what owns the kernel's process.

Implemented by local.py (a process of this machine, launched by a kernel-bridge) and foreign.py (a kernel that
another program has started).
"""

import asyncio
from collections.abc import Callable
from typing import Literal, Protocol

from ..protocol import objects as wire
from ..protocol.objects import KernelSpec
from .transport import Connect


class Host(Protocol):
    """Owns the process of one kernel. A new one for each epoch, or the one that runs already."""

    kernel_id: str
    spec: KernelSpec
    cwd: str | None
    epoch: int
    origin: Literal["started", "attached"]
    keep_alive: bool
    connection_file: str | None
    pid: int | None  # of a process on this machine

    @property
    def transport(self) -> wire.Transport:
        """How the kernel is reached."""

    @property
    def restartable(self) -> bool:
        """Whether `start` can make a new process."""

    @property
    def exited(self) -> asyncio.Future[int | None] | None:
        """Done when the process has ended: its exit code, if that is known. None: there is no process."""

    async def start(self) -> Connect:
        """Start a new process. Raises KernelLaunchFailed, OSError, ModuleNotFoundError."""

    async def reach(self) -> Connect:
        """Find the process that runs already. Raises KernelUnreachable, OSError."""

    def became_ready(self) -> None:
        """The process that was started answers."""

    async def interrupt(self) -> bool:
        """Interrupt what runs and its children; False: only the kernel itself can, by a message."""

    async def end(self, ask: Callable[[], None], restart: bool) -> None:
        """End the process. `ask` sends a shutdown_request, `restart`: to start it again. Raises OSError."""

    async def kill(self) -> None:
        """End the process at once."""

    async def clean_up(self) -> None:
        """The process has ended, or was given up: leave nothing of it."""

    def gone(self) -> None:
        """Nobody is at the other end of the transport any more."""

    def remember(self, documents: list[str]) -> None:
        """Note the uris of the documents bound to the kernel, for the bridge that follows it next."""

    def detach(self) -> None:
        """Let the kernel live on without us, also after this process has ended."""

    def close(self) -> None:
        """Watch the process no more; what ends with this process does."""

    def written(self) -> str:
        """The last that the process wrote to stdout and stderr, as far as that is known."""

    def cause_of_death(self) -> str:
        """Why it ended: a sentence, and below it what the kernel wrote."""
