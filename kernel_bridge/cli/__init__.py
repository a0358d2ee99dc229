"""`kernel-bridge --stdio` and the commands that a person types; drives the bridge, owns no logic."""

import sys


def main(argv: list[str], stdin_fd: int, stdout_fd: int) -> int:
    """The exit code of `kernel-bridge ARGV`; the descriptors are those of JSON-RPC, for `--stdio` alone."""
    from .output import guard_output

    guard_output()
    if argv == ["--stdio"]:  # what editors start: not even argparse is imported for it
        return _serve(stdin_fd, stdout_fd, "warning", None)
    from .arguments import parse

    try:
        options = parse(argv)
    except SystemExit as end:  # argparse has printed help, the version or what is wrong
        return int(end.code or 0)
    if options.stdio:
        return _serve(stdin_fd, stdout_fd, options.log_level, options.log_file)
    from .commands import execute

    return execute(options)


def _serve(stdin_fd: int, stdout_fd: int, log_level: str, log_file: str | None) -> int:
    from ..limits import run
    from ..server.lifecycle import Server
    from .logs import configure

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
