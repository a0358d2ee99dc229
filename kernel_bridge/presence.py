"""File locks that the system releases when their process ends, however it ends.

They show which processes are alive, and let several take turns. Unlike a process id, a lock cannot be reused
or refer to a process in another container.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try_lock(fd: int) -> None:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


RETRY_S = 0.02
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Presence:
    """Marks this process as alive by holding a file lock until it is closed."""

    def __init__(self, path: Path) -> None:
        """Raises OSError: the folder is not writable, or the file is locked."""
        self._path = path
        self._fd = _locked(path)
        while not _is_at(self._fd, path):  # its last holder has just removed it
            os.close(self._fd)
            self._fd = _locked(path)

    def close(self) -> None:
        if sys.platform != "win32":  # where an open file cannot be removed
            self._remove()  # while it is locked: no other process holds it
        os.close(self._fd)
        if sys.platform == "win32":
            self._remove()

    def _remove(self) -> None:
        with suppress(OSError):
            self._path.unlink()


def _locked(path: Path) -> int:
    fd = os.open(path, _FLAGS | os.O_CREAT, 0o600)
    try:
        _try_lock(fd)
    except OSError:
        os.close(fd)
        raise
    return fd


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def is_present(path: Path) -> bool:
    """Whether a living process holds the `Presence` at this path."""
    try:
        fd = os.open(path, _FLAGS)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        _try_lock(fd)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


@contextmanager
def turn(path: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock at `path`, for which several processes take turns. The file is kept.

    Raises TimeoutError: another process holds it for longer than `timeout_s`. OSError: it cannot be created.
    """
    deadline = time.monotonic() + timeout_s
    fd = os.open(path, _FLAGS | os.O_CREAT, 0o600)
    try:
        while True:
            try:
                _try_lock(fd)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{path} is locked by another process") from None
                time.sleep(RETRY_S)
        yield
    finally:
        os.close(fd)
