"""Text and JSON as bytes, for the states that leave the process.

Text of a kernel or a client may contain lone surrogates, which msgspec refuses to encode. In a state such
text, and JSON with it, is packed. JSON that is nested too deeply is cut, as elsewhere.
"""

import json
from typing import Any

from .nesting import cut, cut_json


def pack(value: Any) -> bytes:
    """The JSON of `value` in UTF-8, with lone surrogates as they are."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        text = json.dumps(cut(value), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def unpack(data: bytes) -> Any:
    """The value that was packed. Tuples become lists."""
    try:
        return json.loads(data.decode("utf-8", "surrogatepass"))
    except RecursionError:  # less of the stack is free than where it was packed
        return json.loads(cut_json(data).decode("utf-8", "surrogatepass"))
