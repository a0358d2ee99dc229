"""Text and JSON as bytes, for the states that leave the process.

Text of a kernel or a client may contain lone surrogates, which msgspec refuses to encode. In a state such
text, and JSON with it, is packed.
"""

import json
from typing import Any

from .nesting import cut


def pack(value: Any) -> bytes:
    """The JSON of `value` in UTF-8, with lone surrogates as they are."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        text = json.dumps(cut(value), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def unpack(data: bytes) -> Any:
    """The value that was packed. Tuples become lists."""
    return json.loads(data.decode("utf-8", "surrogatepass"))
