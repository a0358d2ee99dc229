"""A document in an editor: its text, its version, and positions in the negotiated encoding."""

import re
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Place = tuple[int, int]
"""A line and a column, both from 0; the column counts characters (code points)."""

BYTES_A_UNIT = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
LINE_BREAK = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


@dataclass
class Document:
    """`encoding` is the position encoding that client and server agreed on."""

    uri: str
    language_id: str
    text: str
    encoding: str
    version: int = 1

    @property
    def identifier(self) -> Json:
        """The `textDocument` argument for this document."""
        return {"uri": self.uri}

    def position(self, line: int, column: int = 0) -> Json:
        """The LSP position of a place."""
        before = self._lines()[line][:column]
        codec = "utf-8" if self.encoding == "utf-8" else f"{self.encoding}-le"
        return {"line": line, "character": len(before.encode(codec)) // BYTES_A_UNIT[self.encoding]}

    def range(self, start: Place, end: Place) -> Json:
        """The LSP range from one place to another, end exclusive."""
        return {"start": self.position(*start), "end": self.position(*end)}

    def replace(self, start: Place, end: Place, text: str) -> Json:
        """Change the text as typing does. Return the LSP content change."""
        change = {"range": self.range(start, end), "text": text}
        self.text = self.text[: self._offset(start)] + text + self.text[self._offset(end) :]
        self.version += 1
        return change

    def place_of(self, part: str) -> Place:
        """The first place of `part` in the text."""
        before = self.text[: self.text.index(part)]
        lines = LINE_BREAK.split(before)
        return len(lines) - 1, len(lines[-1])

    def _offset(self, place: Place) -> int:
        line, column = place
        return sum(map(len, self._lines()[:line])) + column

    def _lines(self) -> list[str]:
        return LINE_BREAK.split(self.text)
