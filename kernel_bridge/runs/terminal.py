r"""The text of one stream output, written to as to a terminal (protocol.md, "Objects").

`\r`, `\b`, ESC[nA and ESC[K move and erase; what is written next overwrites. Everything else is kept as it
came (but an ESC that begins no sequence: it shows as U+241B, a picture of itself), and as long as nothing is
overwritten the text is the very text that was written. Only a window of the
last rows is kept here; the whole text is the caller's. Splitting or joining the writes changes nothing.
"""

import re
from dataclasses import dataclass

from . import pen as pens
from .changes import size_bytes
from .pen import PLAIN, Pen

WINDOW_ROWS = 200  # how far ESC[nA reaches: a terminal's screen ends too
SETTLE_CHARACTERS = 65_536  # plain additions kept before the rows are looked at
LONGEST_ROW = 4_194_304  # characters of a row that `\r` reaches back

_ESCAPE = (
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]"  # CSI
    r"|\][^\x00-\x1f]{0,4096}(?:\x07|\x1b\\)"  # OSC: links, titles
    r"|[ -/]{0,8}[0-Z\\^-~])"  # two characters and more
)
# A sequence whose end has not come yet.
_BEGUN = r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}|\][^\x00-\x1f]{0,4096}\x1b?|[ -/]{0,8})\Z"
_TOKENS = re.compile(rf"(?P<begun>{_BEGUN})|(?P<escape>{_ESCAPE})|[\n\r\b\x1b]|[^\n\r\b\x1b]+")
# What no plain addition holds: moves, erasures, and an ESC that begins no sequence (yet).
_ACTS = re.compile(rf"[\r\b]|\x1b\[\d*A|\x1b\[[02]?K|\x1b(?!{_ESCAPE.removeprefix(chr(92) + 'x1b')})")
_UP = re.compile(r"\x1b\[(\d*)A")
_ESCAPES = re.compile(_ESCAPE)


class _Cell:
    """One character; `marks` are sequences of no width that came right before it."""

    __slots__ = ("character", "marks", "pen")

    def __init__(self, character: str, pen: Pen, marks: str = "") -> None:
        self.character = character
        self.pen = pen
        self.marks = marks


@dataclass(slots=True)
class _Row:
    """One row: verbatim text, or cells for as long as the cursor is in it after something was overwritten."""

    start: int  # where in the text it begins
    text: str
    pen: Pen  # in force at its beginning
    cells: list[_Cell] | None = None

    def width(self) -> int:
        """Columns."""
        if self.cells is not None:
            return len(self.cells)
        return len(_ESCAPES.sub("", self.text) if "\x1b" in self.text else self.text)

    def cook(self) -> list[_Cell]:
        """The row as cells."""
        if self.cells is None:
            self.cells, pen, marks = [], self.pen, ""
            for token in _TOKENS.finditer(self.text):
                if sgr := pens.SGR.fullmatch(token[0]):
                    pen = pens.apply(pen, sgr[1])
                elif token["escape"] or token["begun"]:
                    marks += token[0]
                else:
                    self.cells += [_Cell(character, pen) for character in token[0]]
                    self.cells[-len(token[0])].marks, marks = marks, ""
        return self.cells

    def render(self, marks: str, end: Pen) -> None:
        """Make the text of the cells and `marks`, with few pen changes, leaving the pen `end` in force."""
        parts, pen = [], self.pen
        for cell in self.cells or ():
            if cell.pen is not pen:
                parts.append(pens.change(pen, cell.pen))
                pen = cell.pen
            parts.append(cell.marks + cell.character if cell.marks else cell.character)
        parts += (marks, pens.change(pen, end))
        self.text = "".join(parts)


class Terminal:
    """The text of one stream output; `length` is its characters."""

    def __init__(self) -> None:
        self.length = 0
        self._rows = [_Row(0, "", PLAIN)]  # the last ones
        self._row = 0  # of the cursor, an index into _rows
        self._column = 0
        self._pen: Pen = PLAIN  # of what is written next
        self._tail: Pen = PLAIN  # in force at the end of the text
        self._marks = ""  # sequences of no width that wait for their character
        self._begun = ""  # an escape sequence whose end has not come; the text ends with it
        self._plain = True  # the cursor stands behind verbatim text, and nothing waits
        self._added: list[str] = []  # plain additions that the rows do not have yet
        self._added_characters = 0

    def write(self, text: str) -> tuple[int, str, int] | None:
        """(start, what the text is from there on, bytes of what stood there); None: nothing changed.

        A start equal to the length before is plain addition.
        """
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        if not text:
            return None
        if not self._plain or (("\x1b" in text or "\r" in text or "\b" in text) and _ACTS.search(text)):
            self._settle()
            return self._interpret(text)
        start = self.length
        self.length += len(text)
        self._added.append(text)
        self._added_characters += len(text)
        if self._added_characters > SETTLE_CHARACTERS:
            self._settle()
        return start, text, 0

    def _settle(self) -> None:
        """Give the plain additions to the rows."""
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
        else:  # what is before the window needs only its pen
            self._rows = [_Row(start + cut + 1, "", pens.after(self._pen, text[: cut + 1]))]
            self._pen = self._rows[0].pen
            start, text = start + cut + 1, text[cut + 1 :]
        first, *others = text.split("\n")
        self._rows[-1].text += first
        self._pen = pens.after(self._pen, first)
        start += len(first) + 1
        for line in others:
            self._rows.append(_Row(start, line, self._pen))
            self._pen = pens.after(self._pen, line)
            start += len(line) + 1
        last = self._rows[-1]
        if len(last.text) > LONGEST_ROW:
            over = len(last.text) - LONGEST_ROW // 2
            last.pen = pens.after(last.pen, last.text[:over])
            last.start, last.text = last.start + over, last.text[over:]
        self._tail = self._pen
        self._forget()
        self._row = len(self._rows) - 1
        self._column = last.width()

    def _forget(self) -> None:
        """Drop the rows that the cursor cannot reach any more."""
        over = len(self._rows) - WINDOW_ROWS
        if over > 0:
            del self._rows[:over]
            self._row -= over

    def _interpret(self, text: str) -> tuple[int, str, int] | None:
        before, begun_before = [row.text for row in self._rows], self._begun
        first = self._row
        text, self._begun = self._begun + text, ""
        for token in _TOKENS.finditer(text):
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
            first = min(first, self._row)
        rows = self._rows
        if rows[self._row].cells is not None:
            self._render()
        old = "\n".join(before[first:]) + begun_before
        new = "\n".join(row.text for row in rows[first:]) + self._begun
        start = end = rows[first].start
        for row in rows[first:]:
            row.start = end
            end += len(row.text) + 1
        self.length = start + len(new)
        self._plain = self._verbatim() and not self._begun and not self._marks
        self._forget()
        if old == new:
            return None
        if new.startswith(old):
            return start + len(old), new[len(old) :], 0
        return start, new, size_bytes(old)

    def _verbatim(self) -> bool:
        """What is written now only adds to the text."""
        row = self._rows[self._row]
        return (
            self._row == len(self._rows) - 1
            and row.cells is None
            and self._tail == self._pen
            and self._column == row.width()
        )

    def _put(self, text: str) -> None:
        row = self._rows[self._row]
        if not self._marks and self._verbatim():
            row.text += text
            self._column += len(text)
            return
        cells, at = row.cook(), self._column
        if at > len(cells):
            cells += [_Cell(" ", PLAIN) for _ in range(at - len(cells))]
        cells[at : at + len(text)] = [_Cell(character, self._pen) for character in text]
        cells[at].marks, self._marks = self._marks, ""
        self._column = at + len(text)

    def _escape(self, sequence: str) -> None:
        verbatim = not self._marks and self._verbatim()
        row = self._rows[self._row]
        if sgr := pens.SGR.fullmatch(sequence):
            self._pen = pens.apply(self._pen, sgr[1])
            if verbatim:
                row.text += sequence
                self._tail = self._pen
        elif up := _UP.fullmatch(sequence):
            self._leave_row()
            highest = max(len(self._rows) - WINDOW_ROWS, 0)
            self._row = max(self._row - max(int(up[1] or 1), 1), highest)
        elif sequence in ("\x1b[K", "\x1b[0K", "\x1b[2K"):
            at = 0 if sequence == "\x1b[2K" else self._column
            if at < row.width():
                del row.cook()[at:]
        elif verbatim:
            row.text += sequence
        else:
            row.cook()
            self._marks += sequence

    def _line_feed(self) -> None:
        self._leave_row()
        self._row += 1
        self._column = 0
        if self._row == len(self._rows):
            self._rows.append(_Row(0, "", self._pen))
            self._tail = self._pen

    def _leave_row(self) -> None:
        """The row the cursor is in is text again; the pen at its end is what the next row begins with."""
        row, is_last = self._rows[self._row], self._row == len(self._rows) - 1
        if row.cells is not None:
            self._render()
            row.cells = None
        elif is_last:
            row.text += pens.change(self._tail, self._pen)
        if is_last:
            self._tail = self._pen
        self._marks = ""

    def _render(self) -> None:
        is_last = self._row == len(self._rows) - 1
        self._rows[self._row].render(self._marks, self._pen if is_last else self._rows[self._row + 1].pen)
