"""Advice for errors: of kernels that do not start, of the system, and of code that kernels cannot run."""

import errno
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ..escapes import legible
from ..limits import OUT_OF_DESCRIPTORS, used_descriptors
from .package_managers import IPYKERNEL, install_command

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Advice:
    """Advice for the user. `command` is set if running that shell command is the whole fix."""

    sentence: str
    command: str | None = None


def advice_for_exit(python: str | None, stderr: str, cwd: str | None) -> Advice | None:
    """The most likely reason why a kernel ended at its start. `python` is its interpreter, if it has one."""
    if re.search(r"No module named '?ipykernel", stderr):
        command = install_command(python or sys.executable, IPYKERNEL)
        return Advice(f"this Python has no ipykernel; install it: {command}", command)
    if missing := re.search(r"No module named '?([\w.]+)", stderr):
        return Advice(f"the kernel's Python has no module {missing[1]}; install it there")
    if shadow := _shadowing(stderr, cwd):
        return Advice(
            f"{shadow} has the name of a module of the standard library and hides it; rename the file"
        )
    if "Permission denied" in stderr:
        return Advice("the kernel has no permission to use a file that it needs; see its output")
    return None


_PACKAGES = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""The package of a module, where their names differ."""


def advice_for_error(ename: str, evalue: str, python: str | None) -> str | None:
    """What to do about an exception, if that is certain. `python`: the kernel's interpreter, if any."""
    if ename == "RuntimeError" and _LOOP_RUNS.search(evalue):
        return "a kernel already runs an event loop; use `await main()` instead of `asyncio.run(main())`"
    missing = _NO_MODULE.fullmatch(evalue) if ename == "ModuleNotFoundError" else None
    if missing is None or python is None or missing[1] in sys.stdlib_module_names:
        return None
    package = _PACKAGES.get(missing[1], missing[1])
    command = install_command(python, package)
    return legible(f"the kernel's Python is {python}; to install a package there: {command}")


_NO_MODULE = re.compile(r"No module named '(\w+)'")
_LOOP_RUNS = re.compile(
    r"cannot be called from a running event loop"  # asyncio.run, asyncio.Runner.run
    r"|^This event loop is already running"  # loop.run_until_complete
    r"|^Cannot run the event loop while another loop is running"
)


def _shadowing(stderr: str, cwd: str | None) -> str | None:
    """A file in the kernel's folder that shadows a module of the standard library."""
    for path in re.findall(r'File "([^"]+\.py)"', stderr) + re.findall(r"\(([^()\s]+\.py)\)", stderr):
        name = os.path.basename(path)[: -len(".py")]
        here = os.path.dirname(os.path.join(cwd or "", path))
        if (
            name in sys.stdlib_module_names
            and cwd is not None
            and os.path.realpath(here) == os.path.realpath(cwd)
        ):
            return str(path)
    return None


def _runtime_folder(error: OSError) -> str | None:
    """Jupyter's runtime folder, if the error concerns it, a parent of it, or a file in it."""
    from jupyter_core.paths import jupyter_runtime_dir

    runtime, path = jupyter_runtime_dir(), str(error.filename)
    concerned = os.path.commonpath([runtime, path]) in (runtime, path) if os.path.isabs(path) else False
    return runtime if concerned else None


def advice_for_oserror(error: OSError, argv: Sequence[str] = (), cwd: str | None = None) -> str:
    """What to do if the system refused something that a kernel needs. `argv` is the kernel's command."""
    if (shortage := _shortage(error)) is not None:
        return shortage
    if cwd is not None and not os.path.isdir(cwd):
        return f"the folder {cwd} does not exist; create it, or change cwd or the setting workingFolder"
    if error.filename is None and isinstance(error, FileNotFoundError):  # from os.getcwd()
        return "the working folder of kernel-bridge was removed; restart it in another folder"
    command = argv[0] if argv else None
    if error.filename != command and (runtime := _runtime_folder(error)) is not None:
        return f"its connection file goes to {runtime}; make that folder writable, or set JUPYTER_RUNTIME_DIR"
    if isinstance(error, FileNotFoundError):
        return f"the command {command!r} was not found; install it, or fix argv in the kernelspec"
    if isinstance(error, PermissionError):
        return f"{command!r} is not executable; make it so, or fix argv in the kernelspec"
    return f"{command!r} could not be run ({error.strerror}); fix argv in the kernelspec"


def _shortage(error: OSError) -> str | None:
    """Which resource ran out, with numbers; None if none did."""
    if error.errno in OUT_OF_DESCRIPTORS:
        return used_descriptors()
    if error.errno == errno.EAGAIN:  # from fork and pthread_create
        return (
            "this user cannot start more processes or threads; end some of them, or raise the limit "
            "(`ulimit -u`, or the container's)"
        )
    if error.errno == errno.ENOMEM:
        return "the system is out of memory; shut down kernels or other programs"
    if error.errno in DISK_FULL:
        from jupyter_core.paths import jupyter_runtime_dir

        folder = os.path.dirname(error.filename) if isinstance(error.filename, str) else jupyter_runtime_dir()
        return f"cannot write to {folder}: the disk or the quota is full; free some space there"
    return None
