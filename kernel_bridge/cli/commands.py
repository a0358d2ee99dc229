"""Runs the command that the options name. Turns an exception into an exit code and a message on stderr."""

import argparse
import errno
import logging
import os
import sys

from ..escapes import legible
from ..limits import run
from ..logs import configure
from ..protocol.errors import REPORT_BUG, BridgeError, Remedy, StartFailed
from .exits import BROKEN_PIPE, BUG, INTERRUPTED, NO_KERNEL, UNWRITABLE, USAGE, UsageError, give_up
from .output import drawing

log = logging.getLogger(__name__)

# The disk is full, the terminal is gone, or stdout was opened for reading.
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}

WORDS = {
    Remedy.START_KERNEL: "start a new kernel with `kernel-bridge start`",
    Remedy.RESTART_KERNEL: "start a new kernel with `kernel-bridge start`",
    Remedy.CHOOSE_KERNEL: "choose one with --attach (`kernel-bridge kernels` lists the running ones)",
    Remedy.ATTACH_KERNEL: "`kernel-bridge kernels` lists running kernels, `kernel-bridge start` starts one",
    Remedy.SHUT_DOWN_KERNEL: "resume its process, use another kernel, or end it with `kernel-bridge stop`",
    Remedy.INSTALL_KERNEL: "install it there, or choose another kernel with --kernel or --python",
    Remedy.CHOOSE_KERNEL_SPEC: "install one, or choose another kernel with --kernel",
    Remedy.LIST_RUNS: "`kernel-bridge history` lists all runs",
    Remedy.OVERWRITE: "--overwrite replaces it",
    Remedy.WRITE_BACK: (
        "the outputs are in the history, and `kernel-bridge export FILE --file FILE --document` writes them "
        "into the file as it is now"
    ),
}
"""What to do about an error, as commands and options."""


def execute(options: argparse.Namespace) -> int:
    """Run a command; return its exit code."""
    try:
        configure(options.log_level, options.log_file)
    except OSError as error:
        return _fail(f"cannot write the log file {options.log_file}: {error.strerror}", USAGE)
    try:
        os.getcwd()
    except FileNotFoundError:
        return _fail("the current folder was removed; change to another one", USAGE)
    try:
        code = run(_command(options))
        sys.stdout.flush()
        return code
    except UsageError as error:
        return _fail(str(error), USAGE)
    except StartFailed as error:
        return _fail(error.worded(WORDS), NO_KERNEL)
    except BridgeError as error:
        return _fail(error.worded(WORDS), USAGE)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        give_up(sys.stdout)
        return BROKEN_PIPE
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and error.errno in _UNWRITABLE:
            give_up(sys.stdout)
            return _fail(f"cannot write the output: {error.strerror}", UNWRITABLE)
        log.critical("%s failed", options.command, exc_info=error)
        return _fail(f"{type(error).__name__}: {error}; {REPORT_BUG}", BUG)


async def _command(options: argparse.Namespace) -> int:
    match options.command:
        case None:
            from .overview import overview as command
        case "run":
            from .run.command import run as command
        case "doctor":
            from .doctor import doctor as command
        case "specs":
            from .specs import specs as command
        case "kernels":
            from .kernels import kernels as command
        case "start":
            from .kernels import start as command
        case "stop":
            from .kernels import stop as command
        case "interrupt":
            from .kernels import interrupt as command
        case "restart":
            from .kernels import restart as command
        case "watch":
            from .watch.command import watch as command
        case "history":
            from .history.search import history as command
        case _:
            from .history.search import export as command
    return await command(options)


def _fail(message: str, code: int) -> int:
    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    word = "\x1b[31merror:\x1b[0m" if colours else "error:"
    print(f"kernel-bridge: {word} {legible(message)}", file=drawing(sys.stderr))
    return code
