"""stdout and stderr, either of which may be the terminal, and the position of its cursor.

Owns the status line: one line at the bottom, on stderr, which is erased before anything else is written.
Text comes in three kinds: output of a run, which keeps its colours (`write`); our own messages, which are
made legible (`line`, `show_status`); and sequences that draw a picture (`draw`).
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
Part = str | tuple[str, ...]  # part of a line: text, or text followed by its SGR codes

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
        self.at_line_start = True  # the last text on this channel, if any, ended with a newline

    def clean(self, text: str) -> str:
        """The output of a run without control sequences; colours are kept if the channel shows them."""
        return coloured(text) if self.colours else plain(text)

    def style(self, text: str, *codes: str) -> str:
        """The text, made legible; styled with these SGR codes if the channel shows colours."""
        text = legible(text)
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self.colours and text else text


class Screen:
    """Both channels. `broken` is called once, when writing to one of them fails: the reader has exited, or
    the disk is full. `protocol` is the terminal's protocol for pictures.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        broken: Callable[[OSError], None],
        protocol: "Protocol | None" = None,
    ) -> None:
        self.channels: dict[Name, Channel] = {"stdout": Channel(stdout), "stderr": Channel(stderr)}
        self.column = 0  # of the terminal's cursor
        self.can_redraw = os.environ.get("TERM") != "dumb"
        self._broken: Callable[[OSError], None] | None = broken
        self._colours: list[str] = []  # the newest SGR sequences since the last reset
        self._status = ""
        self._drawn = False  # the status line is on the terminal
        self._last: Channel | None = None  # the channel written to since the last flush
        self._flush: asyncio.Handle | None = None
        self._protocol = protocol
        # A single buffer for the terminal prevents flicker.
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
        """`fine` if stderr can encode it, else `plain`."""
        return fine if "utf" in (self.channels["stderr"].file.encoding or "").lower() else plain

    def shortened(self, text: str, width: int) -> str:
        """The text, cut to so many columns."""
        return text if cell_len(text) <= width else set_cell_size(text, width - 1) + self.glyph("…", ".")

    def write(self, name: Name, text: str) -> None:
        """Write output of a run. It is flushed in the next turn of the event loop."""
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
        """Write one of our own lines."""
        self.start_line(name)
        style = self.channels[name].style
        self.write(name, "".join(legible(part) if isinstance(part, str) else style(*part) for part in parts))
        self.write(name, "\n")

    def picture(self, data: dict[str, Any]) -> str | None:
        """The sequences that draw the picture of a MIME bundle; None: no picture, or none can be drawn."""
        if self._protocol is None:
            return None
        from .pictures import draw

        return draw(self._protocol, data, self.size[0])

    def draw(self, name: Name, sequences: str) -> None:
        """Draw a picture below the current content."""
        self.start_line(name)
        self._erase_status()
        self.column = 0
        self._put(self.channels[name], sequences)

    def start_line(self, name: Name) -> None:
        """Start a new line, unless the cursor is at the start of one."""
        channel = self.channels[name]
        if self.column if channel.is_terminal else not channel.at_line_start:
            self.write(name, "\n")

    def typed(self) -> None:
        """Note that the user typed a line, which moved the cursor below it."""
        self.column = 0

    def echoed(self) -> None:
        """Note that the terminal echoed ^C at the cursor."""
        self.column += 2

    def rows(self, text: str, column: int) -> int:
        """How many terminal rows `text` fills if it starts in `column`."""
        width, _ = self.size
        return sum(max(1, -(-width_of(line) // width)) for line in (" " * column + text).split("\n"))

    def rewind(self, name: Name, text: str, column: int) -> None:
        """Erase `text`, the last text written, which started in `column` and must still be in view."""
        self._erase_status()
        up = self.rows(text, column) - 1
        self.column = column
        self._colours = []
        move = (f"\x1b[{up}A" if up else "") + "\r" + (f"\x1b[{column}C" if column else "")
        self._put(self.channels[name], f"{move}\x1b[0m\x1b[J")

    def show_status(self, text: str) -> None:
        """Show a line below everything else, truncated to the width; "" removes it."""
        if not self.channels["stderr"].is_terminal or not self.can_redraw:
            return
        self._erase_status()
        self._status = one_line(text)
        self.flush()

    def _draw_status(self) -> None:
        width, _ = self.size
        if self.column and self.column % width == 0:  # the terminal has not wrapped yet
            return
        channel = self._status_channel
        line = f"\x1b[0m\x1b[K{channel.style(self.shortened(self._status, width - 1), DIM)}"
        if self.column == 0:
            line += "\r"
        else:
            line = f"\n{line}\x1b[A\r\x1b[{self.column % width}C"
        self._put(channel, f"\x1b[?25l{line}{''.join(self._colours)}")
        self._drawn = True

    def _erase_status(self) -> None:
        if self._drawn:
            self._drawn = False
            # tmux saves a copy of a screen that is erased from its first cell, but not of an erased line.
            self._put(self._status_channel, f"\x1b[{'J' if self.column else 'K'}\x1b[?25h")

    def _follow(self, text: str) -> None:
        start = text.rfind("\n") + 1
        self.column = width_of((" " * self.column if not start else "") + text[start:])
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
        """Flush both channels, with the status line at the bottom."""
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
        """Write nothing more, and empty the buffers: at exit, the interpreter would fail to flush them."""
        for channel in self.channels.values():
            try:
                channel.file.flush()
            except OSError:
                give_up(channel.file)
        broken, self._broken = self._broken, None
        if broken is not None:
            broken(error)

    def close(self) -> None:
        """Restore the terminal for the shell."""
        self.show_status("")
        for name, channel in self.channels.items():
            if channel.is_terminal:
                if self._colours:
                    self.write(name, "\x1b[0m")
                self.start_line(name)
        self.flush()


def width_of(line: str) -> int:
    """The width in columns of a text without newlines."""
    return cell_len(_COLOUR.sub("", line).expandtabs(8))
