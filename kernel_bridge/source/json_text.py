"""JSON that somebody else wrote: refused where it is nested so deeply that whatever walks it would fail.

Parsers, encoders, repr(), copies and nbformat all recurse, each with a limit of its own, and some only long
after the value was read. Knows nothing of what the JSON is about.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

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
