"""stdout and stderr, either of which may be the terminal, and where its cursor is.

Owns the status line: one line below everything, on stderr, that is gone before anything else is written.
It takes three kinds of text: the output of a run, which keeps its colours (`write`), our own messages, which
are made legible with the names in them (`line`, `show_status`), and sequences that draw a picture (`draw`).
"""

import asyncio
import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TextIO

from rich.cells import cell_len, set_cell_size

from ...escapes import coloured, legible, one_line, plain
from ..exits import give_up
from ..output import unguarded

if TYPE_CHECKING:
    from .pictures import Protocol

Name = Literal["stdout", "stderr"]
Part = str | tuple[str, ...]  # of a line: a text, or one with its SGR codes

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_RESETS = ("\x1b[m", "\x1b[0m")

DIM, BOLD, RED, GREEN, YELLOW, CYAN = "2", "1", "31", "32", "33", "36"


class Channel:
    """stdout or stderr."""

    def __init__(self, file: TextIO) -> None:
        self.file = unguarded(file)
        self.is_terminal = file.isatty()
        self.colours = (
            self.is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        )
        self.at_line_start = True  # as far as this channel has written

    def clean(self, text: str) -> str:
        """What of a run's output is written."""
        return coloured(text) if self.colours else plain(text)

    def style(self, text: str, *codes: str) -> str:
        """The text, made legible, in these SGR codes, where there are colours."""
        text = legible(text)
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self.colours and text else text


class Screen:
    """Both channels; `broken` is called once when one of them takes no more.

    That is when nobody reads it, or when the disk is full. `protocol` is what the terminal draws pictures by.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        broken: Callable[[OSError], None],
        protocol: "Protocol | None" = None,
    ) -> None:
        self.channels: dict[Name, Channel] = {"stdout": Channel(stdout), "stderr": Channel(stderr)}
        self.column = 0  # of the cursor, on the terminal
        self.can_redraw = os.environ.get("TERM") != "dumb"
        self._broken: Callable[[OSError], None] | None = broken
        self._colours: list[str] = []  # the newest that the terminal was told since a reset
        self._status = ""
        self._drawn = False  # the status line is on the terminal
        self._last: Channel | None = None  # what was written to since the last flush
        self._flush: asyncio.Handle | None = None
        self._protocol = protocol
        # One buffer for all that goes to the terminal keeps it from flickering.
        both = self.channels["stdout"].is_terminal and self.channels["stderr"].is_terminal
        self._status_channel = self.channels["stdout" if both else "stderr"]

    @property
    def size(self) -> tuple[int, int]:
        """(columns, rows) of the terminal."""
        for channel in self.channels.values():
            if channel.is_terminal:
                size = os.get_terminal_size(channel.file.fileno())
                return size.columns or 80, size.lines or 24
        return 80, 24

    def glyph(self, fine: str, plain: str) -> str:
        """The first where stderr can show it, else the second."""
        return fine if "utf" in (self.channels["stderr"].file.encoding or "").lower() else plain

    def write(self, name: Name, text: str) -> None:
        """Write output of a run; seen at the latest when the event loop comes round."""
        channel = self.channels[name]
        text = channel.clean(text)
        if not text:
            return
        if channel.is_terminal:
            self._erase_status()
            self._follow(text)
        channel.at_line_start = text.endswith("\n")
        self._put(channel, text)

    def line(self, name: Name, *parts: Part) -> None:
        """Write a line of our own."""
        self.start_line(name)
        style = self.channels[name].style
        self.write(name, "".join(legible(part) if isinstance(part, str) else style(*part) for part in parts))
        self.write(name, "\n")

    def picture(self, data: dict[str, Any]) -> str | None:
        """What draws the picture of a MIME bundle here; None: it has none, or the terminal draws none."""
        if self._protocol is None:
            return None
        from .pictures import draw

        return draw(self._protocol, data, self.size[0])

    def draw(self, name: Name, sequences: str) -> None:
        """Put a picture on the terminal, below what is there."""
        self.start_line(name)
        self._erase_status()
        self.column = 0
        self._put(self.channels[name], sequences)

    def start_line(self, name: Name) -> None:
        """Go to a new line, unless at the start of one."""
        channel = self.channels[name]
        if self.column if channel.is_terminal else not channel.at_line_start:
            self.write(name, "\n")

    def typed(self) -> None:
        """The person has typed a line: the cursor is below it."""
        self.column = 0

    def echoed(self) -> None:
        """The terminal has written ^C where the cursor is."""
        self.column += 2

    def rows(self, text: str, column: int) -> int:
        """How many rows of the terminal a text takes that starts in `column`."""
        width, _ = self.size
        return sum(max(1, -(-_width(line) // width)) for line in (" " * column + text).split("\n"))

    def rewind(self, name: Name, text: str, column: int) -> None:
        """Take back `text`, which was the last written and started in `column`; it must be in view."""
        self._erase_status()
        up = self.rows(text, column) - 1
        self.column = column
        self._colours = []
        move = (f"\x1b[{up}A" if up else "") + "\r" + (f"\x1b[{column}C" if column else "")
        self._put(self.channels[name], f"{move}\x1b[0m\x1b[J")

    def show_status(self, text: str) -> None:
        """Keep one line below everything that is written, cut to fit; "" takes it away."""
        if not self.channels["stderr"].is_terminal or not self.can_redraw:
            return
        self._erase_status()
        self._status = one_line(text)
        self.flush()

    def _draw_status(self) -> None:
        width, _ = self.size
        if self.column and self.column % width == 0:  # the terminal has yet to wrap
            return
        text = self._status
        text = text if cell_len(text) < width else set_cell_size(text, width - 2) + self.glyph("…", ".")
        channel = self._status_channel
        line = f"\x1b[0m\x1b[K{channel.style(text, DIM)}"
        if self.column == 0:
            line += "\r"
        else:
            line = f"\n{line}\x1b[A\r\x1b[{self.column % width}C"
        self._put(channel, f"\x1b[?25l{line}{''.join(self._colours)}")
        self._drawn = True

    def _erase_status(self) -> None:
        if self._drawn:
            self._drawn = False
            # tmux keeps a copy of a screen that is erased from its first cell on, but none of a line.
            self._put(self._status_channel, f"\x1b[{'J' if self.column else 'K'}\x1b[?25h")

    def _follow(self, text: str) -> None:
        start = text.rfind("\n") + 1
        self.column = _width((" " * self.column if not start else "") + text[start:])
        for code in _COLOUR.findall(text):
            self._colours = [] if code in _RESETS else [*self._colours[-7:], code]

    def _put(self, channel: Channel, text: str) -> None:
        if self._broken is None:
            return
        try:
            if self._last is not None and self._last is not channel:
                self._last.file.flush()
            self._last = channel
            channel.file.write(text)
        except OSError as error:
            self._break(error)
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Let everything be seen, the status line below it."""
        if self._flush is not None:
            self._flush.cancel()
        try:
            if self._status and not self._drawn:
                self._draw_status()
            for channel in self.channels.values():
                channel.file.flush()
        except OSError as error:
            self._break(error)
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None

    def _break(self, error: OSError) -> None:
        """Write nothing more, and leave nothing in the buffers that the interpreter would try at its end."""
        for channel in self.channels.values():
            try:
                channel.file.flush()
            except OSError:
                give_up(channel.file)
        broken, self._broken = self._broken, None
        if broken is not None:
            broken(error)

    def close(self) -> None:
        """Leave the terminal as a shell wants it."""
        self.show_status("")
        for name, channel in self.channels.items():
            if channel.is_terminal:
                if self._colours:
                    self.write(name, "\x1b[0m")
                self.start_line(name)
        self.flush()


def _width(line: str) -> int:
    """Columns of a line without newlines."""
    return cell_len(_COLOUR.sub("", line).expandtabs(8))
