"""The gate that all text to stdout and stderr passes through.

Names, paths and messages come from projects and kernels that may try to control the terminal. The gate
replaces `sys.stdout` and `sys.stderr`, so no print, log record, warning, traceback or argparse message can
bypass it. Code that draws opts out: `drawing` lets colours and cursor movements through, and `unguarded` is
for a `Screen`, which cleans its own text.
"""

import io
import re
import sys
from collections.abc import Callable
from typing import TextIO, cast

from ..escapes import legible

# The sequences that we and rich draw with: colours, cursor movement and visibility, erasing after the cursor.
_DRAWN = re.compile(r"(\x1b\[(?:[0-9;:]*m|\?25[lh]|[0-9]*[ABCD]|[012]?K|0?J)|\r)")


class Gate(io.TextIOBase):
    """A text file that passes each text through `clean` and writes the result to another file."""

    def __init__(self, file: TextIO, clean: Callable[[str], str] = legible) -> None:
        self.unguarded = file
        self._clean = clean

    def write(self, text: str) -> int:
        self.unguarded.write(self._clean(text))
        return len(text)

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        self.unguarded.flush()

    def fileno(self) -> int:
        return self.unguarded.fileno()

    def isatty(self) -> bool:
        return self.unguarded.isatty()

    def close(self) -> None:
        """Do nothing: the interpreter owns the file behind the gate."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.unguarded.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self.unguarded.errors


def guard_output() -> None:
    """Turn `sys.stdout` and `sys.stderr` into gates; unencodable characters are written as `?`."""
    for name in ("stdout", "stderr"):
        file = getattr(sys, name)
        if not isinstance(file, Gate):
            if isinstance(file, io.TextIOWrapper):
                file.reconfigure(errors="replace")  # unencodable characters must not abort the command
            setattr(sys, name, Gate(file))


def unguarded(file: TextIO) -> TextIO:
    """The file behind a gate, for callers that clean their own text."""
    return file.unguarded if isinstance(file, Gate) else file


def drawing(file: TextIO) -> TextIO:
    """The same file behind a gate that lets our colours and cursor movements through."""
    return cast(TextIO, Gate(unguarded(file), _drawn))


def _drawn(text: str) -> str:
    if "\x1b" not in text and "\r" not in text:
        return legible(text)
    parts = _DRAWN.split(text)
    return "".join(part if index % 2 else legible(part) for index, part in enumerate(parts))


def write_json(body: bytes) -> None:
    """Write a line of JSON to stdout and flush it: UTF-8, made legible, with unchanged values."""
    file = unguarded(sys.stdout)
    file.flush()
    if not body.isascii() or b"\x7f" in body:  # JSON already escapes all other control characters
        body = legible(body.decode()).encode()
    file.buffer.write(body + b"\n")
    file.buffer.flush()
