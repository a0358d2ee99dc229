"""JSON that somebody else wrote: refused where it is nested so deeply that whatever walks it would fail.

Parsers, encoders, repr(), copies and nbformat all recurse, each with a limit of its own, and some only long
after the value was read. Lone surrogates, which JSON can have and UTF-8 cannot, are replaced. Knows nothing
of what the JSON is about.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
DEEPEST = 200  # levels of objects and lists; nbformat's own walk ends with a RecursionError at about 450


class TooDeep(ValueError):
    """The JSON is nested more than DEEPEST levels."""

    def __init__(self) -> None:
        super().__init__(f"its JSON is nested more than {DEEPEST} levels deep")


def read_json(text: str, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """The value; `parse_constant` as of json.loads.

    Raises json.JSONDecodeError: not JSON; TooDeep; another ValueError: a number of thousands of digits.
    """
    try:
        value = json.loads(text, parse_constant=parse_constant)
    except RecursionError:
        raise TooDeep from None
    check_depth(value)
    return mended(value) if _SURROGATE.search(text) else value


def mended(value: Any) -> Any:
    r"""The value with U+FFFD for each lone surrogate (half of a character such as `\ud83d`) in its texts.

    It is one UTF-16 unit and three bytes like the surrogate, so positions in the text stay what they were.
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
    """Raises TooDeep."""
    level = [value]
    for _ in range(DEEPEST + 1):
        holders = [part for part in level if isinstance(part, dict | list)]
        if not holders:
            return
        level = [inner for holder in holders for inner in _parts(holder)]
    raise TooDeep
