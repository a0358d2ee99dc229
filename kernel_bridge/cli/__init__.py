"""The command line: `kernel-bridge --stdio`, and the commands for a terminal."""

import sys


def main(argv: list[str], stdin_fd: int, stdout_fd: int) -> int:
    """Run `kernel-bridge ARGV`; return its exit code. Only `--stdio` uses the descriptors, for JSON-RPC."""
    from .output import guard_output

    guard_output()
    if argv == ["--stdio"]:  # editors start this; importing argparse would only delay it
        return _serve(stdin_fd, stdout_fd, "warning", None)
    from .arguments import parse

    try:
        options = parse(argv)
    except SystemExit as end:  # argparse has printed the help, the version or an error
        return int(end.code or 0)
    if options.stdio:
        return _serve(stdin_fd, stdout_fd, options.log_level, options.log_file)
    from .commands import execute

    return execute(options)


def _serve(stdin_fd: int, stdout_fd: int, log_level: str, log_file: str | None) -> int:
    from ..limits import run
    from ..logs import configure
    from ..server.lifecycle import Server

    try:
        configure(log_level, log_file)
    except OSError as error:
        print(
            f"kernel-bridge: error: cannot write the log file {log_file}: {error.strerror}", file=sys.stderr
        )
        return 2

    async def serve() -> int:
        return await Server(stdin_fd, stdout_fd).serve()

    return run(serve())
