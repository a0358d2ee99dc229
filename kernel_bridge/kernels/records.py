"""What a kernel-bridge notes down about each kernel that it starts, for those that come after it.

A small file in a folder of ours in Jupyter's runtime folder, where `kernel-*.json` does not find it. With it
a later bridge can restart the kernel and end it; and who finds the record naming another process than his
knows that the files are no longer his to remove.
"""

import contextlib
import logging
import os
import tempfile
from pathlib import Path

import msgspec

from ..protocol.objects import KernelSpec

log = logging.getLogger(__name__)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One kernel. `pid` is None while it restarts. The values of environment variables may be secrets."""

    kernel_id: str
    spec: KernelSpec
    epoch: int
    pid: int | None
    start_time: str | None
    files: list[str]  # its connection file and the folder of its sockets
    cwd: str | None
    env_names: list[str]  # what was added to the environment; taken from the bridge's own at a restart
    extra_arguments: list[str]
    keep_alive: bool
    documents: list[str] = []  # the uris of those bound to it, for the next bridge


def record_path(connection_file: str, kernel_id: str) -> str:
    """Where the record of a kernel is, by its connection file."""
    return str(Path(connection_file).parent / "kernel-bridge" / f"{kernel_id}.json")


def write_record(path: str, record: Record) -> None:
    """Atomic: a reader sees the old record or the new one."""
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(msgspec.json.encode(record))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def read_record(path: str) -> Record | None:
    """None: no kernel-bridge started that kernel, or the record cannot be read."""
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=Record)
    except (OSError, ValueError):
        return None


def update_record(path: str, **changes: object) -> None:
    """Change some fields of a record, if there is one."""
    record = read_record(path)
    if record is None:
        return
    try:
        write_record(path, msgspec.structs.replace(record, **changes))
    except OSError as error:
        log.warning("kernel %s: what later bridges should know is not noted: %s", record.kernel_id, error)
