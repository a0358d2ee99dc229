"""A record on disk of each kernel that kernel-bridge starts, for later bridges.

A small file in a private folder inside Jupyter's runtime folder, where the pattern `kernel-*.json` does not
match it. With it a later bridge can restart or end the kernel. A record names a process to end and files to
remove, so only records in that folder are trusted, and only for the connection file that they name. A record
next to a connection file in a project is untrusted and ignored.
"""

import contextlib
import logging
import os
import re
import uuid
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..owned import Made, is_there, private_folder, read_private, write_private
from ..protocol.objects import KernelSpec, Owner
from .keeper_process import start_time
from .traces import LARGEST_RECORD_BYTES, Traces

log = logging.getLogger(__name__)

SOCKETS = re.compile(r"kb-[A-Za-z0-9_]{8}")  # the name of a socket folder


class Process(NamedTuple):
    """A process on this machine, told from a later one with the same pid."""

    pid: int
    start_time: str | None


@cache
def this_process() -> Process:
    return Process(os.getpid(), start_time(os.getpid()))


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """How a kernel is kept: the settings of the bridge that keeps it, for the recorder (see Record)."""

    history: str | None = None
    history_bytes: int = 0
    output_budget: int = 0
    keep_alive_idle: float = 0.0
    journal: str | None = None  # the id of the journal that owns its open runs

    def fields(self) -> dict[str, object]:
        return msgspec.structs.asdict(self)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One kernel.

    `pid` is None while it starts. Values of environment variables may be secrets: none here.
    """

    kernel_id: str
    launch: str  # which launch of its process this describes
    spec: KernelSpec
    epoch: int
    pid: int | None
    start_time: str | None
    connection_file: Made | None  # None: its provisioner has not written one here
    sockets: Made | None  # the folder of its sockets
    cwd: str | None
    env_names: list[str]  # added variables; a restart takes their values from the bridge's own
    extra_arguments: list[str]
    keep_alive: bool
    documents: list[str] = []  # URIs of the bound documents, for the next bridge
    started_at: str | None = None
    owner: Owner | None = None
    bridge: Process | None = None  # which follows it: the one that the owner uses, or a recorder
    recorded: bool = False  # that process is a recorder
    history: str | None = None  # absolute path; None: off
    history_bytes: int = 0
    output_budget: int = 0
    keep_alive_idle: float = 0.0  # seconds; 0: never
    journal: str | None = None  # id of the journal that owns its open runs
    identity: str | None = None  # of its follower, where the kernel sends replies; in hexadecimal
    session: str | None = None  # of its follower's messages

    @property
    def traces(self) -> Traces:
        made = tuple(one for one in (self.connection_file, self.sockets) if one is not None)
        return Traces(self.launch, record_path(self.kernel_id), made)

    @property
    def keeping(self) -> Keeping:
        return Keeping(**{name: getattr(self, name) for name in Keeping.__struct_fields__})

    @property
    def is_deserted(self) -> bool:
        """Whether the process that followed it is gone."""
        return self.bridge is not None and self.bridge.start_time is not None and self.follower is None

    @property
    def follower(self) -> Process | None:
        """The process that follows it, unless that has ended.

        None where processes have no start time (Windows).
        """
        bridge = self.bridge
        if bridge is None or bridge.start_time is None or start_time(bridge.pid) != bridge.start_time:
            return None
        return bridge

    @property
    def is_free(self) -> bool:
        """Whether no other process follows it: neither the bridge of an owner nor a recorder."""
        return self.follower is None or (self.owner is None and not self.recorded)

    @property
    def is_being_left(self) -> bool:
        """Whether the bridge that follows it is ending, because its editor has ended."""
        return self.owner is not None and self.follower is not None and start_time(self.owner.pid) is None

    @property
    def present_owner(self) -> Owner | None:
        """The owner, unless it or its bridge has ended."""
        return self.owner if self.follower is not None and not self.is_being_left else None


def instant(seconds: float) -> str:
    """A time since 1970 in ISO 8601, UTC with a `Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def record_path(kernel_id: str) -> str:
    """The path of a kernel's record."""
    from jupyter_core.paths import jupyter_runtime_dir

    return str(Path(jupyter_runtime_dir()).absolute() / "kernel-bridge" / f"{kernel_id}.json")


def write_record(record: Record) -> str:
    """Write the record atomically and return its path. Raises OSError, ValueError."""
    content = msgspec.json.encode(record)
    path = record_path(record.kernel_id)
    temporary = f"{path}.{uuid.uuid4().hex}"
    private_folder(os.path.dirname(path))
    try:
        write_private(temporary, content)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return path


def read_record(kernel_id: str, connection_file: str) -> Record | None:
    """The record of the kernel with that connection file; None: no kernel-bridge started it."""
    path = record_path(kernel_id)
    try:
        record = msgspec.json.decode(read_private(path, LARGEST_RECORD_BYTES), type=Record)
        status = os.stat(connection_file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        log.warning("ignored the record %s: %s", path, error)
        return None
    named, sockets = record.connection_file, record.sockets
    if (
        record.kernel_id != kernel_id
        or named is None
        or named[1:] != (status.st_dev, status.st_ino)
        or not is_there(named)
        or not (sockets is None or SOCKETS.fullmatch(os.path.basename(sockets.path)))
    ):
        log.warning("ignored the record %s: it does not match %s", path, connection_file)
        return None
    return record


def update_record(kernel_id: str, connection_file: str, **changes: object) -> None:
    """Change some fields of a record, if it exists."""
    record = read_record(kernel_id, connection_file)
    if record is None:
        return
    try:
        write_record(msgspec.structs.replace(record, **changes))
    except OSError as error:
        log.warning("kernel %s: cannot update its record for later bridges: %s", record.kernel_id, error)
