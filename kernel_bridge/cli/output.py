"""The gate that all text to stdout and stderr goes through.

Names, paths and messages come from projects and kernels that may want to control the terminal. The gate takes
the place of `sys.stdout` and `sys.stderr`, so that no print, log record, warning, traceback or message of
argparse can bypass it. Our own drawing asks for more: `drawing` lets colours and cursor movements through,
`unguarded` is for a `Screen`, which cleans what it is given.
"""

import io
import re
import sys
from collections.abc import Callable
from typing import TextIO, cast

from ..escapes import legible

# What we and rich draw with: colours, the cursor's moves and visibility, erasing from the cursor on.
_DRAWN = re.compile(r"(\x1b\[(?:[0-9;:]*m|\?25[lh]|[0-9]*[ABCD]|[012]?K|0?J)|\r)")


class Gate(io.TextIOBase):
    """A text file in front of another one, which gets what `clean` makes of each text that is written."""

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
        """Nothing: the file behind it is the interpreter's, and gates on it come and go."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.unguarded.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self.unguarded.errors


def guard_output() -> None:
    """Make `sys.stdout` and `sys.stderr` gates, which show characters that their encoding lacks as `?`."""
    for name in ("stdout", "stderr"):
        file = getattr(sys, name)
        if not isinstance(file, Gate):
            if isinstance(file, io.TextIOWrapper):
                file.reconfigure(
                    errors="replace"
                )  # a character that the encoding lacks must not end a command
            setattr(sys, name, Gate(file))


def unguarded(file: TextIO) -> TextIO:
    """The file behind a gate, for a caller that cleans all that it writes."""
    return file.unguarded if isinstance(file, Gate) else file


def drawing(file: TextIO) -> TextIO:
    """The same file, which takes our own colours and cursor movements; other text becomes legible."""
    return cast(TextIO, Gate(unguarded(file), _drawn))


def _drawn(text: str) -> str:
    if "\x1b" not in text and "\r" not in text:
        return legible(text)
    parts = _DRAWN.split(text)
    return "".join(part if index % 2 else legible(part) for index, part in enumerate(parts))


def write_json(body: bytes) -> None:
    """Write JSON to stdout at once, in UTF-8 and legible, which leaves its values as they are."""
    file = unguarded(sys.stdout)
    file.flush()
    if not body.isascii() or b"\x7f" in body:  # JSON escapes all other control characters by itself
        body = legible(body.decode()).encode()
    file.buffer.write(body + b"\n")
    file.buffer.flush()
