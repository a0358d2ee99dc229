"""The advice when the system refuses something that a kernel needs."""

import errno
import os

import pytest

from kernel_bridge.kernels.hints import advice_for_oserror


@pytest.mark.parametrize(
    ("number", "path", "said"),
    [
        (errno.ENOSPC, "/run/user/1/kernel-1.json", "nothing can be written to /run/user/1:"),
        (errno.EDQUOT, "/run/user/1/kernel-1.json", "nothing can be written to /run/user/1:"),
        (errno.ENOSPC, None, "nothing can be written to /"),  # from a write: Jupyter's runtime folder
        (errno.EMFILE, None, "file descriptors are open"),
        (errno.ENFILE, None, "file descriptors are open"),
        (errno.EAGAIN, None, "no more processes or threads"),
        (errno.ENOMEM, None, "no memory left"),
        (errno.ENOEXEC, "kernel", "correct argv"),
    ],
)
def test_advice_names_the_exhausted_resource(number: int, path: str | None, said: str) -> None:
    advice = advice_for_oserror(OSError(number, os.strerror(number), path), ["kernel"])
    assert said in advice
    assert ("argv" in advice) == ("argv" in said)
