"""Outputs as text for a terminal."""

import base64
import binascii
import json
from typing import Any

from ...plurals import count
from ...protocol.vocabulary import ErrorOutput, MimeBundle
from ...runs.caption import without_name
from ...runs.nesting import cut
from ...runs.picture import pixels
from .screen import DIM, Channel

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_TEXTS = ("text/plain", "text/markdown", "text/latex")
_BINARY = ("image/", "audio/", "video/", "application/pdf")


def render_error(output: ErrorOutput, channel: Channel) -> str:
    """The traceback or, if there is none, the error's name and value."""
    lines = output["traceback"] or [f"{output['ename'] or 'error'}: {output['evalue']}".strip(": ")]
    return channel.clean("\n".join(lines)).rstrip("\n") + "\n"


def render_data(data: MimeBundle, channel: Channel) -> str:
    """A MIME bundle as text: a line that describes its picture, else its text, else its types and sizes."""
    data = without_name(data)
    pictures = [mime for mime in _PICTURES if mime in data] or [
        mime for mime in data if mime.startswith(_BINARY)
    ]
    if pictures:
        return channel.style(_describe(pictures[0], data[pictures[0]]), DIM) + "\n"
    for mime in _TEXTS:
        if mime in data:
            return channel.clean(_text(data[mime])).rstrip("\n") + "\n"
    if "application/json" in data:
        return json.dumps(cut(data["application/json"]), indent=2, ensure_ascii=False) + "\n"
    return "".join(channel.style(_describe(mime, value), DIM) + "\n" for mime, value in data.items())


def format_bytes(size_bytes: int) -> str:
    """A readable size: 812 bytes, 12.3 kB, 4.5 MB."""
    if size_bytes < 1000:
        return count(size_bytes, "byte")
    for unit, size in (("kB", size_bytes / 1e3), ("MB", size_bytes / 1e6)):
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size_bytes / 1e9:.1f} GB"


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(cut(value), ensure_ascii=False)


def _describe(mime: str, value: Any) -> str:
    """E.g. [image/png 640x480, 12.3 kB]."""
    text = _text(value)
    content = text.encode()
    if mime.startswith(_BINARY) and not mime.endswith("+xml"):
        try:
            content = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            return f"[{mime}, not base64]"
    size = pixels(mime, text)
    return f"[{mime}{f' {size[0]}x{size[1]}' if size else ''}, {format_bytes(len(content))}]"
