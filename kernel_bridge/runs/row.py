"""One row of a terminal, and the escape sequences in it."""

import re
from dataclasses import dataclass

from . import pen as pens
from .cells import Cells, CellsState, width
from .packed import pack, unpack
from .pen import Pen

LONGEST_ROW = 16_384  # reach of `\r` in characters, at least half of it; a terminal wraps far sooner
ROW_BYTES = 200  # overhead of a row

ESCAPE = (
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]"  # CSI
    r"|\][^\x00-\x1f]{0,4096}(?:\x07|\x1b\\)"  # OSC: links, titles
    r"|[ -/]{0,8}[0-Z\\^-~])"  # two characters and more
)
# A sequence that is not complete yet.
BEGUN = r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}|\][^\x00-\x1f]{0,4096}\x1b?|[ -/]{0,8})\Z"
TOKENS = re.compile(rf"(?P<begun>{BEGUN})|(?P<escape>{ESCAPE})|[\n\r\b\x1b]|[^\n\r\b\x1b]+")
_ESCAPES = re.compile(ESCAPE)


@dataclass(slots=True)
class RowState:
    """One row of a `TerminalState`."""

    start: int
    pen: Pen
    text: bytes  # packed
    cells: CellsState | None
    cut: int


@dataclass(slots=True)
class Row:
    """One row: verbatim text, or cells while the cursor is in it and something was overwritten."""

    start: int  # index in the whole text at which `text` begins
    pen: Pen  # at the start of `text`
    text: str = ""
    cells: Cells | None = None
    passed: str = ""  # text of this write before `text`: out of the cursor's reach, dropped after it
    cut: int = 0  # characters of the row before `text`
    columns: int | None = 0  # of `text`, if counted

    @property
    def size_bytes(self) -> int:
        """The rough size in memory."""
        return ROW_BYTES + len(self.text)

    def state(self) -> RowState:
        cells = None if self.cells is None else self.cells.state()
        return RowState(self.start, self.pen, pack(self.text), cells, self.cut)

    @classmethod
    def restored(cls, state: RowState) -> "Row":
        cells = None if state.cells is None else Cells.restored(state.cells)
        return cls(state.start, state.pen, unpack(state.text), cells, cut=state.cut, columns=None)

    def width(self) -> int:
        """The width in columns."""
        if self.cells is not None:
            return len(self.cells)
        if self.columns is None:
            self.columns = width(_ESCAPES.sub("", self.text) if "\x1b" in self.text else self.text)
        return self.columns

    def add(self, text: str, columns: int | None = None) -> None:
        """Append verbatim text. `columns` is its width, if known.

        The row is cut depending only on its length, so that the result does not depend on how writes are
        split.
        """
        self.text += text
        self.columns = None if columns is None or self.columns is None else self.columns + columns
        half = LONGEST_ROW // 2
        over = ((self.cut + len(self.text)) // half - 1) * half - self.cut
        if over <= 0:
            return
        for sequence in _ESCAPES.finditer(self.text, max(over - 5000, 0), over + 5000):
            if sequence.start() < over < sequence.end():
                over = sequence.start()
        passed, self.text = self.text[:over], self.text[over:]
        self.pen = pens.after(self.pen, passed)
        self.passed += passed
        self.cut += over
        self.columns = None

    def skip(self, text: str, start: int, end: int) -> int:
        """Append `text[start:end]` out of the cursor's reach, except an escape sequence that crosses `end`.

        For verbatim text that should not be copied. Return the index at which it stopped.
        """
        for sequence in _ESCAPES.finditer(text, max(end - 5000, start), end + 5000):
            if sequence.start() < end < sequence.end():
                end = sequence.start()
        self.pen = pens.after(pens.after(self.pen, self.text), text, start, end)
        passed = len(self.text) + end - start
        self.start += passed
        self.cut += passed
        self.text, self.columns = "", None
        return end

    def cook(self) -> tuple[Cells, str]:
        """The row as cells, and the marks after the last one."""
        cells = Cells()
        pen, marks = self.pen, ""
        for token in TOKENS.finditer(self.text):
            if sgr := pens.SGR.fullmatch(token[0]):
                pen = pens.apply(pen, sgr[1])
            elif token["escape"]:
                marks += token[0]
            else:
                _, marks = cells.lay(len(cells), token[0], pen, marks)
        return cells, marks
