"""Where the recorder listens, and the lock that makes it the only one for this runtime folder."""

import contextlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from ..kernels.keeper_process import start_time
from ..kernels.records import instant, record_path
from ..owned import private_folder, read_private, write_private
from ..presence import Presence

SUPPORTED = sys.platform != "win32"  # unix sockets of asyncio, and a keeper that starts it

LONGEST_PATH_BYTES = 100  # of a unix socket
LARGEST_BYTES = 65_536


VERSION = 1
"""Of the messages of a link. A recorder and a bridge of different versions leave each other alone."""


class Address(msgspec.Struct, frozen=True):
    """A recorder: its socket and its process."""

    version: int
    socket: str
    pid: int
    start_time: str | None  # of the process, as /proc or ps has it
    started_at: str  # ISO 8601


def _folder() -> Path:
    """The folder of the kernels' records, which is private to the user."""
    return Path(record_path("")).parent


def find() -> Address | None:
    """The recorder of this runtime folder, if its process is running."""
    try:
        raw = read_private(str(_folder() / "recorder.address"), LARGEST_BYTES)
        address = msgspec.json.decode(raw, type=Address)
    except (OSError, ValueError):
        return None
    if start_time(address.pid) == address.start_time is not None:
        return address
    with contextlib.suppress(OSError):
        Place().close()  # remove what it has left, unless another one is starting
    return None


class Place:
    """The place of the only recorder, held until it is closed.

    Raises BlockingIOError: another process has it. OSError: the folder cannot be written.
    """

    def __init__(self) -> None:
        folder = _folder()
        private_folder(str(folder))
        self._lock = Presence(folder / "recorder.lock")
        self._address = folder / "recorder.address"
        self.log = folder / "recorder.log"
        self._made: str | None = None  # a folder for the socket alone
        self.socket = str(folder / "recorder.sock")
        if len(os.fsencode(self.socket)) > LONGEST_PATH_BYTES:
            self._made = tempfile.mkdtemp(prefix="kb-")
            self.socket = os.path.join(self._made, "recorder.sock")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket)  # of a recorder that was killed
        self.started_at = instant(time.time())

    def announce(self) -> None:
        """Tell other processes where the recorder listens."""
        address = Address(VERSION, self.socket, os.getpid(), start_time(os.getpid()), self.started_at)
        temporary = f"{self._address}.new"
        write_private(temporary, msgspec.json.encode(address))
        os.replace(temporary, self._address)

    def close(self) -> None:
        """Leave the place to the next recorder. Nothing listens any more."""
        for path in (self._address, self.socket):
            with contextlib.suppress(OSError):
                os.unlink(path)
        if self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)
        self._lock.close()
