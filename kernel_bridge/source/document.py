"""A document's lines and positions, as LSP counts them, in any language."""

import re
from typing import NamedTuple

BYTE_ORDER_MARK = "\ufeff"

# Not str.splitlines, which also splits at form feeds, U+2028 and others; editors do not.
_LINE_END = re.compile(r"\r\n|\n|\r")


class Place(NamedTuple):
    """A position: a 0-based line, and a column in code points (Python string indices)."""

    line: int
    column: int


def split_lines(text: str) -> list[str]:
    r"""The lines without their ends, as in LSP 3.17: only \n, \r\n and \r end a line.

    Never empty. A text that ends with a line end has an empty last line.
    """
    if "\r" not in text:
        return text.split("\n")
    return _LINE_END.split(text)


def line_starts(text: str) -> list[int]:
    """The start index of each line of `split_lines`."""
    return [0, *(end.end() for end in _LINE_END.finditer(text))]


def clamp(lines: list[str], place: Place) -> Place:
    """The place, or the nearest existing one (LSP: a column past the end of a line means its end)."""
    if place.line >= len(lines):
        return Place(len(lines) - 1, len(lines[-1]))
    line = max(place.line, 0)
    return Place(line, min(max(place.column, 0), len(lines[line])))
