"""JSON text of what goes out, and what JavaScript and Python strings may hold that JSON in UTF-8 may not.

A lone surrogate (half of a character outside the basic plane) is legal in both languages and in JSON's
grammar, but has no UTF-8, and msgspec refuses it in both directions. U+FFFD stands in its place: one UTF-16
unit and three bytes like the surrogate, so positions in the text stay what they were.
"""

import json
from typing import Any, NoReturn

import msgspec

_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """`value` (structs, JSON values, msgspec.Raw) as JSON.

    Raises TypeError: of a type that is none of these. Raises RecursionError: nested too deeply.
    """
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, str_keys=True, builtin_types=(msgspec.Raw,))
        return _encoder.encode(_mended(plain))


def mend(body: bytes) -> bytes | None:
    """JSON text with its lone surrogate escapes replaced; None: it has none, or more is wrong with it."""
    if b"\\ud" not in body and b"\\uD" not in body:
        return None
    try:
        return _encoder.encode(_mended(json.loads(body, parse_constant=_refuse)))
    except (ValueError, RecursionError):
        return None


def _mended(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case dict():
            return {_mended(key): _mended(item) for key, item in value.items()}
        case list() | tuple():
            return [_mended(item) for item in value]
        case _:
            return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
