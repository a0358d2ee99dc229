"""Limits how deeply JSON from a kernel is nested: below DEEPEST levels it becomes text.

Parsers, encoders, nbformat and editors recurse, each with its own limit, and a kernel can send any depth.
Nothing is lost: the text is valid JSON.
"""

import json
import re
from typing import Any

DEEPEST = 100  # levels of lists and objects that are kept in an output nested too deeply

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def cut(value: Any, levels: int = DEEPEST) -> Any:
    """The value with text instead of anything nested more deeply."""
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
    """Like `cut`, for JSON that no parser accepts. Anything that is not JSON is returned unchanged."""
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
