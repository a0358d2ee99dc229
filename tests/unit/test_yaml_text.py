from typing import Any

import pytest

from kernel_bridge.source.yaml_text import BadYaml, read_yaml


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("a: 1\nb: [x, 2020-01-01]", {"a": 1, "b": ["x", "2020-01-01"]}),
        ("1: !!binary aGk=", {"1": "b'hi'"}),
        (r'"\ud83d"', "\ufffd"),
        ("value: 'two\n  lines'", {"value": "two lines"}),
    ],
)
def test_yaml_is_read_as_json(text: str, expected: Any) -> None:
    assert read_yaml(text) == expected


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("a: 1\nb: {", "expected the node content", 1),
        ("a: 1\n\tb: 2", "cannot start any token", 1),
        ("a: &x [1]\nb: *x", "anchors are not supported", 1),
        ("a: \x01", "not allowed", 0),
        ("[" * 5000, "nested more than 200 levels", 0),
        ("a:\n  - !!python/object:os.system {}", "could not determine a constructor", 1),
    ],
)
def test_bad_yaml_is_reported_with_its_line(text: str, problem: str, line: int) -> None:
    with pytest.raises(BadYaml, match=problem) as raised:
        read_yaml(text)
    assert raised.value.line == line
