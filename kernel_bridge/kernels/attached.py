"""Kernels that run already: found, probed, and followed without having been started here."""

import asyncio
import contextlib
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..limits import KERNEL_DESCRIPTORS, claimed_descriptors
from ..protocol.errors import KernelDead, KernelUnreachable, NoSuchKernel, NoSuchKernelSpec, NotOurs, Remedy
from ..protocol.objects import KernelSpec
from ..runs.events import Json
from .hints import advice_for_oserror
from .keeper import Keeper
from .keeper_process import is_ours, start_time
from .quirks import supports
from .records import Record, read_record
from .session import KernelSession, Listener
from .specs import find_spec

if TYPE_CHECKING:
    from .channels import Channels, Heard
    from .connection_files import ConnectionInfo
    from .launch import Launcher
    from .transport import Beat

REACH_S = 3.0  # how long a kernel may take to answer at all
MET_ONLY_S = (
    0.5  # after its zmq has answered, how long shell and control may: some answer on neither when busy
)
SHELL_S = 0.1  # after control has answered: a kernel that is not busy answers on shell as fast
DEAF_S = 10.0  # a kernel that is there and answers nothing for so long does not understand us
FAREWELL_S = 5.0  # how long a kernel of another program may take to end when asked to


@dataclass(frozen=True, slots=True)
class Found:
    """A connection file that can be attached to; `record`: of the kernel-bridge that started it, if any."""

    kernel_id: str
    path: Path
    connection: "ConnectionInfo"
    spec: KernelSpec
    record: Record | None


def locate(
    connection_file: str | None = None, kernel_id: str | None = None, remote_tcp: bool = False
) -> Found:
    """The kernel of a connection file (path, name or pattern), or of an id; neither: the newest (blocks).

    Raises BadConnectionFile; NoSuchKernel: no connection file has that id.
    """
    from .connection_files import (
        connection_files,
        find_connection_file,
        kernel_id_of,
        read_connection_file,
        unknown_spec,
    )

    if kernel_id is not None and connection_file is None:
        path = next((path for path in connection_files() if kernel_id_of(path) == kernel_id), None)
        if path is None:
            raise NoSuchKernel(
                f"no kernel {kernel_id!r} is followed or running here", remedy=Remedy.ATTACH_KERNEL
            )
    else:
        path = find_connection_file(connection_file)
    connection, spec_name = read_connection_file(path, remote_tcp)
    found_id = kernel_id_of(path)
    record = read_record(found_id, str(path))
    if record is not None and not _is_of_a_process(record):
        record = None  # that process is gone: somebody else has started the one that runs
    if record is not None:
        spec = record.spec
    else:
        try:
            spec = find_spec(spec_name)
        except NoSuchKernelSpec:
            spec = unknown_spec(spec_name)
    return Found(found_id, path, connection, spec, record)


def _is_of_a_process(record: Record) -> bool:
    """Whether the process that it names is there, the same and ours: it may be ended."""
    pid = record.pid
    return pid is not None and start_time(pid) == record.start_time is not None and is_ours(pid)


class AttachedSession(KernelSession):
    """A kernel that was started by another program, or by another kernel-bridge. Our end does not end it.

    Its restart needs the record of the kernel-bridge that started it.
    """

    def __init__(
        self, found: Found, *, listener: Listener, keeper: Keeper, ready_timeout: float = 60.0
    ) -> None:
        record = found.record
        super().__init__(
            found.spec,
            listener=listener,
            keeper=keeper,
            kernel_id=found.kernel_id,
            cwd=record.cwd if record else None,
            env={name: os.environ[name] for name in record.env_names if name in os.environ}
            if record
            else None,
            extra_arguments=record.extra_arguments if record else None,
            transport=found.connection.transport,
            keep_alive=True,
            ready_timeout=ready_timeout,
        )
        self.origin = "attached"
        self.connection_file = str(found.path)
        self.epoch = record.epoch if record else 1
        self._launch_id = record.launch if record else ""
        self._found = found
        self._documents = record.documents if record else []
        self._gone = asyncio.Event()
        self._deaf = False  # it does not understand us
        self._settling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Attach: at once, also when it is busy. Raises KernelUnreachable."""
        async with self._order:
            try:
                await self._attach()
            except BaseException as error:
                self._disconnect("it was not reached")
                self._set("dead", str(error) or "attaching was cancelled")
                raise

    async def _attach(self) -> None:
        try:
            with claimed_descriptors(KERNEL_DESCRIPTORS):
                channels = self._channels = await self._reach()
        except OSError as error:
            raise KernelUnreachable(
                f"kernel {self.id} of {self.connection_file} was not attached to: {error.strerror}; "
                f"{advice_for_oserror(error)}"
            ) from None
        channels.listen()
        control, shell = (
            asyncio.ensure_future(channels.request("kernel_info_request", {}, channel, None))
            for channel in ("control", "shell")
        )
        met = asyncio.ensure_future(channels.meet())
        answers = [control, shell]
        try:
            await asyncio.wait([*answers, met], timeout=REACH_S, return_when=asyncio.FIRST_COMPLETED)
            if not control.done() and not shell.done():
                if not met.done():
                    raise self._unreachable(f"it did not answer within {REACH_S:g} s")
                await asyncio.wait(answers, timeout=MET_ONLY_S, return_when=asyncio.FIRST_COMPLETED)
            if control.done():  # not every kernel answers there
                await asyncio.wait([shell], timeout=SHELL_S)
            if shell.done():
                await channels.join()
        except BaseException:
            for answer in answers:
                answer.cancel()
            raise
        finally:
            met.cancel()
        self._adopt()
        if shell.done():
            self._learn(shell.result())
            self._set("busy" if channels.executing else "idle")
            control.cancel()
            return
        channels.presume_busy()
        if control.done():
            self._learn(control.result())
        self._set("busy")
        self._settling = asyncio.create_task(self._settle(control, shell), name=f"attaching kernel {self.id}")

    async def _reach(self) -> "Channels":
        from .channels import Channels
        from .connection_files import somebody_listens
        from .zmq.connection import Connection

        if not await asyncio.to_thread(somebody_listens, self._found.connection):
            raise self._unreachable("nobody listens there; it has ended")
        connect = partial(Connection, self._found.connection)
        return Channels(connect, self._hear, self._listener.aside, self._turned, self._beat)

    def _unreachable(self, why: str) -> KernelUnreachable:
        record = self._found.record
        process = f"; its process is {record.pid}" if record else ""
        return KernelUnreachable(
            f"kernel {self.id} of {self.connection_file} cannot be reached: {why}{process}",
            remedy=Remedy.ATTACH_KERNEL,
        )

    def _adopt(self) -> None:
        from .process import Adopted, KernelProcess

        record = self._found.record
        if record is None or record.pid is None or record.start_time is None:
            return
        process = self._process = KernelProcess(Adopted(record.pid, record.start_time), None)
        process.let_go()
        self.pid = record.pid
        process.exited.add_done_callback(lambda _: self._exited(process))

    def _learn(self, content: Json) -> None:
        from .messages import kernel_info

        info = self.info = kernel_info(content)
        self.supports = supports(info.implementation, info.supported_features)
        language = info.language_info.get("name")
        if not self.spec.language and isinstance(language, str):
            self.spec = msgspec.structs.replace(self.spec, language=language)

    async def _settle(self, control: "asyncio.Future[Json]", shell: "asyncio.Future[Json]") -> None:
        """Wait for what it answers when it is no longer busy."""
        answers = [control, shell]
        try:
            if self.info is None:
                done, _ = await asyncio.wait(answers, timeout=DEAF_S, return_when=asyncio.FIRST_COMPLETED)
                if not done and not self._channels_spoke():
                    self._deaf = True
                    self._set(
                        "unreachable",
                        "it is there, and answers neither on shell nor on control: the key in its connection "
                        "file is wrong, or it is busy and cannot say so",
                    )
                await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
                self._learn((control if control.done() else shell).result())
                self._understood()
                self._listener.changed()
            answer = await shell
            self._learn(answer)
            if self._channels is not None:
                await self._channels.join()
                self._channels.rested()
        except KernelDead:
            pass  # the conversation has ended, which whoever ended it has told
        finally:
            control.cancel()
            shell.cancel()

    def _channels_spoke(self) -> bool:
        return self._channels is not None and self._channels.spoke

    def _understood(self) -> None:
        if self._deaf:
            self._deaf = False
            self._beat("alive")

    def _hear(self, batch: "Heard") -> None:
        self._understood()
        super()._hear(batch)

    def _beat(self, beat: "Beat") -> None:
        if beat == "gone":
            self._gone.set()
            if self._process is None and not self._order.locked() and self.state != "dead":
                self._burial = asyncio.create_task(self._lose(), name=f"death of kernel {self.id}")
        elif not self._deaf:
            super()._beat(beat)

    async def _lose(self) -> None:
        async with self._order:
            if self._channels is not None:
                self._channels.drain()
                await self._bury("the kernel has ended: nobody listens at its address any more")

    async def _bury(self, reason: str) -> None:
        record, theirs = self._found.record, self._launcher is None
        await super()._bury(reason)
        if theirs and record is not None:
            record.traces.clean_up()

    def _disconnect(self, why: str, linger_ms: int = 0) -> None:
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        super()._disconnect(why, linger_ms)

    def _new_launcher(self) -> "Launcher":
        from .launch import Launcher

        assert self._found.record is not None
        return Launcher(
            self.spec,
            self.id,
            self.cwd,
            self._env,
            self._extra_arguments,
            self.transport,
            self._found.record,
        )

    @property
    def restartable(self) -> bool:
        return self._process is not None

    async def restart(self) -> None:
        """As that of a kernel started here. Raises NotOurs: no kernel-bridge has started it."""
        if not self.restartable:
            raise NotOurs(
                f"kernel {self.id} ({self.spec.display_name}) was started by another program, which alone "
                "can restart it; restart it there and attach again, or start one here"
            )
        await super().restart()

    async def _end_process(self, restart: bool) -> None:
        if self._process is not None:
            await super()._end_process(restart)
        elif self._channels is not None:
            self._channels.send("control", "shutdown_request", {"restart": False})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), FAREWELL_S)
