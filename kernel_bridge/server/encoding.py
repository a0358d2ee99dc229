"""JSON text of what goes out, and what JavaScript and Python strings may hold that JSON in UTF-8 may not.

A lone surrogate (half of a character outside the basic plane) is legal in both languages and in JSON's
grammar, but has no UTF-8, and msgspec refuses it in both directions. U+FFFD replaces it (`source.json_text`).
"""

import json
from typing import Any, NoReturn

import msgspec

from ..source.json_text import mended

_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """`value` (structs, JSON values, msgspec.Raw) as JSON.

    Raises TypeError: of a type that is none of these. Raises RecursionError: nested too deeply.
    """
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, str_keys=True, builtin_types=(msgspec.Raw,))
        return _encoder.encode(mended(plain))


def mend(body: bytes) -> bytes | None:
    """JSON text with its lone surrogate escapes replaced; None: it has none, or more is wrong with it."""
    if b"\\ud" not in body and b"\\uD" not in body:
        return None
    try:
        return _encoder.encode(mended(json.loads(body, parse_constant=_refuse)))
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
