"""A document at one moment, and its positions as LSP counts them."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lsprotocol import types

from ..protocol.objects import Position
from ..source.cell import Cell
from ..source.cells import cells_of_lines, language_at, main_language
from ..source.document import Place, line_starts, split_lines


@dataclass(frozen=True)
class Snapshot:
    """The state of a document at one moment. Columns of a Place count code points."""

    uri: str
    version: int | None
    language_id: str
    text: str
    encoding: str | None  # of the client's columns

    @cached_property
    def lines(self) -> list[str]:
        return split_lines(self.text)

    @cached_property
    def starts(self) -> list[int]:
        """The index into the text at which each line starts."""
        return line_starts(self.text)

    @cached_property
    def cells(self) -> list[Cell]:
        return cells_of_lines(self.lines, self.language_id)

    @cached_property
    def main_language(self) -> str:
        """The language id of the document as a whole; of one with fences, that of its code."""
        return main_language(self.lines, self.cells, self.language_id)

    def language_at(self, line: int) -> str | None:
        """The language id of the code on a line; None: prose between fences."""
        return language_at(self.cells, self.language_id, line)

    def to_inner(self, position: Position | types.Position) -> Place:
        """The place of an LSP position, clamped to the document."""
        return place_in(self.lines, position, self.encoding)

    def to_client(self, place: Place) -> tuple[int, int]:
        """(line, character) of a place, in the client's encoding."""
        return place.line, _units(self.lines[place.line][: place.column], self.encoding)

    def offset(self, position: Position | types.Position) -> int:
        """The index into the text of an LSP position."""
        return self.index(self.to_inner(position))

    def index(self, place: Place) -> int:
        """The index into the text of a place."""
        return self.starts[place.line] + place.column

    def place(self, index: int) -> Place:
        """The place of an index into the text. An index within a line end maps to the end of its line."""
        line = bisect_right(self.starts, index) - 1
        return Place(line, min(index - self.starts[line], len(self.lines[line])))

    def position(self, place: Place) -> dict[str, int]:
        """The LSP position of a place, as JSON."""
        line, character = self.to_client(place)
        return {"line": line, "character": character}

    def range(self, start: Place, end: Place) -> dict[str, Any]:
        """The LSP range between two places, as JSON."""
        return {"start": self.position(start), "end": self.position(end)}


def place_in(lines: list[str], position: Position | types.Position, encoding: str | None) -> Place:
    """The place of an LSP position in lines, with or without their ends, clamped to them."""
    if position.line >= len(lines):
        return Place(len(lines) - 1, len(lines[-1]))
    line = lines[position.line].rstrip("\r\n")
    return Place(position.line, _code_points(line, position.character, encoding))


def _code_points(line: str, units: int, encoding: str | None) -> int:
    """The column in code points of a column in the client's units, clamped to the line."""
    if line.isascii() or encoding == types.PositionEncodingKind.Utf32:
        return min(units, len(line))
    if encoding == types.PositionEncodingKind.Utf8:
        return len(line.encode("utf-8", "surrogatepass")[:units].decode("utf-8", "ignore"))
    return len(line.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore"))


def _units(text: str, encoding: str | None) -> int:
    if text.isascii() or encoding == types.PositionEncodingKind.Utf32:
        return len(text)
    if encoding == types.PositionEncodingKind.Utf8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
