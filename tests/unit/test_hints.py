"""The advice when the system refuses something that a kernel needs."""

import errno
import os

import pytest

from kernel_bridge.kernels.hints import advice_for_oserror


@pytest.mark.parametrize(
    ("number", "path", "part"),
    [
        (errno.ENOSPC, "/run/user/1/kernel-1.json", "cannot write to /run/user/1:"),
        (errno.EDQUOT, "/run/user/1/kernel-1.json", "cannot write to /run/user/1:"),
        (errno.ENOSPC, None, "cannot write to /"),  # from a write: Jupyter's runtime folder
        (errno.EMFILE, None, "file descriptors are open"),
        (errno.ENFILE, None, "file descriptors are open"),
        (errno.EAGAIN, None, "cannot start more processes or threads"),
        (errno.ENOMEM, None, "out of memory"),
        (errno.ENOEXEC, "kernel", "fix argv"),
    ],
)
def test_advice_names_the_exhausted_resource(number: int, path: str | None, part: str) -> None:
    advice = advice_for_oserror(OSError(number, os.strerror(number), path), ["kernel"])
    assert part in advice
    assert ("argv" in advice) == ("argv" in part)
