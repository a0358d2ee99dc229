"""The run that was sent to a kept kernel last, on disk.

The history lags a little behind. After a kill, this tells which of its queued runs were sent nevertheless:
they must not run twice. A page that was written survives its process.
"""

import contextlib
import logging
import os

from ..owned import NO_LINK, read_private
from .records import record_path

log = logging.getLogger(__name__)

LARGEST_BYTES = 4096


def sent_path(kernel_id: str) -> str:
    """The file of a kernel. It is removed with the kernel's record (traces.py)."""
    return f"{record_path(kernel_id)}.sent"


def note_sent(path: str, run_id: str, heard: int | None) -> None:
    """Note that a run is about to be sent, after the message `heard`. Takes microseconds."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | NO_LINK, 0o600)
        try:
            os.write(descriptor, f"{run_id} {heard if heard is not None else ''}".ljust(80).encode())
        finally:
            os.close(descriptor)
    except OSError as error:
        log.info("%s cannot be written: %s", path, error)


def last_sent(kernel_id: str) -> tuple[str | None, int | None]:
    """The id of the run sent last, and the number of the last message heard before. None: unknown."""
    with contextlib.suppress(OSError, ValueError):
        run_id, _, heard = read_private(sent_path(kernel_id), LARGEST_BYTES).decode().strip().partition(" ")
        return run_id or None, int(heard) if heard else None
    return None, None
