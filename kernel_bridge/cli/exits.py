"""How a command ends: exit codes (scripts rely on them), wrong usage, and output that nobody reads."""

import os
from typing import TextIO

OK = 0
RAISED = 1  # the code raised, or its kernel died
USAGE = 2  # the command cannot be carried out: a bad file, no such cell, a file that exists
NO_KERNEL = 3  # the kernel failed to start
BUG = 70  # EX_SOFTWARE of sysexits.h: a bug in kernel-bridge itself
UNWRITABLE = 74  # EX_IOERR: the output could not be written, for example because the disk is full
INTERRUPTED = 130  # 128 + SIGINT, as in shells
BROKEN_PIPE = 141  # 128 + SIGPIPE: the reader of our output has exited

EXITED = frozenset({"SystemExit", "<class 'SystemExit'>"})
"""The ename of code that ends itself by sys.exit, and xeus-python's. As in Python, it has no traceback."""


class UsageError(Exception):
    """The command cannot be carried out; the message names the problem and what to do."""


def give_up(file: TextIO) -> None:
    """Redirect a broken file to /dev/null: flushing its buffer would fail again at exit."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, file.fileno())
    os.close(nothing)
