"""The entry point. With `--stdio`, it guards stdin and stdout before any other import. Then it calls cli."""

import os  # Python loads os and sys before this module, so no other folder can supply them
import sys


def _import_nothing_from_here() -> None:
    """Remove the current folder from sys.path: it may be untrusted, and an import could run its json.py.

    `python -m` adds the folder, and so does an empty or relative part of PYTHONPATH. Only `python -P`
    protects the modules that Python imports before this one (runpy, sitecustomize). The command
    `kernel-bridge` is not affected.
    """
    try:
        here = os.getcwd()
    except OSError:  # the folder was removed
        here = ""
    if not f"{here}{os.sep}".startswith(f"{sys.prefix}{os.sep}"):  # the folder may hold our own packages
        sys.path[:] = [folder for folder in sys.path if folder not in ("", here)]


_import_nothing_from_here()

from kernel_bridge.guard import (  # noqa: E402
    claim_stdio,
    leave_removed_folder,
    leave_session,
    open_closed,
)


def main() -> int:
    """Run `kernel-bridge` with the arguments of this process; return its exit code."""
    open_closed()
    arguments = sys.argv[1:]
    stdin_fd, stdout_fd = 0, 1
    if "--stdio" in arguments:
        stdin_fd, stdout_fd = claim_stdio()
        leave_session(stdin_fd)
        leave_removed_folder()

    try:
        from kernel_bridge import cli, limits

        limits.raise_descriptors()
        return cli.main(arguments, stdin_fd=stdin_fd, stdout_fd=stdout_fd)
    except KeyboardInterrupt:  # during an import
        return 130


if __name__ == "__main__":
    sys.exit(main())
