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

    def write(self, run_id: str) -> None:
        """Note that a run is about to be sent. Takes microseconds; never raises."""
        try:
            if self._fd is None and not self._fails:
                private_folder(os.path.dirname(self._path))
                self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | NO_LINK, 0o600)
            if self._fd is not None:
                os.pwrite(self._fd, run_id.ljust(64).encode(), 0)
        except OSError as error:
            self._fails = True
            log.warning("%s cannot be written: %s", self._path, error)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def last_sent(kernel_id: str) -> str | None:
    """The id of the run that was sent last; None: unknown."""
    with contextlib.suppress(OSError, ValueError):
        return read_private(_path(kernel_id), LARGEST_BYTES).decode().strip() or None
    return None
