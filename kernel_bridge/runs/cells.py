"""A terminal row as cells, one per column, and the effects of overwriting and erasing.

A wide character (East Asian Width W or F) takes two columns, the second an empty cell. Combining characters,
joiners and control characters take none and belong to the character before them. A tab takes one column: it
is kept as received, because no front end draws it at a terminal's width.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise

from . import pen as pens
from .packed import pack, unpack
from .pen import PLAIN, Pen

_NARROW = re.compile("[\t -~\u00a0-\u00ac\u00ae-\u02ff\u2500-\u25fc]*")  # the characters of progress bars


@dataclass(slots=True)
class CellsState:
    """What `Cells` needs to continue in another process."""

    characters: bytes  # packed list[str], one for each column
    pens: list[tuple[int, Pen]]  # numbers of columns, and their pen
    marks: bytes  # packed list[tuple[int, str]]


class Cells:
    """The cells of one row.

    `marks` are zero-width sequences, keyed by the column of the character they precede.
    """

    __slots__ = ("characters", "marks", "pens")

    def __init__(self) -> None:
        self.characters: list[str] = []
        self.pens: list[Pen] = []
        self.marks: dict[int, str] = {}

    def state(self) -> CellsState:
        pens = [(len(list(columns)), pen) for pen, columns in groupby(self.pens)]
        return CellsState(pack(self.characters), pens, pack(list(self.marks.items())))

    @classmethod
    def restored(cls, state: CellsState) -> "Cells":
        cells = cls()
        cells.characters = unpack(state.characters)
        cells.pens = [pen for columns, pen in state.pens for _ in range(columns)]
        cells.marks = dict(unpack(state.marks))
        return cells

    def __len__(self) -> int:
        return len(self.characters)

    def lay(self, at: int, text: str, pen: Pen, marks: str) -> tuple[int, str]:
        """Overwrite from column `at` on.

        Return the column behind the text, and marks that await a character.
        """
        if (missing := at - len(self)) > 0:
            self.characters += " " * missing
            self.pens += [PLAIN] * missing
        new: list[str] = []
        if _is_narrow(text):
            new += text
        else:
            for character in text:
                columns = _columns(character)
                if columns:
                    new += (character, "")[:columns]
                elif new:
                    new[-1 if new[-1] else -2] += character
                elif at:
                    self.characters[at - 1 if self.characters[at - 1] else at - 2] += character
                else:
                    marks += character
        if not new:
            return at, marks
        end = at + len(new)
        self._part(at)
        self._part(end)
        self.characters[at:end] = new
        self.pens[at:end] = [pen] * len(new)
        self.marks = {column: kept for column, kept in self.marks.items() if not at <= column < end}
        if marks:
            self.marks[at] = marks
        return end, ""

    def erase(self, at: int) -> None:
        """Erase from column `at` to the end of the row."""
        self._part(at)
        del self.characters[at:], self.pens[at:]
        self.marks = {column: kept for column, kept in self.marks.items() if column < at}

    def _part(self, at: int) -> None:
        """Blank a wide character that straddles the left edge of column `at`."""
        if at < len(self) and not self.characters[at]:
            self.characters[at - 1] = self.characters[at] = " "

    def render(self, start: Pen, marks: str, end: Pen) -> str:
        """The text and then `marks`, with few pen changes, from pen `start` to pen `end`."""
        parts, written, pen = [], 0, start
        stops = {
            at for at, (before, after) in enumerate(pairwise((start, *self.pens))) if before is not after
        }
        for at in sorted(stops.union(self.marks)):
            parts += self.characters[written:at]
            parts += (pens.change(pen, self.pens[at]), self.marks.get(at, ""))
            written, pen = at, self.pens[at]
        parts += self.characters[written:]
        parts += (pens.change(pen, end), marks)
        return "".join(parts)


def width(text: str) -> int:
    """The number of columns of text without escape sequences."""
    return len(text) if _is_narrow(text) else sum(map(_columns, text))


def _is_narrow(text: str) -> bool:
    """Whether every character is known to take one column."""
    return (text.isascii() and text.isprintable()) or _NARROW.fullmatch(text) is not None


@lru_cache(4096)
def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc") and character != "\t":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
