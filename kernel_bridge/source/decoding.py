"""Decodes documents (pure): they are UTF-8, or in the encoding that a Python script declares (PEP 263)."""

import codecs
import re

from .languages import is_python

_DECLARATION = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*(?P<name>[-\w.]+)")
_BLANK = re.compile(rb"[ \t\f]*(?:#.*)?")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)  # UTF-32 LE begins as the first does


class NotText(ValueError):
    """The bytes are not text in the encoding of the document."""


def decode(content: bytes, language_id: str | None) -> str:
    """The text, without a byte order mark. `language_id` is of a script; None: the document is no script.

    Raises NotText, which names the line.
    """
    if content.startswith(_WIDE):
        raise NotText("it is UTF-16 or UTF-32 text; save it as UTF-8")
    body = content.removeprefix(codecs.BOM_UTF8)
    if language_id is not None and (at := body.find(b"\0")) >= 0:
        line = body.count(b"\n", 0, at) + 1
        raise NotText(f"line {line} has a NUL byte: the file is damaged, or in UTF-16; save it as UTF-8")
    is_script = language_id is not None and is_python(language_id)
    encoding, line = _declared(body) if is_script else ("utf-8", 0)
    if len(body) < len(content) and codecs.lookup(encoding).name != "utf-8":
        raise NotText(f"line {line} names the encoding {encoding!r}, but a byte order mark says UTF-8")
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        bad = error.object[error.start]
        where = f"line {body.count(bytes([10]), 0, error.start) + 1} has the byte 0x{bad:02x}"
        advice = (
            ", or name its encoding in line 1: # -*- coding: latin-1 -*-" if is_script and not line else ""
        )
        raise NotText(f"{where}, which is not valid {encoding}; save it as UTF-8{advice}") from None
    except (UnicodeError, ValueError) as error:  # of codecs such as idna
        raise NotText(f"it is not valid {encoding} ({error}); save it as UTF-8") from None


def _declared(body: bytes) -> tuple[str, int]:
    """The encoding that one of the first two lines names, and the number of that line; 0: none does.

    Raises NotText: there is no such encoding.
    """
    for number, line in enumerate(re.split(rb"\r\n|\r|\n", body[:10_000], maxsplit=2)[:2], start=1):
        if match := _DECLARATION.match(line):
            name = match["name"].decode("ascii")
            try:
                b" ".decode(name)
            except (LookupError, UnicodeError):  # unknown, or not an encoding of text, such as hex
                raise NotText(
                    f"line {number} names the encoding {name!r}, which Python does not know; "
                    "correct the name, or save the file as UTF-8 without it"
                ) from None
            return name, number
        if not _BLANK.fullmatch(line):
            break
    return "utf-8", 0
