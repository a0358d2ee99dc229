"""The database file of the journal: made, opened, migrated, set aside if damaged (the only user of sqlite3).

Several processes use one file: each transaction is short, and a writer waits for another one's.
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
from .presence import turn

Connection = sqlite3.Connection
StoreError = sqlite3.Error

BUSY_S = 10.0
WAL_BYTES = 16 * 1024 * 1024  # of the write-ahead log, after which it is brought into the file
LARGEST_WAL_BYTES = 1024 * 1024 * 1024  # after which a writer waits for that
_BEGUN = re.compile(r"\.new-[0-9a-f]{32}")  # ends the name of a file that is being made


def open_store(path: Path) -> tuple[Connection, str | None]:
    """The connection that writes, for the calling thread alone, and a warning if a file was set aside.

    Makes the file (mode 0600) and its folder (0700) if need be and brings the tables to this version.
    Only a damaged file of ours is set aside: one with our mark, or one that lies where ours lies by default.
    Raises Unusable, OSError, StoreError.
    """
    _whose(path)  # first: where it is refused, no lock is left beside it
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
    """As `examine`; raises Unusable also for what is not ours in a place that is not ours."""
    whose = examine(path)
    if whose == "unknown" and path != Path(os.path.realpath(default_path())):
        raise not_ours(path)
    return whose


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
    there = f"{path.absolute().as_uri()}?mode=rw"  # not to be made anew where somebody has deleted it
    connection = sqlite3.connect(there, uri=True, timeout=0.0, isolation_level=None)
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


def set_patience(connection: Connection, busy_s: float) -> None:
    """How long each transaction waits for another process."""
    connection.execute(f"PRAGMA busy_timeout = {int(busy_s * 1000)}")


def is_busy(error: StoreError) -> bool:
    """Another process holds the file for longer than BUSY_S: worth another try."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_damage(error: StoreError) -> bool:
    """The file is damaged, or no database."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def set_aside(path: Path) -> str:
    """Rename the file out of the way, and say so; raises OSError."""
    number = 1
    while os.path.lexists(beside(path, f".corrupt-{number}")):
        number += 1
    aside = beside(path, f".corrupt-{number}")
    for suffix in ("", *COMPANIONS):
        with suppress(FileNotFoundError):
            beside(path, suffix).replace(beside(aside, suffix))
    return f"the history {path} was damaged or deleted; a new one was begun, and {aside} is what is left"


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


def _create(path: Path) -> None:
    """Put an empty journal of this version at `path`, where nobody has one.

    It appears whole, with our mark: a bridge may be killed at any moment, and SQLite's own way to make a file
    leaves one half made whose header says nothing. Raises OSError.
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
        connection.execute("PRAGMA page_size = 8192")  # a third faster for long text than 4096
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # counts only before the first table
        _migrate(connection)
        return connection.serialize()
    finally:
        connection.close()


def _remove_begun(path: Path, image: bytes) -> None:
    """Remove what a bridge left that was killed while it made the journal; the caller holds the lock."""
    for other in os.listdir(path.parent):
        if other.startswith(path.name) and _BEGUN.fullmatch(other, len(path.name)):
            begun = path.with_name(other)
            with suppress(OSError, Unusable):  # of another kind or another user: none of ours
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
        connection.execute("PRAGMA synchronous = NORMAL")  # safe when the process is killed
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # `checkpoint` does it, beside the writer
        connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: Connection) -> None:
    """Bring the tables to this version, from whichever they have."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < schema.VERSION:
        for step in schema.STEPS[version:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
