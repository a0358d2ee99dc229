"""JSON text of what goes out, and what JavaScript and Python strings may hold that JSON in UTF-8 may not.

A lone surrogate (half of a character outside the basic plane) is legal in both languages and in JSON's
grammar, but has no UTF-8, and msgspec refuses it in both directions. U+FFFD replaces it (`source.json_text`).
"""

import json
from typing import Any, NoReturn

import msgspec

from ..runs.nesting import DEEPEST, cut
from ..source.json_text import mended

_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """`value` (structs, JSON values, msgspec.Raw) as JSON.

    What is nested too deeply is cut. Raises TypeError: of a type that is none of these.
    """
    try:
        return _encode(value)
    except RecursionError:
        return _encode(_cut(value, DEEPEST))


def _encode(value: Any) -> bytes:
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, str_keys=True, builtin_types=(msgspec.Raw,))
        return _encoder.encode(mended(plain))


def _cut(value: Any, levels: int) -> Any:
    """The same with text in the place of JSON that is nested deeper; structs stay structs."""
    if isinstance(value, msgspec.Struct):
        fields = {name: _cut(getattr(value, name), levels) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    if isinstance(value, dict | list) and levels <= 0:
        return cut(value, 0)
    if isinstance(value, dict):
        return {name: _cut(part, levels - 1) for name, part in value.items()}
    if isinstance(value, list):
        return [_cut(part, levels - 1) for part in value]
    return value


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
