"""Why a kernel did not start, as far as what it wrote tells, and what to do about it."""

import os
import re
import sys

from .interpreters import install_ipykernel


def hint_for_exit(python: str | None, stderr: str, cwd: str | None) -> str | None:
    """What is most likely wrong when a kernel ended at its start; `python` is its interpreter, if any."""
    if re.search(r"No module named '?ipykernel", stderr):
        return f"this Python has no ipykernel; install it: {install_ipykernel(python or sys.executable)}"
    if missing := re.search(r"No module named '?([\w.]+)", stderr):
        return f"the kernel needs the Python module {missing[1]}, which its interpreter does not have"
    if shadow := _shadowing(stderr, cwd):
        return f"{shadow} has the name of a module of the standard library and hides it; rename the file"
    if "Permission denied" in stderr:
        return "the kernel may not read or write a file that it needs; see its output"
    return None


def _shadowing(stderr: str, cwd: str | None) -> str | None:
    """A file of the kernel's folder that is imported instead of a module of the standard library."""
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
    """Jupyter's runtime folder, if the error is about it, one above it or a file in it."""
    from jupyter_core.paths import jupyter_runtime_dir

    runtime, path = jupyter_runtime_dir(), str(error.filename)
    concerned = os.path.commonpath([runtime, path]) in (runtime, path) if os.path.isabs(path) else False
    return runtime if concerned else None


def hint_for_oserror(error: OSError, argv: list[str], cwd: str | None) -> str:
    """What is wrong when the command could not be run at all."""
    if cwd is not None and not os.path.isdir(cwd):
        return f"the folder {cwd} does not exist; start the kernel with another cwd"
    if error.filename is None and isinstance(error, FileNotFoundError):  # of os.getcwd()
        return "the folder that kernel-bridge runs in was removed; restart it in another one"
    if error.filename != argv[0] and (runtime := _runtime_folder(error)) is not None:
        return f"its connection file goes into {runtime}, which must be writable (set JUPYTER_RUNTIME_DIR)"
    if isinstance(error, FileNotFoundError):
        return f"the command {argv[0]!r} was not found; install it, or correct argv in the kernelspec"
    if isinstance(error, PermissionError):
        return f"{argv[0]!r} may not be executed; make it executable, or correct argv in the kernelspec"
    return f"{argv[0]!r} could not be run ({error.strerror}); correct argv in the kernelspec"
