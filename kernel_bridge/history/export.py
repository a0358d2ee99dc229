"""Writes an exported file atomically."""

import os
import stat
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..protocol.errors import ExportExists, ExportFailed, Remedy


def write(path: Path, pieces: Iterable[str], overwrite: bool) -> None:
    """Write a text (as UTF-8) to `path`. An existing file changes only once the new one is complete.

    Raises ExportExists: the file exists and `overwrite` is off. ExportFailed: the file system refused.
    """
    try:
        if not overwrite and os.path.lexists(path) and not path.exists():
            raise FileExistsError  # a dangling link: writing would create its target
        target = Path(os.path.realpath(path))  # a link is kept, and its target written
        mode = _check(target, overwrite)
        temporary = target.parent / f".kernel-bridge-{uuid.uuid4().hex}.tmp"
        try:
            _write_through(temporary, pieces)
            if mode is not None:
                temporary.chmod(mode)
            if overwrite:
                temporary.replace(target)
            else:
                _claim(temporary, target)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
        _sync_folder(target.parent)
    except FileExistsError:
        raise ExportExists(f"{path} exists", path=str(path), remedy=Remedy.OVERWRITE) from None
    except (OSError, ValueError) as error:  # ValueError: the name is invalid
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ExportFailed(
            f"{str(path)!r} could not be written: {why}", path=str(path), reason=str(error)
        ) from error


def _check(target: Path, overwrite: bool) -> int | None:
    """The permissions to keep; None for a new file. Raises OSError: the target cannot be written."""
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
    return stat.S_IMODE(there.st_mode)


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
