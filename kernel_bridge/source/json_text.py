"""Reads JSON that others wrote, and rejects it if its nesting would break later processing.

Parsers, encoders, repr(), copies and nbformat all recurse, each with its own limit, and some only long after
the value was read. Lone surrogates, which JSON allows and UTF-8 does not, are replaced. Independent of the
meaning of the JSON.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

# Two expressions, because an alternation is ten times slower.
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
DEEPEST = 200  # levels of objects and lists; nbformat's own walk fails with RecursionError at about 450


class TooDeep(ValueError):
    """The JSON is nested more than DEEPEST levels."""

    def __init__(self) -> None:
        super().__init__(f"its JSON is nested more than {DEEPEST} levels deep")


def read_json(text: str, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """The value; `parse_constant` is that of json.loads.

    Raises TooDeep; json.JSONDecodeError: not JSON; another ValueError: a number with thousands of digits.
    """
    try:
        value = json.loads(text, parse_constant=parse_constant)
    except RecursionError:
        raise TooDeep from None
    check_depth(value)
    has_surrogates = _ESCAPED_SURROGATE.search(text) or (not text.isascii() and _SURROGATE.search(text))
    return mended(value) if has_surrogates else value


def mended(value: Any) -> Any:
    r"""The value with U+FFFD for each lone surrogate (half of a character such as `\ud83d`) in its texts.

    Like the surrogate, U+FFFD is one UTF-16 unit and three bytes, so positions in the text stay valid.
    """
    match value:
        case str():
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case dict():
            return {mended(key): mended(item) for key, item in value.items()}
        case list() | tuple():
            return [mended(item) for item in value]
        case _:
            return value


def _parts(holder: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return holder.values() if isinstance(holder, dict) else holder


def check_depth(value: Any) -> None:
    """Raises TooDeep if the value is nested too deeply."""
    level = [value]
    for _ in range(DEEPEST + 1):
        holders = [part for part in level if isinstance(part, dict | list)]
        if not holders:
            return
        level = [inner for holder in holders for inner in _parts(holder)]
    raise TooDeep
