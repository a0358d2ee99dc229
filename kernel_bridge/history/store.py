"""The journal's database file: creates, opens and migrates it; sets it aside if damaged.

The only user of sqlite3. Several processes share a file, so transactions are short and writers wait for each
other.
"""

import os
import re
import sqlite3
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..owned import make_folders
from ..presence import turn
from . import schema
from .identity import (
    COMPANIONS,
    HEADER_BYTES,
    Unusable,
    Whose,
    beside,
    check_version,
    default_path,
    examine,
    is_marked,
    not_ours,
    read_header,
)

Connection = sqlite3.Connection
StoreError = sqlite3.Error

BUSY_S = 10.0
WAL_BYTES = 16 * 1024 * 1024  # of the write-ahead log, above which it is checkpointed
LARGEST_WAL_BYTES = 1024 * 1024 * 1024  # above which the writer waits for the checkpoint
_BEGUN = re.compile(r"\.new-[0-9a-f]{32}")  # suffix of a file that is being created


def open_store(path: Path) -> tuple[Connection, str | None]:
    """A writing connection for the calling thread, and a warning if a file was set aside.

    Creates the file (mode 0600) and its folder (0700) if necessary, and migrates the tables. Only a damaged
    journal is set aside: a file with our mark, or at our default path.

    Raises Unusable, OSError, StoreError.
    """
    _whose(path)  # first, so that no lock file is created beside a rejected file
    make_folders(str(path.parent))
    with turn(beside(path, ".lock"), BUSY_S):
        warning = None
        if _whose(path) in ("unknown", "deleted"):
            warning = set_aside(path)
        try:
            return _connect(path), warning
        except StoreError as error:
            if not is_damage(error):
                raise
            warning = set_aside(path)
            return _connect(path), warning


def _whose(path: Path) -> Whose:
    """Like `examine`. Also raises Unusable for an unknown file outside our default path."""
    whose = examine(path)
    if whose == "unknown" and path != Path(os.path.realpath(default_path())):
        raise not_ours(path)
    return whose


def replace_damaged(path: Path, damaged: Connection) -> tuple[Connection, str]:
    """Set aside a file that proved damaged in use, and create a new one.

    Raises Unusable, OSError, StoreError.
    """
    damaged.close()
    with turn(beside(path, ".lock"), BUSY_S):
        warning = set_aside(path)
        return _connect(path), warning


def open_reader(path: Path) -> Connection:
    """A read-only connection for the calling thread. Raises StoreError."""
    reader = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None
    )
    reader.execute("BEGIN")  # one consistent view for the whole query
    return reader


def checkpoint(path: Path) -> None:
    """Checkpoint the write-ahead log while others keep writing. Raises StoreError.

    The disk must write everything twice and sync it, which takes several times as long as writing the log. A
    flood of output must not wait for that.
    """
    there = f"{path.absolute().as_uri()}?mode=rw"  # rw: do not create the file if it was deleted
    connection = sqlite3.connect(there, uri=True, timeout=0.0, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    finally:
        connection.close()


def wal_bytes(path: Path) -> int:
    """The size of the write-ahead log; at most WAL_BYTES after a complete checkpoint."""
    try:
        return beside(path, "-wal").stat().st_size
    except OSError:
        return 0


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Commit everything or nothing. Raises StoreError."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite rolls back some errors itself
            connection.execute("ROLLBACK")
        raise


def set_patience(connection: Connection, busy_s: float) -> None:
    """How long each transaction waits for another process."""
    connection.execute(f"PRAGMA busy_timeout = {int(busy_s * 1000)}")


def is_busy(error: StoreError) -> bool:
    """Whether another process held the file for longer than BUSY_S, so that a retry makes sense."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_damage(error: StoreError) -> bool:
    """Whether the file is damaged or not a database."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def set_aside(path: Path) -> str:
    """Rename the file out of the way and return a message. Raises OSError."""
    number = 1
    while os.path.lexists(beside(path, f".corrupt-{number}")):
        number += 1
    aside = beside(path, f".corrupt-{number}")
    for suffix in ("", *COMPANIONS):
        with suppress(FileNotFoundError):
            beside(path, suffix).replace(beside(aside, suffix))
    return f"the history {path} was damaged or deleted; a new one was created, the old one is kept as {aside}"


def used_bytes(connection: Connection) -> int:
    """The size of the rows, without free pages."""
    pages, free, page_bytes = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * page_bytes


def shrink(connection: Connection, step_pages: int = 2048) -> None:
    """Return free pages to the file system in short transactions. Raises StoreError."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    while free:
        before = free
        connection.execute(f"PRAGMA incremental_vacuum({step_pages})").fetchall()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        if free >= before:
            break
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _code(error: StoreError) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extension bits


def _create(path: Path) -> None:
    """Create an empty journal of this version at `path`, where no file exists.

    The file appears complete and with our mark. A bridge may be killed at any moment, and SQLite's own way of
    creating a file would leave a partial one without the mark. Raises OSError.
    """
    image = _image()
    _remove_begun(path, image)
    begun = beside(path, f".new-{uuid.uuid4().hex}")
    descriptor = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(image)
            file.flush()
            os.fsync(descriptor)
        begun.replace(path)
    finally:
        begun.unlink(missing_ok=True)


def _image() -> bytes:
    """The bytes of a file with all tables and no rows."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.execute("PRAGMA page_size = 8192")  # a third faster than 4096 for long texts
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only effective before the first table
        _migrate(connection)
        return connection.serialize()
    finally:
        connection.close()


def _remove_begun(path: Path, image: bytes) -> None:
    """Remove files of a bridge that was killed while creating the journal. The caller holds the lock."""
    for other in os.listdir(path.parent):
        if other.startswith(path.name) and _BEGUN.fullmatch(other, len(path.name)):
            begun = path.with_name(other)
            with suppress(OSError, Unusable):  # not one of our files
                header = read_header(begun)
                if is_marked(header) or image[:HEADER_BYTES].startswith(header):
                    begun.unlink()


def _connect(path: Path) -> Connection:
    if examine(path) == "nobody's":
        _create(path)
    if os.name == "posix" and stat.S_IMODE(path.lstat().st_mode) & 0o077:
        path.chmod(0o600)
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        with transaction(connection):
            if connection.execute("PRAGMA application_id").fetchone() != (schema.APPLICATION_ID,):
                raise not_ours(path)
            check_version(path, connection.execute("PRAGMA user_version").fetchone()[0])
            _migrate(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # safe if the process is killed
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # `checkpoint` does it on another thread
        connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: Connection) -> None:
    """Migrate the tables from any earlier version to this one."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < schema.VERSION:
        for step in schema.STEPS[version:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
