"""Writes an exported file atomically."""

import hashlib
import os
import stat
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..files import LARGEST_DOCUMENT_BYTES, read_file, readable
from ..protocol.errors import ExportExists, ExportFailed, FileChanged, Remedy


def write(path: Path, pieces: Iterable[str], overwrite: bool) -> None:
    """Write a text (as UTF-8) to `path`. An existing file changes only once the new one is complete.

    Raises ExportExists: the file exists and `overwrite` is off. ExportFailed: the file system refused.
    """
    with refusals(path):
        _refuse_dangling(path, overwrite)
        _write(path, pieces, overwrite, os.replace if overwrite else _claim)


def rehearse(path: Path, overwrite: bool) -> None:
    """Do everything that `write` does except write the file.

    Only trying shows what permissions, read-only file systems and quotas allow. Raises the errors of `write`.
    """
    with refusals(path):
        _refuse_dangling(path, overwrite)
        target = Path(os.path.realpath(path))
        check(target, overwrite)
        temporary = _temporary(target)
        try:
            _write_through(temporary, ())
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()


def write_back(path: Path, pieces: Iterable[str], content: bytes) -> bytes:
    """Like `write`, if the digest of the existing file is still `content`. Return the new digest.

    Raises FileChanged: another program changed or removed it. ExportFailed: the file system refused.
    """
    written = hashlib.sha256()

    def counted() -> Iterator[str]:
        for piece in pieces:
            written.update(piece.encode())
            yield piece

    def replace(temporary: Path, target: Path) -> None:
        read_unchanged(path, content)
        temporary.replace(target)

    with refusals(path):
        _write(path, counted(), True, replace)
    return written.digest()


def read_unchanged(path: Path, content: bytes) -> bytes:
    """The file to write back. Raises FileChanged: its digest is not `content`. ExportFailed: unreadable."""
    with refusals(path):
        try:
            raw = read_file(path, LARGEST_DOCUMENT_BYTES)
        except FileNotFoundError:
            raise conflict(path, "removed") from None
        if digest(raw) != content:
            raise conflict(path, "changed")
        return raw


def digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def conflict(path: Path, what: str) -> FileChanged:
    return FileChanged(
        f"{readable(str(path))} was {what} by another program meanwhile, so nothing was written into it",
        path=str(path),
        remedy=Remedy.WRITE_BACK,
    )


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Report what the file system refuses. Raises ExportExists, ExportFailed."""
    try:
        yield
    except FileExistsError:
        raise ExportExists(f"{path} exists", path=str(path), remedy=Remedy.OVERWRITE) from None
    except (OSError, ValueError) as error:  # ValueError: the name is invalid
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ExportFailed(
            f"{str(path)!r} could not be written: {why}", path=str(path), reason=str(error)
        ) from error


def _write(path: Path, pieces: Iterable[str], overwrite: bool, move: Callable[[Path, Path], object]) -> None:
    target = Path(os.path.realpath(path))  # a link is kept, and its target written
    there = check(target, overwrite)
    temporary = _temporary(target)
    try:
        _write_through(temporary, pieces)
        if there is not None:
            _take_over(temporary, there)
        move(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    _sync_folder(target.parent)


def _refuse_dangling(path: Path, overwrite: bool) -> None:
    if not overwrite and os.path.lexists(path) and not path.exists():
        raise FileExistsError  # writing would create the link's target


def _temporary(target: Path) -> Path:
    return target.parent / f".kernel-bridge-{uuid.uuid4().hex}.tmp"


def _take_over(temporary: Path, there: os.stat_result) -> None:
    """Give the new file the permissions of the old one and, if this is allowed, its owner and group."""
    if sys.platform != "win32":
        with suppress(OSError):  # only root may give files away, and some file systems have no owners
            os.chown(temporary, there.st_uid, there.st_gid)
    temporary.chmod(stat.S_IMODE(there.st_mode))


def check(target: Path, overwrite: bool) -> os.stat_result | None:
    """The state of the file to replace; None for a new file. Raises OSError: it cannot be written."""
    try:
        there = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(there.st_mode):
        raise IsADirectoryError(0, "it is a folder")
    if not stat.S_ISREG(there.st_mode):
        raise OSError(0, "it is not a regular file")
    if not overwrite:
        raise FileExistsError
    if not os.access(target, os.W_OK):
        raise PermissionError(0, "it is read-only")
    return there


def _write_through(path: Path, pieces: Iterable[str]) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with open(fd, "w", encoding="utf-8", newline="") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(fd)


def _claim(temporary: Path, target: Path) -> None:
    """Move to `target` if that name is free. Raises FileExistsError: another process was faster."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links (FAT, some network shares)
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        temporary.replace(target)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems cannot; the file itself is written
            os.fsync(fd)
    finally:
        os.close(fd)
