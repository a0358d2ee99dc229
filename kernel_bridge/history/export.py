"""The file that an export writes: whole or not at all."""

import os
import stat
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..protocol.errors import ExportExists, ExportFailed, Remedy


def write(path: Path, pieces: Iterable[str], overwrite: bool) -> None:
    """Put a text (as UTF-8) at `path`; the file that was there stays as it is unless all of it was written.

    Raises ExportExists: there is a file and `overwrite` is not set; ExportFailed: the file system refuses.
    """
    try:
        if not overwrite and os.path.lexists(path) and not path.exists():
            raise FileExistsError  # a link that leads nowhere: a file would be made at its other end
        target = Path(os.path.realpath(path))  # a link stays, and points to the file
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
    except (OSError, ValueError) as error:  # ValueError: no file can have that name
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ExportFailed(
            f"{str(path)!r} could not be written: {why}", path=str(path), reason=str(error)
        ) from error


def _check(target: Path, overwrite: bool) -> int | None:
    """The permissions to keep, None for a new file; raises OSError: nothing can be written there."""
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
    """Move to a name that is free; raises FileExistsError: somebody else was faster."""
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
