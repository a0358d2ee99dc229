"""Memory that was freed and that the C library keeps: given back to the system."""

import ctypes
import sys


def give_back() -> None:
    """Give freed memory back, where the C library is glibc; takes milliseconds, and other threads go on.

    Long texts that come from one thread and are freed by another leave holes in glibc's heap, which never
    shrinks by itself: after 1 GB of output it was ten times as large as what was in use.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
