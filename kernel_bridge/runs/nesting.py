"""JSON of a kernel that is nested too deeply to be walked: what is below DEEPEST levels stands as its text.

Parsers, encoders, nbformat and editors recurse, each with a limit of its own; a kernel can send any depth.
Nothing is lost: the text is JSON again.
"""

import json
import re
from typing import Any

DEEPEST = 100  # levels of lists and objects in an output, after which it is cut where something fails

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def cut(value: Any, levels: int = DEEPEST) -> Any:
    """The same value with text in the place of what is nested deeper."""
    if isinstance(value, dict):
        return {name: cut(part, levels - 1) for name, part in value.items()} if levels else _text(value)
    if isinstance(value, list):
        return [cut(part, levels - 1) for part in value] if levels else _text(value)
    return value


def _text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "[nested too deeply]"


def cut_json(data: bytes) -> bytes:
    """The same for JSON that no parser takes; what is no JSON comes as it is."""
    parts: list[bytes] = []
    at = depth = begin = 0
    for token in _TOKEN.finditer(data):
        if token[0] in (b"[", b"{"):
            depth += 1
            if depth == DEEPEST + 1:
                begin = token.start()
        elif token[0] in (b"]", b"}"):
            if depth == DEEPEST + 1:
                deep = data[begin : token.end()].decode("utf-8", "replace")
                parts += data[at:begin], json.dumps(deep, ensure_ascii=False).encode("utf-8", "replace")
                at = token.end()
            depth -= 1
    return b"".join((*parts, data[at:]))
