"""The recorder: follows kept kernels while no bridge does, so that nothing they print is lost."""


def main(kernel_ids: list[str]) -> int:
    """Run the recorder of this runtime folder until its last kernel is gone; return its exit code.

    If another process is the recorder already, this one only asks it to revive these kernels.
    """
    from ..limits import raise_descriptors, run
    from .process import record

    raise_descriptors()
    return run(record(kernel_ids))
