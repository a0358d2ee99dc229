r"""The text of one stream output, written as to a terminal (protocol.md, "Objects").

`\r`, `\b`, ESC[nA and ESC[K move the cursor and erase; text written next overwrites. Everything else is kept
as received, except that an ESC that starts no sequence becomes U+241B, its visible symbol. While nothing is
overwritten, the text is exactly what was written. Only a window of the last rows is kept here; the caller
owns the whole text. The result does not depend on how the writes are split.
"""

import re
from dataclasses import dataclass

from . import pen as pens
from .cells import Cells, width
from .changes import size_bytes
from .packed import pack, unpack
from .pen import PLAIN, Pen
from .row import BEGUN, ESCAPE, TOKENS, Row, RowState

WINDOW_ROWS = 200  # reach of ESC[nA, limited like a terminal's screen
SETTLE_CHARACTERS = 65_536  # plain additions collected before the rows are updated
FAR = 65_536  # characters at the end of a row that may be in reach

# What a plain addition never contains: moves, erasures, and an ESC that starts no sequence (yet).
_ACTS = re.compile(rf"[\r\b]|\x1b\[\d*A|\x1b\[[02]?K|\x1b(?!{ESCAPE.removeprefix(chr(92) + 'x1b')})")
_UP = re.compile(r"\x1b\[(\d*)A")
_BEGUN_AT_END = re.compile(BEGUN)


@dataclass(slots=True)
class TerminalState:
    """What `Terminal` needs to continue in another process."""

    length: int
    rows: list[RowState]
    row: int
    column: int
    pen: Pen
    tail: Pen
    marks: bytes  # packed
    begun: bytes  # packed


class Terminal:
    """The text of one stream output; `length` is in characters."""

    def __init__(self) -> None:
        self.length = 0
        self._rows = [Row(0, PLAIN)]  # the last ones
        self._row = 0  # of the cursor: an index into _rows
        self._column = 0
        self._pen: Pen = PLAIN  # for the next text
        self._tail: Pen = PLAIN  # at the end of the text
        self._marks = ""  # zero-width sequences that await a character
        self._begun = ""  # an incomplete escape sequence, at the end of the text
        self._plain = True  # whether the cursor is after verbatim text and nothing is pending
        self._added: list[str] = []  # plain additions not in the rows yet
        self._added_characters = 0

    @classmethod
    def at_end(cls, length: int, tail: str) -> "Terminal":
        """The terminal after text that another one produced, of which only the length and the end are known.

        The cursor is assumed to be at the end. It reaches the whole rows in `tail`, and always the last one.
        """
        terminal = cls()
        if begun := _BEGUN_AT_END.search(tail):
            terminal._begun, tail = begun[0], tail[: begun.start()]
        terminal.length = length - len(terminal._begun)
        if len(tail) < terminal.length:
            tail = tail[tail.find("\n") + 1 :]
        terminal._rows = [Row(terminal.length - len(tail), PLAIN)]
        terminal._added = [tail]
        terminal._settle()
        terminal.length = length
        terminal._plain = not terminal._begun
        return terminal

    def state(self) -> TerminalState:
        self._settle()
        return TerminalState(
            self.length,
            [row.state() for row in self._rows],
            self._row,
            self._column,
            self._pen,
            self._tail,
            pack(self._marks),
            pack(self._begun),
        )

    @classmethod
    def restored(cls, state: TerminalState) -> "Terminal":
        terminal = cls()
        terminal.length = state.length
        terminal._rows = [Row.restored(row) for row in state.rows]
        terminal._row, terminal._column = state.row, state.column
        terminal._pen, terminal._tail = state.pen, state.tail
        terminal._marks, terminal._begun = unpack(state.marks), unpack(state.begun)
        terminal._plain = terminal._verbatim() and not terminal._begun
        return terminal

    @property
    def size_bytes(self) -> int:
        """The rough size of the text in memory."""
        return self._added_characters + sum(row.size_bytes for row in self._rows)

    def write(self, text: str) -> tuple[int, str, int, int] | None:
        """Write text. Return (start, the text from there on, bytes and newlines replaced); None: no change.

        If start equals the previous length, text was only added.
        """
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        if not self._plain or (("\x1b" in text or "\r" in text or "\b" in text) and _ACTS.search(text)):
            self._settle()
            return self._interpret(text)
        start, added = self.length, len(text)
        self.length = start + added
        self._added.append(text)
        self._added_characters += added
        if self._added_characters > SETTLE_CHARACTERS:
            self._settle()
        return start, text, 0, 0

    def _settle(self) -> None:
        """Move the plain additions into the rows."""
        if not self._added:
            return
        text = "".join(self._added)
        self._added, self._added_characters = [], 0
        start = self.length - len(text)
        cut = len(text)
        for _ in range(WINDOW_ROWS):
            cut = text.rfind("\n", 0, cut)
            if cut < 0:
                break
        else:  # of the text before the window only the pen matters
            self._pen = pens.after(self._pen, text, 0, cut + 1)
            self._rows = [Row(start + cut + 1, self._pen)]
        begin = cut + 1
        while begin <= len(text):
            end = text.find("\n", begin)
            if end < 0:
                end = len(text)
            row = self._rows[-1]
            if end - begin > FAR:
                begin = row.skip(text, begin, end - FAR)
                self._pen = row.pen
            line = text[begin:end]
            row.add(line)
            self._pen = pens.after(self._pen, line)
            begin = end + 1
            if end < len(text):
                self._rows.append(Row(start + begin, self._pen))
        self._tail = self._pen
        self._row = len(self._rows) - 1
        self._column = self._rows[-1].width()
        self._forget()

    def _forget(self) -> None:
        """Drop what the cursor can no longer reach."""
        for row in self._rows:
            if row.passed:
                row.start += len(row.passed)
                row.passed = ""
        over = len(self._rows) - WINDOW_ROWS
        if over > 0:
            del self._rows[:over]
            self._row -= over

    def _interpret(self, text: str) -> tuple[int, str, int, int] | None:
        before, begun_before = [row.text for row in self._rows], self._begun
        first = self._row
        text, self._begun = self._begun + text, ""
        for token in TOKENS.finditer(text):
            written = token[0]
            if token["begun"]:
                self._begun = written
            elif token["escape"]:
                self._escape(written)
            elif written == "\n":
                self._line_feed()
            elif written == "\r":
                self._column = 0
            elif written == "\b":
                self._column = max(self._column - 1, 0)
            else:
                self._put("\u241b" if written == "\x1b" else written)
            self._uncook()
            first = min(first, self._row)
        rows = self._rows
        if (cells := rows[self._row].cells) is not None:
            rows[self._row].text = self._rendered(cells)
        old = "\n".join(before[first:]) + begun_before
        new = "\n".join(row.passed + row.text for row in rows[first:]) + self._begun
        start = end = rows[first].start
        for row in rows[first:]:
            row.start = end
            end += len(row.passed) + len(row.text) + 1
        self.length = start + len(new)
        self._plain = self._verbatim() and not self._begun
        self._forget()
        if old == new:
            return None
        if new.startswith(old):
            return start + len(old), new[len(old) :], 0, 0
        return start, new, size_bytes(old), old.count("\n")

    def _verbatim(self) -> bool:
        """Whether text written now is only added."""
        row = self._rows[self._row]
        return (
            row.cells is None
            and self._row == len(self._rows) - 1
            and self._tail == self._pen
            and self._column == row.width()
        )

    def _cells(self) -> Cells:
        """The cells of the cursor's row."""
        row = self._rows[self._row]
        if row.cells is None:
            row.cells, marks = row.cook()
            self._marks = marks + self._marks
        return row.cells

    def _uncook(self) -> None:
        """Turn the last row back into verbatim text once the cursor is at its end."""
        row = self._rows[self._row]
        if row.cells is not None and self._row == len(self._rows) - 1 and self._column == len(row.cells):
            self._leave_row()

    def _add(self, text: str, columns: int) -> None:
        """Append verbatim text to the last row, which may cut the row at its start."""
        row = self._rows[self._row]
        row.add(text, columns)
        self._column = row.width()

    def _put(self, text: str) -> None:
        if self._verbatim():
            self._add(text, width(text))
        else:
            cells = self._cells()
            self._column, self._marks = cells.lay(self._column, text, self._pen, self._marks)

    def _escape(self, sequence: str) -> None:
        verbatim = self._verbatim()
        row = self._rows[self._row]
        if sgr := pens.SGR.fullmatch(sequence):
            self._pen = pens.apply(self._pen, sgr[1])
            if verbatim:
                self._add(sequence, 0)
                self._tail = self._pen
        elif up := _UP.fullmatch(sequence):
            self._leave_row()
            highest = max(len(self._rows) - WINDOW_ROWS, 0)
            self._row = max(self._row - max(int(up[1] or 1), 1), highest)
        elif sequence in ("\x1b[K", "\x1b[0K", "\x1b[2K"):
            at = 0 if sequence == "\x1b[2K" else self._column
            if at < row.width():
                self._cells().erase(at)
        elif verbatim:
            self._add(sequence, 0)
        else:
            self._cells()
            self._marks += sequence

    def _line_feed(self) -> None:
        self._leave_row()
        self._row += 1
        self._column = 0
        if self._row == len(self._rows):
            self._rows.append(Row(0, self._pen))
            self._tail = self._pen

    def _leave_row(self) -> None:
        """Turn the cursor's row back into text. Its final pen is the first pen of the next row."""
        row, is_last = self._rows[self._row], self._row == len(self._rows) - 1
        if row.cells is not None:
            row.text, row.columns = self._rendered(row.cells), None
            row.cells = None
        elif is_last:
            row.text += pens.change(self._tail, self._pen)
        if is_last:
            self._tail = self._pen
        self._marks = ""

    def _rendered(self, cells: Cells) -> str:
        """The text of the cursor's row."""
        is_last = self._row == len(self._rows) - 1
        end = self._pen if is_last else self._rows[self._row + 1].pen
        return cells.render(self._rows[self._row].pen, self._marks, end)
