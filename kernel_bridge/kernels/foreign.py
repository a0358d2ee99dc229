"""The host of a kernel that another program started: it can be asked to shut down, but not restarted."""

import asyncio
from collections.abc import Callable

from ..protocol import objects as wire
from ..protocol.errors import NotOurs
from .found import Found
from .transport import Connect

FAREWELL_S = 5.0  # how long a shutdown may take


class ForeignHost:
    """Learns only from the kernel's heartbeat whether it is alive."""

    restartable = False
    owns = False
    cwd: str | None = None
    pid: int | None = None
    owner: wire.Owner | None = None

    def __init__(self, found: Found) -> None:
        self.kernel_id = found.kernel_id
        self.spec = found.spec
        self.epoch = 1
        self.origin: wire.KernelOrigin = "attached"
        self.started_at: str | None = found.started_at
        self.keep_alive = True
        self.transport: wire.Transport = found.connection.transport
        self.connection_file: str | None = str(found.path)
        self._found = found
        self.exited: asyncio.Future[int | None] | None = None

    async def start(self) -> Connect:
        """Raises NotOurs."""
        raise NotOurs(f"kernel {self.kernel_id} was started by another program, and only that can start it")

    async def reach(self) -> Connect:
        connect = await self._found.reach()
        self.exited = asyncio.get_running_loop().create_future()
        return connect

    def became_ready(self) -> None: ...

    async def interrupt(self) -> bool:
        return False

    async def end(self, ask: Callable[[], None], restart: bool) -> None:
        if self.exited is not None and not self.exited.done():
            ask()
            await asyncio.wait([self.exited], timeout=FAREWELL_S)

    async def kill(self) -> None: ...

    async def clean_up(self) -> None: ...

    def gone(self) -> None:
        if self.exited is not None and not self.exited.done():
            self.exited.set_result(None)

    def remember(self, documents: list[str]) -> None: ...

    def take(self) -> None: ...

    def leave(self) -> None:
        self.close()

    def given(self) -> None:
        self.origin = "found"

    def sending(self, run_id: str, heard: int | None) -> None: ...

    def note(self, **changes: object) -> None: ...

    def detach(self) -> None:
        self.origin = "found"
        self.exited = None

    def close(self) -> None:
        self.exited = None

    def hear_children(self, heard: Callable[[str], None]) -> None: ...

    def catch_up(self) -> None: ...

    def written(self) -> str:
        return ""

    def cause_of_death(self) -> str:
        return "the kernel has ended: nothing listens at its address any more"
