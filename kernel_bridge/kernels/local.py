"""The host of a kernel that this or an earlier kernel-bridge launched on this machine.

Owns the kernel's process and files, and has the keepers guard both.
"""

import asyncio
import logging
import os
import signal
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal, Self

import msgspec

from ..protocol.errors import KernelLaunchFailed
from ..protocol.objects import KernelOrigin, KernelSpec, Owner
from .failures import describe_exit, no_command, with_output
from .found import Found, is_of_a_process
from .keeper import Keeper
from .records import (
    Keeping,
    Record,
    instant,
    read_record,
    record_path,
    this_process,
    update_record,
    write_record,
)
from .sent import note_sent, sent_path
from .traces import launch_of
from .transport import Connect

if TYPE_CHECKING:  # jupyter_client is slow to import: only when a kernel is started
    from .launch import Launcher
    from .process import KernelProcess

log = logging.getLogger(__name__)

SHUTDOWN_S = (2.0, 1.0, 2.0)  # after shutdown_request, after SIGTERM, after SIGKILL
AT_ONCE_S = (0.0, 0.0, 2.0)
NOTED = (*Keeping.__struct_fields__, "identity", "session", "recorded")  # of a record, for the next follower


class LocalHost:
    """The host of one kernel. `transport` may become tcp although ipc was requested.

    `cwd` is the kernel's folder, by default that of this process. `env` is added to this process's
    environment.
    """

    restartable = True

    def __init__(
        self,
        spec: KernelSpec,
        *,
        keeper: Keeper,
        kernel_id: str | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        extra_arguments: list[str] | None = None,
        transport: Literal["ipc", "tcp"] = "ipc",
        keep_alive: bool = False,
        owner: Owner | None = None,
        keeping: Keeping | None = None,
    ) -> None:
        self.kernel_id = kernel_id or str(uuid.uuid4())
        self.spec = spec
        self.cwd = cwd
        self.epoch = 1
        self.origin: KernelOrigin = "started"
        self.keep_alive = keep_alive
        self.transport: Literal["ipc", "tcp"] = transport
        self.connection_file: str | None = None
        self.pid: int | None = None
        self.started_at: str | None = None
        self.owner = self._program = owner
        self._keeper = keeper
        self._env = env
        self._extra_arguments = extra_arguments or []
        self._documents: list[str] = []
        self._sent_path = sent_path(self.kernel_id)
        self._noted: dict[str, object] = keeping.fields() if keeping is not None else {}  # of its record
        self._launcher: Launcher | None = None
        self._launch_id = ""  # the launch that the process belongs to
        self._process: KernelProcess | None = None
        self._owns = True
        self._found: Found | None = None  # where a process launched by another bridge listens

    @classmethod
    def adopted(cls, found: Found, record: Record, keeper: Keeper, owner: Owner | None) -> Self:
        """The host of a kernel that an earlier kernel-bridge launched. It outlives this bridge, too."""
        host = cls(
            found.spec,
            keeper=keeper,
            kernel_id=found.kernel_id,
            cwd=record.cwd,
            env={name: os.environ[name] for name in record.env_names if name in os.environ},
            extra_arguments=record.extra_arguments,
            transport=found.connection.transport,
            keep_alive=True,
            owner=owner,
        )
        host.epoch = record.epoch
        host.origin = "attached"
        host.connection_file = str(found.path)
        host.pid = record.pid
        host._documents = record.documents
        host._noted = {field: getattr(record, field) for field in NOTED} | {"recorded": False}
        host.owner = record.present_owner or owner
        host.started_at = found.started_at
        host._launch_id = record.launch
        host._found = found
        return host

    @property
    def exited(self) -> asyncio.Future[int | None] | None:
        return self._process.exited if self._process is not None else None

    # starting

    async def start(self) -> Connect:
        from .zmq.connection import Connection

        launcher = self._launcher
        if launcher is None:
            self.pid = None
            launcher = self._launcher = await asyncio.to_thread(self._first_launcher)
        self.connection_file = launcher.connection_file
        await launcher.prepare()
        self.transport = launcher.transport
        self._announce(launcher)
        process = self._process = await launcher.launch()
        self.pid = process.pid
        self.started_at = instant(time.time())
        self._announce(launcher)
        if process.pid is None:  # not a process on this machine, so keepers cannot end it
            self._keeper.release(launcher.launch_id, gone=True)
        return partial(Connection, launcher.connection_info())

    def _first_launcher(self) -> "Launcher":
        """A launcher for a kernel without a process.

        Raises KernelLaunchFailed: it cannot have one, or has one.
        """
        if not self.spec.argv and "kernel_provisioner" not in (self.spec.metadata or {}):
            raise no_command(self.spec)
        if self.connection_file is not None:
            record = read_record(self.kernel_id, self.connection_file)
            if record is not None and is_of_a_process(record):
                raise KernelLaunchFailed(
                    f"kernel {self.kernel_id} was restarted by another kernel-bridge; attach to it",
                    stderr="",
                )
        return self._new_launcher(None)

    def _new_launcher(self, before: Record | None) -> "Launcher":
        from .launch import Launcher

        return Launcher(
            self.spec,
            self.kernel_id,
            self.cwd,
            self._env,
            self._extra_arguments,
            self.transport,
            before,
        )

    async def reach(self) -> Connect:
        from .process import Adopted, KernelProcess

        assert self._found is not None
        connect = await self._found.reach()
        record = self._found.record
        if record is not None and record.pid is not None and record.start_time is not None:
            self._process = KernelProcess(Adopted(record.pid, record.start_time), None)
            self._process.leave_running()
        self._owns = record is not None and record.is_free
        if self._owns:
            self._note_follower()
        return connect

    def became_ready(self) -> None:
        if self._launcher is not None and self._launcher.rewrote_connection_file():
            self._announce(self._launcher)

    def _announce(self, launcher: "Launcher") -> None:
        """Record the launch for later bridges, and have the keepers guard what exists of it so far."""
        process = self._process if self.pid is not None else None
        self._launch_id = launcher.launch_id
        self.owner, self._owns = self._program, True
        record = Record(
            kernel_id=self.kernel_id,
            launch=launcher.launch_id,
            spec=self.spec,
            epoch=self.epoch,
            pid=self.pid,
            start_time=process.start_time if process is not None else None,
            connection_file=launcher.connection_made,
            sockets=launcher.sockets,
            cwd=self.cwd,
            env_names=sorted(self._env or {}),
            extra_arguments=self._extra_arguments,
            keep_alive=self.keep_alive,
            documents=self._documents,
            started_at=self.started_at,
            owner=self.owner,
            bridge=this_process(),
        )
        record = msgspec.structs.replace(record, **self._noted)
        try:
            launcher.record = write_record(record)
        except (OSError, ValueError) as error:  # ValueError: a folder's name is not UTF-8
            log.warning("kernel %s: cannot write a record for later bridges: %s", self.kernel_id, error)
        tail = process.tail if process is not None else None
        self._keeper.guard(
            self.kernel_id,
            launcher.traces,
            self.pid,
            record.start_time,
            tail.reading_end if tail is not None else None,
            self.keep_alive,
        )

    # ending

    async def interrupt(self) -> bool:
        if self._process is None:
            return False
        await self._process.signal(signal.SIGINT)
        return True

    async def end(self, ask: Callable[[], None], restart: bool) -> None:
        before = self._launch_id
        try:
            if restart:
                await self._renew()
            if self._process is not None and not self._process.exited.done():
                ask()
                if self._launcher is not None:
                    await self._launcher.shutdown_requested(restart)
                await self._process.end(SHUTDOWN_S)
        finally:
            if restart:
                self._keeper.release(before, gone=True)
        if restart:
            self.close()

    async def _renew(self) -> None:
        """Begin the next launch. Watchers that see the old process end leave the files alone from now on."""
        if self._launcher is None:  # another bridge launched the kernel
            record = self._found.record if self._found is not None else None
            self._launcher = await asyncio.to_thread(self._new_launcher, record)
        self._launcher.renew()
        self.pid = None
        self._announce(self._launcher)

    async def kill(self) -> None:
        if self._process is not None:
            await self._process.end(AT_ONCE_S)

    async def clean_up(self) -> None:
        self.close()
        launcher, self._launcher = self._launcher, None
        if launcher is not None:
            await launcher.clean_up()
        elif self._found is not None and self._found.record is not None:
            self._found.record.traces.clean_up()
        self._keeper.release(self._launch_id, gone=True)

    def gone(self) -> None:
        """Nothing to do: the exit of the process is reported separately."""

    def remember(self, documents: list[str]) -> None:
        self._documents = documents
        self._update_record(documents=documents)

    def _update_record(self, **changes: object) -> None:
        if self.connection_file is not None:
            update_record(self.kernel_id, self.connection_file, **changes)

    @property
    def owns(self) -> bool:
        return self._owns

    def sending(self, run_id: str, heard: int | None) -> None:
        if self.keep_alive and os.name == "posix":  # where the recorder revives its runs
            note_sent(self._sent_path, run_id, heard)

    def note(self, **changes: object) -> None:
        """Change NOTED fields of the kernel's record, now and in later launches."""
        self._noted |= changes
        self._update_record(**changes)

    def take(self) -> None:
        """This process follows the kernel in place of another one."""
        self.owner, self._owns = self._program, True
        self._note_follower()
        if self._found is not None and (record := self._found.record) is not None:
            self._keeper.guard(self.kernel_id, record.traces, record.pid, record.start_time, None, keep=True)

    def _note_follower(self) -> None:
        self._update_record(
            owner=self.owner,
            bridge=this_process(),
            recorded=self._noted.get("recorded", False),
            keep_alive=self.keep_alive,
        )

    def leave(self) -> None:
        """Another process follows the kernel, which is kept, from now on."""
        self._launcher = None
        self.keep_alive = True
        self._keeper.release(self._launch_id, gone=False)
        if self._process is not None:
            self._process.leave()
            self._process = None

    def given(self) -> None:
        self.origin, self.owner, self._owns = "found", None, False

    def detach(self) -> None:
        launcher, self._launcher = self._launcher, None
        self.origin = "found"
        if launcher is not None:  # otherwise another bridge launched it
            self.keep_alive = True
            self._update_record(keep_alive=True)
        if self._owns:
            self.owner = None
            self._update_record(owner=None)
        self._keeper.release(self._launch_id, gone=False)
        if self._process is not None:
            self._process.leave()
            self._process = None

    def close(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None

    def hear_children(self, heard: Callable[[str], None]) -> None:
        if self._process is not None:
            self._process.hear_children(heard)

    def catch_up(self) -> None:
        if self._process is not None and self._process.tail is not None:
            self._process.tail.catch_up()

    def written(self) -> str:
        return self._process.written() if self._process is not None else ""

    def cause_of_death(self) -> str:
        if launch_of(record_path(self.kernel_id)) not in (None, self._launch_id):
            return "another kernel-bridge restarted it; attach to it again"
        code = self.exited.result() if self.exited is not None and self.exited.done() else None
        return with_output(f"the kernel {describe_exit(code)}", self.written())
