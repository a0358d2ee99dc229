"""Read files that somebody else wrote: a project's, a user's, another program's.

git carries links, and a link may lead to a device, a FIFO or something endless. Every file that this process
did not write itself is read here: regular files only, up to a size, never waiting.
"""

import errno
import os
import stat
from pathlib import Path


class NotReadable(OSError):
    """The file is not a regular file, or larger than what is read of its kind; `strerror` says which."""

    def __init__(self, path: str | Path, why: str) -> None:
        super().__init__(errno.EINVAL, why, str(path))


def read_file(path: str | Path, largest_bytes: int) -> bytes:
    """The content of a regular file (links are followed).

    Raises NotReadable: it is a device, a FIFO, a socket or a folder, or has more than `largest_bytes`;
    OSError: it cannot be opened or read, also where its name is impossible.
    """
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):  # a FIFO without a writer never opens
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
    except ValueError as error:  # a zero byte, or a name that the file system's encoding lacks
        raise NotReadable(path, f"its name is impossible ({error})") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotReadable(path, "not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(largest_bytes + 1)
    finally:
        os.close(descriptor)
    if len(content) > largest_bytes:
        raise NotReadable(path, f"larger than {largest_bytes:,} bytes")
    return content


def read_text(path: str | Path, largest_bytes: int) -> str:
    """The text of a regular file; bytes that are not UTF-8 are replaced. Raises as `read_file`."""
    return read_file(path, largest_bytes).decode("utf-8-sig", "replace")
