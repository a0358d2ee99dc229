"""Deeply nested JSON: the inner levels become text, and nothing is lost."""

import json
from typing import Any

import pytest

from kernel_bridge.runs.nesting import DEEPEST, cut, cut_json
from kernel_bridge.server.encoding import encode


def nested(levels: int, inside: Any) -> Any:
    for level in range(levels):
        inside = [inside] if level % 2 else {"a": inside}
    return inside


@pytest.mark.parametrize("levels", [0, 1, DEEPEST - 1, DEEPEST, DEEPEST + 1, 2 * DEEPEST])
def test_both_ways_to_cut_agree(levels: int) -> None:
    value = {"b": 'é"]\\[{', "deep": nested(levels, [1, "]", {}]), "c": []}
    text = json.dumps(value, ensure_ascii=False)
    expected = cut(value)
    assert json.loads(cut_json(text.encode())) == expected
    assert (expected == value) == (levels + 2 <= DEEPEST)


def test_text_that_is_not_json_is_unchanged() -> None:
    for data in (b"", b"]]]", b'"', b"[" * 500, b"{" * 99 + b"]" * 500):
        assert cut_json(data) == data


def test_the_encoder_accepts_any_depth() -> None:
    value = {"params": [nested(5000, "\ud800")]}
    assert json.loads(encode(value)).keys() == {"params"}
