"""The run that was sent to a kept kernel last, on disk.

The history lags a little behind. After a kill, this tells which of its queued runs were sent nevertheless:
they must not run twice. A page that was written survives its process.
"""

import contextlib
import logging
import os

from ..owned import NO_LINK, private_folder, read_private
from .records import record_path

log = logging.getLogger(__name__)

LARGEST_BYTES = 4096


def _path(kernel_id: str) -> str:
    return f"{record_path(kernel_id)}.sent"  # removed with the record (traces.py)


class LastSent:
    """Written for one kernel, by the process that follows it. The file stays."""

    def __init__(self, kernel_id: str) -> None:
        self._path = _path(kernel_id)
        self._fd: int | None = None
        self._fails = False

    def write(self, run_id: str, heard: int | None) -> None:
        """Note that a run is about to be sent, after the message `heard`. Takes microseconds."""
        try:
            if self._fd is None and not self._fails:
                private_folder(os.path.dirname(self._path))
                self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | NO_LINK, 0o600)
            if self._fd is not None:
                os.pwrite(self._fd, f"{run_id} {heard if heard is not None else ''}".ljust(80).encode(), 0)
        except OSError as error:
            self._fails = True
            log.warning("%s cannot be written: %s", self._path, error)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def last_sent(kernel_id: str) -> tuple[str | None, int | None]:
    """The id of the run sent last, and the number of the last message heard before. None: unknown."""
    with contextlib.suppress(OSError, ValueError):
        run_id, _, heard = read_private(_path(kernel_id), LARGEST_BYTES).decode().strip().partition(" ")
        return run_id or None, int(heard) if heard else None
    return None, None
