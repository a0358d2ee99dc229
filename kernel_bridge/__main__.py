"""The entry: with `--stdio` it guards stdin and stdout before any other import, then hands over to cli."""

import os  # these two are there before this module is, so that they come from nowhere else
import sys


def _import_nothing_from_here() -> None:
    """Take the current folder out of sys.path: it may be anybody's, and its json.py would be run.

    `python -m` puts it there, as does an empty or relative part of PYTHONPATH. What Python itself imports
    before this module (runpy, sitecustomize) only `python -P` keeps away from there; the command
    `kernel-bridge` has no such weakness.
    """
    try:
        here = os.getcwd()
    except OSError:  # it was removed
        here = ""
    if not f"{here}{os.sep}".startswith(f"{sys.prefix}{os.sep}"):  # our own packages may lie there
        sys.path[:] = [folder for folder in sys.path if folder not in ("", here)]


_import_nothing_from_here()

from kernel_bridge.guard import (  # noqa: E402
    claim_stdio,
    leave_removed_folder,
    leave_session,
    open_closed,
)


def main() -> int:
    """The exit status of `kernel-bridge`, with the arguments of this process."""
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
    except KeyboardInterrupt:  # while modules are imported
        return 130


if __name__ == "__main__":
    sys.exit(main())
