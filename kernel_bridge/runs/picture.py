"""The size of a picture, from the first bytes of its file (pure)."""

import binascii
import re
import struct

HEAD = 65_536  # characters of a picture that are read; JPEG may have a thumbnail before its size

_NUMBER = r"(\d{1,9}(?:\.\d{1,9})?)"
_SVG_TAG = re.compile(r"<(?:\w+:)?svg\b[^<>]*>")
_SVG_SIDES = [
    re.compile(rf"""\s{side}\s*=\s*["']\s*{_NUMBER}(px|pt)?\s*["']""") for side in ("width", "height")
]
_VIEW_BOX = re.compile(rf"""\sviewBox\s*=\s*["'][-\d.\s,]+?[\s,]{_NUMBER}[\s,]+{_NUMBER}\s*["']""")


def pixels(mime: str, value: str) -> tuple[int, int] | None:
    """Width and height of a picture as it is in a MIME bundle: base64, or the text of an SVG.

    None: the format is another one, the data is damaged, or an SVG does not say.
    """
    if mime == "image/svg+xml":
        return _svg_size(value[:HEAD])
    text = "".join(value[:HEAD].split())
    try:
        return _size(mime, binascii.a2b_base64(text[: len(text) // 4 * 4]))
    except (ValueError, struct.error):
        return None


def _size(mime: str, head: bytes) -> tuple[int, int] | None:
    if mime == "image/png" and head.startswith(b"\x89PNG"):
        return struct.unpack_from(">II", head, 16)
    if mime == "image/gif" and head.startswith(b"GIF8"):
        return struct.unpack_from("<HH", head, 6)
    if mime == "image/jpeg" and head.startswith(b"\xff\xd8"):
        return _jpeg_size(head)
    if mime == "image/webp" and head.startswith(b"RIFF"):
        return _webp_size(head)
    return None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # start of frame
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        at += 2 + length
    return None


def _webp_size(head: bytes) -> tuple[int, int] | None:
    match head[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", head, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", head, 26)
            return width & 0x3FFF, height & 0x3FFF
    return None


def _svg_size(text: str) -> tuple[int, int] | None:
    tag = _SVG_TAG.search(text)
    if tag is None:
        return None
    sides = [side.search(tag[0]) for side in _SVG_SIDES]
    if all(sides):
        width, height = (float(side[1]) * (4 / 3 if side[2] == "pt" else 1) for side in sides if side)
        return round(width), round(height)
    box = _VIEW_BOX.search(tag[0])
    return (round(float(box[1])), round(float(box[2]))) if box else None
