"""Identifies the owner of a database file by its header, without opening it in SQLite, which would write.

The user types `history.path`, and a project can contain the file that it names. Only files with our mark are
ever moved, written or removed. Only regular files are opened.
"""

import os
import stat
import struct
from pathlib import Path
from typing import BinaryIO, Literal

from . import schema

HEADER_BYTES = 100
COMPANIONS = ("-journal", "-wal", "-shm")  # files that SQLite keeps beside a database
_MAGIC = b"SQLite format 3\0"
_ELSEWHERE = "set kernel-bridge.history.path to another file"

Whose = Literal["nobody's", "ours", "unknown", "deleted"]


class Unusable(Exception):
    """The file cannot hold the journal. The message says why; the file was not touched."""


def beside(path: Path, suffix: str) -> Path:
    """The path of a file that belongs to the database at `path`."""
    return path.with_name(path.name + suffix)


def default_path() -> Path:
    import platformdirs

    return platformdirs.user_data_path("kernel-bridge") / "history.db"


def examine(path: Path) -> Whose:
    """The owner of the file at `path`. "nobody's": there is none, or an empty one.

    "deleted": only SQLite's companion files are left, which it would replay into a new file of that name.
    Raises OSError; Unusable: not a regular file, or written by a newer version.
    """
    kept = [suffix for suffix in COMPANIONS if _is_regular(beside(path, suffix))]
    if not _is_regular(path):
        return "deleted" if kept else "nobody's"
    header = read_header(path)
    if not header and not kept:
        return "nobody's"
    if not is_marked(header):
        return "unknown"
    (version,) = struct.unpack(">I", header[60:64])
    check_version(path, version)
    return "ours"


def is_marked(header: bytes) -> bool:
    """Whether a file with this header is one of our databases."""
    return (
        len(header) >= HEADER_BYTES
        and header.startswith(_MAGIC)
        and struct.unpack(">I", header[68:72]) == (schema.APPLICATION_ID,)
    )


def check_version(path: Path, version: int) -> None:
    """Raises Unusable if the tables are newer than this version of kernel-bridge."""
    if version > schema.VERSION:
        raise Unusable(
            f"{path} was written by a newer kernel-bridge (schema {version}; this one reads up to "
            f"{schema.VERSION}); update kernel-bridge, or {_ELSEWHERE}"
        )


def not_ours(path: Path) -> Unusable:
    return Unusable(
        f"{path} is not a history but a file of another program, so it was left alone; {_ELSEWHERE}"
    )


def inode_of(path: Path) -> tuple[int, int] | None:
    """The identity of the file at the path; None: there is no file."""
    try:
        there = os.stat(path)
    except OSError:
        return None
    return there.st_dev, there.st_ino


def read_header(path: Path) -> bytes:
    """The first bytes of a regular file. Raises OSError; Unusable: it is no longer a regular file."""
    with open_regular(path) as file:
        return file.read(HEADER_BYTES)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading, without blocking or following a link. Raises Unusable, OSError."""
    descriptor = os.open(path, os.O_RDONLY | _flags("O_NONBLOCK", "O_NOFOLLOW", "O_NOCTTY", "O_BINARY"))
    try:
        _require_regular(path, os.fstat(descriptor).st_mode)
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _flags(*names: str) -> int:
    """The flags that this system supports."""
    flags = 0
    for name in names:
        flags |= getattr(os, name, 0)
    return flags


def _is_regular(path: Path) -> bool:
    """Whether a file exists. Raises Unusable: it is not a regular file (links are already resolved)."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    _require_regular(path, mode)
    return True


def _require_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kinds = {
            stat.S_IFDIR: "a folder",
            stat.S_IFIFO: "a FIFO",
            stat.S_IFSOCK: "a socket",
            stat.S_IFLNK: "a symbolic link",
        }
        kind = kinds.get(stat.S_IFMT(mode), "a device")
        raise Unusable(f"{path} is {kind}, not a regular file; {_ELSEWHERE}")
