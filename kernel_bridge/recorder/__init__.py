"""The recorder: follows kept kernels while no bridge does, so that nothing they print is lost."""


def main(kernel_ids: list[str]) -> int:
    """Run the recorder of this runtime folder until its last kernel is gone; return its exit code.

    If another process is the recorder already, this one only asks it to revive these kernels.
    """
    from ..limits import raise_descriptors, run
    from .process import record

    raise_descriptors()
    _return_memory()
    return run(record(kernel_ids))


def _return_memory() -> None:
    """Have glibc return freed memory to the system: a flood is short, and a recorder lives for days.

    Other C libraries have no mallopt, and need none.
    """
    import ctypes
    from contextlib import suppress

    trim_threshold, mmap_threshold, arena_max = -1, -3, -8  # as in malloc.h
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in ((trim_threshold, 1 << 17), (mmap_threshold, 1 << 17), (arena_max, 1)):
            mallopt(parameter, value)
