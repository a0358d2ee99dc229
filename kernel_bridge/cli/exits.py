"""How a command ends: its exit codes, which scripts rely on, wrong usage, and output that nobody takes."""

import os
from typing import TextIO

OK = 0
RAISED = 1  # the code raised, or its kernel died under it
USAGE = 2  # what was asked for cannot be done: a bad file, no such cell, a file that exists
NO_KERNEL = 3  # the kernel failed to start
BUG = 70  # EX_SOFTWARE of sysexits.h: a mistake in kernel-bridge itself
UNWRITABLE = 74  # EX_IOERR: what was to be printed could not be, as on a full disk
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
BROKEN_PIPE = 141  # 128 + SIGPIPE: whoever read our output has ended


class UsageError(Exception):
    """What was asked for cannot be done; the message says what is wrong and what to do."""


def give_up(file: TextIO) -> None:
    """Have a file that takes no more go nowhere: its buffer would fail again when the interpreter ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, file.fileno())
    os.close(nothing)
