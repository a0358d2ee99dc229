"""Draws pictures with the terminal's protocol: kitty, iTerm2, or sixel (with textual-image, if installed).

Environment variables show whether a terminal supports kitty or iTerm2; a query to the terminal detects sixel.
"""

import base64
import binascii
import logging
import os
import re
import struct
import sys
from collections.abc import Iterator, Mapping
from io import BytesIO, StringIO
from typing import Any, Literal

from ..output import unguarded

Protocol = Literal["kitty", "iterm2", "sixel"]

_RASTER = ("image/png", "image/jpeg", "image/gif", "image/webp")
_PIECE = 4096  # the most characters of base64 in one kitty sequence
_CELL_PIXELS = 10  # the assumed width of a character if the terminal does not report it
_ANSWER_S = 0.2  # how long a terminal may take to answer the query


def find_protocol(environment: Mapping[str, str]) -> Protocol | None:
    """The protocol of stdout's terminal; None: no known protocol, or stdout is not a terminal."""
    if not sys.stdout.isatty() or environment.get("NO_COLOR") or environment.get("TMUX"):
        return None
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if term.startswith("screen") or term == "dumb":
        return None
    if "KITTY_WINDOW_ID" in environment or "kitty" in term or "ghostty" in term + program.lower():
        return "kitty"
    if "KONSOLE_VERSION" in environment:
        return "kitty"
    if program in ("iTerm.app", "WezTerm", "mintty") or environment.get("LC_TERMINAL") == "iTerm2":
        return "iterm2"
    return "sixel" if _has_textual_image() and sys.stdin.isatty() and _says_sixel() else None


def _has_textual_image() -> bool:
    from importlib.util import find_spec

    return find_spec("textual_image") is not None


def _says_sixel() -> bool:
    """Query the terminal's primary device attributes (DA1 of ECMA-48); attribute 4 is sixel."""
    if sys.platform == "win32":
        return False
    import select
    import termios
    import tty

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    answer = b""
    try:
        tty.setcbreak(fd)
        stdout = unguarded(sys.stdout)
        stdout.write("\x1b[c")
        stdout.flush()
        while not answer.endswith(b"c") and select.select([fd], [], [], _ANSWER_S)[0]:
            answer += os.read(fd, 64)
    except OSError:
        return False
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
    match = re.search(rb"\x1b\[\?([0-9;]*)c", answer)
    return match is not None and b"4" in match[1].split(b";")


def draw(protocol: Protocol, data: Mapping[str, Any], columns: int) -> str | None:
    """The sequences that draw the picture of a MIME bundle. They leave the cursor on the line below it.

    None: the bundle has no picture that this terminal can draw.
    """
    mime = next((mime for mime in _RASTER if isinstance(data.get(mime), str)), None)
    if mime is None:
        return None
    try:
        content = base64.b64decode("".join(data[mime].split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    if protocol == "iterm2":
        return f"\x1b]1337;File=inline=1;size={len(content)}:{base64.b64encode(content).decode()}\x07\n"
    if protocol == "sixel":
        return _sixel(content, mime, columns)
    png = content if mime == "image/png" else _as_png(content, mime)
    return None if png is None else "".join(_kitty(png, columns)) + "\n"


def _kitty(png: bytes, columns: int) -> Iterator[str]:
    """Transmit and display in pieces, without responses (sw.kovidgoyal.net/kitty/graphics-protocol)."""
    width = struct.unpack(">I", png[16:20])[0] if png.startswith(b"\x89PNG") and len(png) > 24 else 0
    fit = f",c={columns}" if width > columns * _cell_width(columns) else ""
    encoded = base64.b64encode(png).decode()
    control = f"a=T,f=100,q=2{fit},"
    for start in range(0, len(encoded), _PIECE):
        more = int(start + _PIECE < len(encoded))
        yield f"\x1b_G{control}m={more};{encoded[start : start + _PIECE]}\x1b\\"
        control = ""


def _cell_width(columns: int) -> float:
    if sys.platform != "win32":
        import fcntl
        import termios

        try:
            size = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, bytes(8))
        except OSError:
            return _CELL_PIXELS
        pixels: int = struct.unpack("HHHH", size)[2]
        if pixels:
            return pixels / columns
    return _CELL_PIXELS


def _format(mime: str) -> list[str]:
    """The only format that Pillow may read: if it guesses, it runs Ghostscript on what looks like EPS."""
    return [mime.removeprefix("image/").upper()]


def _as_png(content: bytes, mime: str) -> bytes | None:
    """The picture as PNG; None: Pillow is not installed, or cannot read it."""
    try:
        from PIL import Image
    except ImportError:
        return None
    out = BytesIO()
    try:
        with Image.open(BytesIO(content), formats=_format(mime)) as picture:
            picture.save(out, "png")
    except (OSError, ValueError):
        return None
    return out.getvalue()


def _sixel(content: bytes, mime: str, columns: int) -> str | None:
    import PIL.Image
    from rich.console import Console

    logging.getLogger("textual_image").setLevel(logging.ERROR)  # it logs each query without a response
    from textual_image.renderable.sixel import Image

    text = StringIO()
    console = Console(file=text, force_terminal=True, width=columns, legacy_windows=False)
    try:
        with PIL.Image.open(BytesIO(content), formats=_format(mime)) as picture:
            console.print(Image(picture.convert("RGBA")))  # textual-image fails on some palettes
    except (OSError, ValueError, LookupError, ArithmeticError):  # an empty picture, or another format
        return None
    return text.getvalue()
