"""The text of a notebook file: where the parts of its cells are, and how the text is formatted.

Edits replace these parts and keep every other character. Knows JSON, and nothing of the meaning of outputs.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]

_decode = json.JSONDecoder().raw_decode
_BLANK = re.compile(r"[ \t\r\n]*")
_LINE_START = re.compile(r"(?:\r\n|\r|\n)[ \t]*\Z")
_ESCAPE = re.compile(r"\\u(?!00[0-7])")  # of a character beyond ASCII


@dataclass(frozen=True, slots=True)
class Layout:
    """How JSON is formatted, from the place of one value on."""

    newline: str = "\n"  # before each member of the object around the value; "": all is on one line
    indent: str = " "  # of one level
    comma: str = ","  # between items on one line
    colon: str = ": "
    ascii_only: bool = False  # other characters are escaped


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object: where its parts begin, and where its value ends."""

    blank: int  # the white space before the key
    key: int
    colon: int  # the end of the key
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class CellText:
    start: int
    members: dict[str, Member]  # in the order of the text; of two with the same key, the last
    end: int  # where another member would be inserted
    after: int  # the first character after the cell


@dataclass(frozen=True, slots=True)
class NotebookText:
    text: str
    cells: list[CellText]
    start: int  # of the list of cells
    end: int  # the first character after the list
    newline: str  # before each member of the notebook; "": all is on one line
    indent: str
    ascii_only: bool

    def layout(self, cell: CellText, key: str) -> Layout:
        """The layout of this member of the cell, or that of the first member if there is none."""
        member = cell.members.get(key) or next(iter(cell.members.values()))
        line = _LINE_START.search(self.text[member.blank : member.key])
        colon = self.text[member.colon : member.value]
        spaced = any(self.text[one.blank : one.key] == " " for one in cell.members.values())
        return Layout(
            line[0] if line is not None else "",
            self.indent,
            ", " if spaced and line is None else ",",
            colon if colon.isascii() and "\n" not in colon and "\r" not in colon else ": ",
            self.ascii_only,
        )

    def layout_of_cells(self) -> Layout:
        """The layout in which new cells are written; its level 0 is theirs."""
        if not self.newline:
            return Layout("", self.indent, ", ", ": ", self.ascii_only)
        return Layout(self.newline + self.indent, self.indent, ascii_only=self.ascii_only)


@dataclass(frozen=True, slots=True)
class Edit:
    """New text for a part of the text."""

    start: int
    end: int
    pieces: Iterable[str]


def scan(text: str) -> NotebookText:
    """Find the cells of a notebook that `read_notebook` accepts, in one pass."""
    cells: list[CellText] = []
    start = end = 0

    def end_of(name: str, value: int) -> int:
        nonlocal start, end
        if name != "cells" or text[value] != "[":
            return _end(name, value)
        cells.clear()
        start, at = value, _skip(text, value + 1)
        while text[at] != "]":
            if text[at] == "{":
                cells.append(_object(text, at, _end))
                at = cells[-1].after
            else:  # a list that a second one under the same key replaces
                at = _end(name, at)
            at = _skip(text, at)
            if text[at] == ",":
                at = _skip(text, at + 1)
        end = at + 1
        return end

    def _end(name: str, start: int) -> int:
        return _decode(text, start)[1]

    first = next(iter(_object(text, _skip(text, 0), end_of).members.values()))
    line = _LINE_START.search(text[first.blank : first.key])
    newline = line[0] if line is not None else ""
    indent = newline.lstrip("\r\n") if line is not None else " "
    return NotebookText(text, cells, start, end, newline, indent, text.isascii() and _has_escapes(text))


def start_of_cell(text: str, index: int) -> int:
    """The position of an item of the list of cells, also in a notebook that `read_notebook` refuses."""
    whole = _object(text, _skip(text, 0), lambda _, start: _decode(text, start)[1])
    at = _skip(text, whole.members["cells"].value + 1)
    for _ in range(index):
        at = _skip(text, _skip(text, _decode(text, at)[1]) + 1)  # after the comma
    return at


def edited(text: str, edits: Iterable[Edit], start: int = 0, end: int | None = None) -> Iterator[str]:
    """A part of the text, with parts of it replaced; the edits are in the order of the text."""
    at = start
    for edit in edits:
        yield text[at : edit.start]
        yield from edit.pieces
        at = edit.end
    yield text[at:end]


def _object(text: str, start: int, end_of: Callable[[str, int], int]) -> CellText:
    """The members of the object that begins at `start`; `end_of` finds the end of a value from its key."""
    members: dict[str, Member] = {}
    blank = end = start + 1
    after = _skip(text, blank)
    while text[key := _skip(text, blank)] != "}":
        name, colon = scanstring(text, key + 1)
        value = _skip(text, _skip(text, colon) + 1)
        end = end_of(name, value)
        members.pop(name, None)
        members[name] = Member(blank, key, colon, value, end)
        after = _skip(text, end)
        if text[after] == "}":
            break
        blank = after + 1
    return CellText(start, members, end, after + 1)


def _skip(text: str, start: int) -> int:
    """The end of the white space that begins at `start`."""
    return _BLANK.match(text, start).end()  # type: ignore[union-attr]


def _has_escapes(text: str) -> bool:
    r"""Whether characters beyond ASCII are escaped. After an odd number of backslashes, `\u` is text."""
    for match in _ESCAPE.finditer(text):
        before = match.start()
        while text[before - 1] == "\\":
            before -= 1
        if (match.start() - before) % 2 == 0:
            return True
    return False
