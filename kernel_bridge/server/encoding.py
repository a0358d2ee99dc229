"""Encodes outgoing JSON, and replaces lone surrogates in both directions.

A lone surrogate (half of a character outside the basic plane) is legal in JavaScript, in Python and in JSON's
grammar, but it has no UTF-8 form, and msgspec refuses it. U+FFFD replaces it (`source.json_text`).
"""

import json
from typing import Any, NoReturn

import msgspec

from ..runs.nesting import DEEPEST, cut
from ..source.json_text import mended

_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """Encode `value` (structs, JSON values, msgspec.Raw) as JSON. Values nested too deeply are cut.

    Raises TypeError: a value of another type.
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
    """The value, with JSON nested deeper than `levels` replaced by text; structs stay structs."""
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
    """Replace the lone surrogate escapes in JSON text; None: it has none, or is not JSON."""
    if b"\\ud" not in body and b"\\uD" not in body:
        return None
    try:
        return _encoder.encode(mended(json.loads(body, parse_constant=_refuse)))
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
