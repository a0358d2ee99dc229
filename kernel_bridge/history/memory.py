"""Makes the C library return freed memory to the system."""

import ctypes
import sys


def trim() -> None:
    """Return freed memory to the system, if the C library is glibc.

    Takes milliseconds; other threads keep running. Long strings allocated by one thread and freed by another
    leave holes in glibc's heap, which never shrinks by itself: after 1 GB of output it was ten times the size
    of the data in use.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
