"""The database file of the journal: made, opened, migrated, set aside if damaged (the only user of sqlite3).

Several processes use one file: each transaction is short, and a writer waits for another one's.
"""

import os
import sqlite3
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..owned import make_folders
from . import schema
from .presence import turn

Connection = sqlite3.Connection
StoreError = sqlite3.Error

BUSY_S = 10.0
WAL_BYTES = 16 * 1024 * 1024  # of the write-ahead log, after which it is brought into the file
LARGEST_WAL_BYTES = 1024 * 1024 * 1024  # after which a writer waits for that
_MAGIC = b"SQLite format 3\0"


class Unusable(Exception):
    """The file cannot be the journal; the message says why, and it was not touched."""


def open_store(path: Path) -> tuple[Connection, str | None]:
    """The connection that writes, for the calling thread alone, and a warning if a file was set aside.

    Makes the file (mode 0600) and its folder (0700) if need be and brings the tables to this version.
    Raises Unusable, OSError, StoreError.
    """
    make_folders(str(path.parent))
    with turn(beside(path, ".lock"), BUSY_S):
        warning = None
        if not _looks_sound(path):
            warning = set_aside(path)
        try:
            return _connect(path), warning
        except StoreError as error:
            if not is_damage(error):
                raise
            warning = set_aside(path)
            return _connect(path), warning


def replace_damaged(path: Path, damaged: Connection) -> tuple[Connection, str]:
    """Set aside a file that proved damaged in use and begin a new one.

    Raises Unusable, OSError, StoreError.
    """
    damaged.close()
    with turn(beside(path, ".lock"), BUSY_S):
        warning = set_aside(path)
        return _connect(path), warning


def open_reader(path: Path) -> Connection:
    """A connection that only reads, for the calling thread alone; raises StoreError."""
    reader = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None
    )
    reader.execute("BEGIN")  # one view for all that a query reads
    return reader


def checkpoint(path: Path) -> None:
    """Bring what is in the write-ahead log into the file, while others go on writing; raises StoreError.

    The disk has to take everything twice and be sure of it, which takes several times as long as writing the
    log: a flood of output must not wait for that.
    """
    connection = sqlite3.connect(path, timeout=0.0, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    finally:
        connection.close()


def wal_bytes(path: Path) -> int:
    """The size of the write-ahead log's file; once its content is in the file it is at most WAL_BYTES."""
    try:
        return beside(path, "-wal").stat().st_size
    except OSError:
        return 0


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """All or nothing; raises StoreError."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite rolls some errors back by itself
            connection.execute("ROLLBACK")
        raise


def is_busy(error: StoreError) -> bool:
    """Another process holds the file for longer than BUSY_S: worth another try."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_damage(error: StoreError) -> bool:
    """The file is damaged, or no database."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def beside(path: Path, suffix: str) -> Path:
    """The path of a file that belongs to the database at `path`."""
    return path.with_name(path.name + suffix)


def set_aside(path: Path) -> str:
    """Rename the file out of the way, and say so; raises OSError."""
    number = 1
    while beside(path, f".corrupt-{number}").exists():
        number += 1
    aside = beside(path, f".corrupt-{number}")
    for suffix in ("", "-wal", "-shm"):
        if beside(path, suffix).exists():
            beside(path, suffix).replace(beside(aside, suffix))
    return f"the history {path} was damaged; it is kept as {aside} and a new one was begun"


def used_bytes(connection: Connection) -> int:
    """What the rows take, free pages not counted."""
    pages, free, page_bytes = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * page_bytes


def shrink(connection: Connection, step_pages: int = 2048) -> None:
    """Give free pages back to the file system, a short transaction a step; raises StoreError."""
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


def _looks_sound(path: Path) -> bool:
    """Whether SQLite may open the file; raises Unusable: it is sound and not ours.

    Read from the file's header: SQLite itself would write into a newer version's file by opening it.
    """
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return True
    if not header:
        return True
    if len(header) < 100 or not header.startswith(_MAGIC):
        return False
    (version,), (application,) = struct.unpack(">I", header[60:64]), struct.unpack(">I", header[68:72])
    _check_ours(path, version, application)
    return True


def _check_ours(path: Path, version: int, application: int) -> None:
    if application != schema.APPLICATION_ID:
        raise Unusable(f"{path} is a database of another program; set history.path to another file")
    if version > schema.VERSION:
        raise Unusable(
            f"{path} was written by a newer kernel-bridge (version {version} of its tables, this one knows "
            f"{schema.VERSION}); update kernel-bridge or set history.path to another file"
        )


def _connect(path: Path) -> Connection:
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # SQLite would make it readable for others
    try:
        if os.name == "posix" and stat.S_IMODE(os.fstat(fd).st_mode) & 0o077:
            os.fchmod(fd, 0o600)
    finally:
        os.close(fd)
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        connection.execute("PRAGMA page_size = 8192")  # a third faster for long text than 4096
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # counts only before the first table
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, path)  # of a new file, before WAL: its header says at once whose it is
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # safe when the process is killed
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # `checkpoint` does it, beside the writer
        connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: Connection, path: Path) -> None:
    with transaction(connection):
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if tables:
            _check_ours(path, version, connection.execute("PRAGMA application_id").fetchone()[0])
        if version == schema.VERSION:
            return
        for step in schema.STEPS[version:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
