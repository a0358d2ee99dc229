"""Reads files and folders written by others: the project, the user, other programs.

git stores links, and a link may lead to a device, a FIFO or an endless file. Every file that this process did
not write is read here: regular files only, up to a size limit, without blocking. The number of names read
from a folder is limited too.
"""

import errno
import os
import stat
from functools import lru_cache
from itertools import islice

LARGEST_DOCUMENT_BYTES = 1 << 29
"""The size limit for a notebook or script: running or exporting it holds several copies in memory."""

MOST_NAMES = 20_000
"""How many names are read from one folder. A large /usr/lib has 3,000."""


class NotReadable(OSError):
    """The file is not a regular file, or exceeds its size limit; `strerror` names the reason."""

    def __init__(self, path: str | os.PathLike[str], why: str) -> None:
        super().__init__(errno.EINVAL, why, str(path))


def read_file(path: str | os.PathLike[str], largest_bytes: int) -> bytes:
    """The content of a regular file. Links are followed.

    Raises NotReadable: it is a device, FIFO, socket or folder, has more than `largest_bytes`, or its name is
    invalid. OSError: it cannot be opened or read.
    """
    flags = os.O_RDONLY
    # without O_NONBLOCK, opening a FIFO that has no writer would block
    for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        _require_regular(path, os.stat(path), largest_bytes)  # opening some devices has side effects
        descriptor = os.open(path, flags)
    except ValueError as error:  # a null byte, or a name that the file system's encoding cannot express
        raise NotReadable(path, f"its name is invalid ({error})") from None
    try:
        return read_descriptor(descriptor, path, largest_bytes)
    finally:
        os.close(descriptor)


def read_descriptor(descriptor: int, path: str | os.PathLike[str], largest_bytes: int) -> bytes:
    """Like `read_file`, for a descriptor, which stays open; `path` is only for the error message."""
    _require_regular(path, os.fstat(descriptor), largest_bytes)
    with open(descriptor, "rb", closefd=False) as file:
        content = file.read(largest_bytes + 1)  # files in /proc hold more than their st_size
    if len(content) > largest_bytes:
        raise _too_large(path, largest_bytes)
    return content


def _require_regular(path: str | os.PathLike[str], status: os.stat_result, largest_bytes: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotReadable(path, "not a regular file")
    if status.st_size > largest_bytes:
        raise _too_large(path, largest_bytes)


def _too_large(path: str | os.PathLike[str], largest_bytes: int) -> NotReadable:
    return NotReadable(path, f"larger than {largest_bytes:,} bytes")


def read_text(path: str | os.PathLike[str], largest_bytes: int) -> str:
    """The text of a regular file; invalid UTF-8 is replaced. Raises the errors of `read_file`."""
    return read_file(path, largest_bytes).decode("utf-8-sig", "replace")


def names_in(folder: str | os.PathLike[str]) -> list[str]:
    """The names in a folder, sorted; empty if it cannot be read.

    Reads at most MOST_NAMES, in the order of the file system, and logs a warning if there are more.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, MOST_NAMES + 1)]
    except (OSError, ValueError):
        return []
    if len(names) > MOST_NAMES:
        log_once(f"{readable(str(folder))} has more than {MOST_NAMES:,} entries; the others are ignored")
    return sorted(names[:MOST_NAMES])


def log_skipped(path: str | os.PathLike[str], error: OSError | ValueError) -> None:
    """Log that a file is skipped, once per file and reason. A missing file is not logged."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        log_once(f"{readable(str(path))} is skipped: {reason(error)}")


@lru_cache(maxsize=1000)
def log_once(message: str) -> None:
    """Log a warning only the first time, for conditions that are checked repeatedly."""
    import logging  # slow to import, and the keeper imports this module

    logging.getLogger(__name__).warning("%s", message)


def reason(error: OSError | ValueError) -> str:
    """Why a file could not be read, without its path or error number."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def readable(path: str) -> str:
    """A path that JSON can express: invalid UTF-8 is replaced."""
    return os.fsencode(path).decode(errors="replace")
