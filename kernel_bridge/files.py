"""Read files and folders that somebody else wrote: a project's, a user's, another program's.

git carries links, and a link may lead to a device, a FIFO or something endless. Every file that this process
did not write itself is read here: regular files only, up to a size, never waiting. Folders are read up to a
number of names.
"""

import errno
import os
import stat
from functools import lru_cache
from itertools import islice

LARGEST_DOCUMENT_BYTES = 1 << 29
"""A notebook or script; running and exporting hold it in memory several times over."""

MOST_NAMES = 20_000
"""How many names of one folder are read. A large /usr/lib has 3,000."""


class NotReadable(OSError):
    """The file is not a regular file, or larger than what is read of its kind; `strerror` says which."""

    def __init__(self, path: str | os.PathLike[str], why: str) -> None:
        super().__init__(errno.EINVAL, why, str(path))


def read_file(path: str | os.PathLike[str], largest_bytes: int) -> bytes:
    """The content of a regular file (links are followed).

    Raises NotReadable: it is a device, a FIFO, a socket or a folder, or has more than `largest_bytes`;
    OSError: it cannot be opened or read, also where its name is impossible.
    """
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):  # a FIFO without a writer never opens
        flags |= getattr(os, name, 0)
    try:
        _require_regular(path, os.stat(path), largest_bytes)  # to open some devices does something
        descriptor = os.open(path, flags)
    except ValueError as error:  # a zero byte, or a name that the file system's encoding lacks
        raise NotReadable(path, f"its name is impossible ({error})") from None
    try:
        return read_descriptor(descriptor, path, largest_bytes)
    finally:
        os.close(descriptor)


def read_descriptor(descriptor: int, path: str | os.PathLike[str], largest_bytes: int) -> bytes:
    """As `read_file`, of a file that is open and stays so; `path` is for the error."""
    _require_regular(path, os.fstat(descriptor), largest_bytes)
    with open(descriptor, "rb", closefd=False) as file:
        content = file.read(largest_bytes + 1)  # files of /proc have more than they say
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
    """The text of a regular file; bytes that are not UTF-8 are replaced. Raises as `read_file`."""
    return read_file(path, largest_bytes).decode("utf-8-sig", "replace")


def names_in(folder: str | os.PathLike[str]) -> list[str]:
    """The names in a folder, sorted; empty where it cannot be read.

    Of more than MOST_NAMES, those that the system names first; the log says so.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, MOST_NAMES + 1)]
    except (OSError, ValueError):
        return []
    if len(names) > MOST_NAMES:
        log_once(f"{readable(str(folder))} has more than {MOST_NAMES:,} entries; only some are looked at")
    return sorted(names[:MOST_NAMES])


def log_skipped(path: str | os.PathLike[str], error: OSError | ValueError) -> None:
    """Log, once for each file and reason, that a file is skipped. One that is not there is no news."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        log_once(f"{readable(str(path))} is skipped: {reason(error)}")


@lru_cache(maxsize=1000)
def log_once(message: str) -> None:
    """Log a warning about something that is looked at again and again, when it is met first."""
    import logging  # takes its time, and the keeper imports this module

    logging.getLogger(__name__).warning("%s", message)


def reason(error: OSError | ValueError) -> str:
    """Why a file could not be read, without its path and without the number of the error."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def readable(path: str) -> str:
    """A path as JSON can have it: bytes of it that are no UTF-8 are replaced."""
    return os.fsencode(path).decode(errors="replace")
