"""Running kernels, found by their connection files, with our records of those that kernel-bridge started."""

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..protocol.errors import NoSuchKernel, NoSuchKernelSpec, Remedy
from ..protocol.objects import KernelSpec
from .failures import unreachable
from .keeper_process import is_ours, start_time
from .records import Record, instant, read_record
from .specs import find_spec
from .transport import Connect

if TYPE_CHECKING:
    from .connection_files import ConnectionInfo


@dataclass(frozen=True, slots=True)
class Found:
    """A kernel that can be attached to.

    `record` is that of the kernel-bridge that started it, if any. `started_at`: when its process was started
    or, if another program did that, when its connection file was written.
    """

    kernel_id: str
    path: Path
    connection: "ConnectionInfo"
    spec: KernelSpec
    record: Record | None
    started_at: str | None

    def connect(self) -> Connect:
        from .zmq.connection import Connection

        return partial(Connection, self.connection)

    async def reach(self) -> Connect:
        """Like `connect`. Raises KernelUnreachable: nothing listens; OSError: no file descriptor is left."""
        from .connection_files import is_listening

        if not await asyncio.to_thread(is_listening, self.connection):
            pid = self.record.pid if self.record else None
            raise unreachable(
                self.kernel_id, str(self.path), pid, "nothing listens at its address; it has ended"
            )
        return self.connect()


def locate(
    connection_file: str | None = None, kernel_id: str | None = None, remote_tcp: bool = False
) -> Found:
    """The kernel of a connection file (path, name or pattern) or of an id; with neither, the newest (blocks).

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
            raise NoSuchKernel(f"no kernel {kernel_id!r} is running here", remedy=Remedy.ATTACH_KERNEL)
    else:
        path = find_connection_file(connection_file)
    connection, spec_name = read_connection_file(path, remote_tcp)
    found_id = kernel_id_of(path)
    record = read_record(found_id, str(path))
    if record is not None and not is_of_a_process(record):
        record = None  # its process is gone: another program started the kernel that runs now
    if record is not None:
        spec = record.spec
    else:
        try:
            spec = find_spec(spec_name)
        except NoSuchKernelSpec:
            spec = unknown_spec(spec_name)
    return Found(found_id, path, connection, spec, record, _started_at(path, record))


def _started_at(path: Path, record: Record | None) -> str | None:
    if record is not None and record.started_at is not None:
        return record.started_at
    try:
        return instant(path.stat().st_mtime)
    except OSError:  # it was removed in the meantime
        return None


def is_of_a_process(record: Record) -> bool:
    """Whether we may end the recorded process: it runs, is still the same, and belongs to this user."""
    pid = record.pid
    return pid is not None and start_time(pid) == record.start_time is not None and is_ours(pid)
