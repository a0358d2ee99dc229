"""The advice when the system refuses something that a kernel needs."""

import errno
import os
import sys

import pytest

from kernel_bridge.kernels.hints import advice_for_error, advice_for_oserror


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


AWAIT = "a kernel already runs an event loop; use `await main()` instead of `asyncio.run(main())`"
INSTALL = (
    f"the kernel's Python is {sys.executable}; to install a package there: {sys.executable} -m pip install "
)


@pytest.mark.parametrize(
    ("ename", "evalue", "hint"),
    [
        ("RuntimeError", "asyncio.run() cannot be called from a running event loop", AWAIT),
        ("RuntimeError", "This event loop is already running", AWAIT),
        ("RuntimeError", "generator ignored GeneratorExit", None),
        ("ValueError", "This event loop is already running", None),
        ("ModuleNotFoundError", "No module named 'polars'", f"{INSTALL}polars"),
        ("ModuleNotFoundError", "No module named 'cv2'", f"{INSTALL}opencv-python"),
        ("ModuleNotFoundError", "No module named 'tkinter'", None),
        ("ModuleNotFoundError", "No module named 'numpy.nothing'", None),
    ],
)
def test_advice_for_exceptions(ename: str, evalue: str, hint: str | None) -> None:
    assert advice_for_error(ename, evalue, sys.executable) == hint
    if hint is not AWAIT:
        assert advice_for_error(ename, evalue, None) is None
