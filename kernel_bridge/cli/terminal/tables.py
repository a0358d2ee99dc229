"""Tables and text of the listing commands, drawn with rich: aligned, and not truncated in a pipe."""

import os
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text as RichText

from ...escapes import legible, one_line
from ..output import drawing

if TYPE_CHECKING:
    from rich.console import RenderableType

PIPED_WIDTH = 1_000  # columns; the reader of a pipe decides where to truncate


class Text(RichText):
    """rich's Text, made legible before it is measured: names and messages come from projects and kernels."""

    def __init__(self, text: str = "", style: Any = "", **layout: Any) -> None:
        super().__init__(legible(text), style, **layout)

    def append(self, text: RichText | str, style: Any = None) -> "Text":
        super().append(legible(text) if isinstance(text, str) else text, style)
        return self


def console() -> Console:
    """A console on stdout. If stdout is not a terminal, it has no colours, and PIPED_WIDTH columns."""
    out = drawing(sys.stdout)
    plain = Console(file=out, highlight=False, soft_wrap=False)
    if not plain.is_terminal:
        plain = Console(file=out, highlight=False, soft_wrap=False, width=PIPED_WIDTH, color_system=None)
    return plain


def print_text(*lines: "RenderableType") -> None:
    for line in lines:
        console().print(line)


def print_fields(fields: Mapping[str, RichText]) -> None:
    """Print a name and a value on each line; long values wrap in their own column."""
    out = console()
    margin = max(map(len, fields)) + 4
    for name, value in fields.items():
        _print_indented(out, Text(f"  {name}".ljust(margin), "dim"), value)


def _print_indented(out: Console, head: RichText, text: RichText) -> None:
    """Print the head with the text beside it; the text wraps in its own column."""
    for number, line in enumerate(text.wrap(out, max(out.width - head.cell_len, 10))):
        line.rstrip()
        out.print((head if number == 0 else Text(" " * head.cell_len)) + line)


class Table:
    """Columns with headings, and notes below the rows."""

    def __init__(self, *columns: str, right: tuple[str, ...] = ()) -> None:
        self._columns = columns
        self._right = right
        self._rows: list[list[RichText]] = []
        self._notes: dict[int, list[Text]] = {}  # by row

    def add(self, *cells: str | RichText) -> None:
        self._rows.append([_cell_of(cell) for cell in cells])

    def add_note(self, note: Text) -> None:
        self._notes.setdefault(len(self._rows) - 1, []).append(note)

    def print(self) -> None:
        out = console()
        used = [index for index, _ in enumerate(self._columns) if any(row[index].plain for row in self._rows)]
        widths = [max(row[index].cell_len for row in self._rows) for index in used]
        widths = [max(width, len(self._columns[index])) for width, index in zip(widths, used, strict=True)]
        widths = _fit(widths, out.width - 2 * (len(used) - 1))
        heads: list[RichText] = [Text(self._columns[index], "dim") for index in used]
        out.print(self._line(heads, widths, used))
        for number, row in enumerate(self._rows):
            out.print(self._line([row[index] for index in used], widths, used))
            for note in self._notes.get(number, ()):
                _print_indented(out, Text("   "), note)

    def _line(self, cells: list[RichText], widths: list[int], used: list[int]) -> RichText:
        line = Text("  ").join(self._cell(*cell) for cell in zip(cells, widths, used, strict=True))
        line.rstrip()
        return line

    def _cell(self, cell: RichText, width: int, column: int) -> RichText:
        cell = cell.copy()
        cell.truncate(width, overflow="ellipsis")
        spaces = Text(" " * (width - cell.cell_len))
        return spaces + cell if self._columns[column] in self._right else cell + spaces


def _cell_of(cell: str | RichText) -> RichText:
    """The cell on one line."""
    if isinstance(cell, str):
        return Text(one_line(cell))
    return Text(" ").join(cell.split("\n")) if "\n" in cell.plain else cell


def _fit(widths: list[int], room: int) -> list[int]:
    """Narrow the widest columns until all columns fit."""
    widths = list(widths)
    while sum(widths) > room and max(widths) > 4:
        widths[max(range(len(widths)), key=lambda index: (widths[index], index))] -= 1
    return widths


def local_time(time: str) -> str:
    """A wire time in the local zone, in a readable form."""
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def short_name(path: str) -> str:
    """The shortest form of a path: as it is, relative to the current folder, or with ~."""
    home = os.path.expanduser("~")
    short = [path]
    if path.startswith(os.getcwd() + os.sep):
        short.append(os.path.relpath(path))
    if path.startswith(home + os.sep):
        short.append("~" + path[len(home) :])
    return min(short, key=len)
