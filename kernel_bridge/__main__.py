"""The entry: with `--stdio` it guards stdin and stdout before any other import, then hands over to cli."""

import sys

from kernel_bridge.guard import claim_stdio, leave_removed_folder, leave_session, open_closed


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
        from kernel_bridge import cli

        return cli.main(arguments, stdin_fd=stdin_fd, stdout_fd=stdout_fd)
    except KeyboardInterrupt:  # while modules are imported
        return 130


if __name__ == "__main__":
    sys.exit(main())
