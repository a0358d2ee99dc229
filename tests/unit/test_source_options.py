from typing import Any

import pytest

from kernel_bridge.source.options import Marker, read_marker, read_options, write_marker


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", {}),
        ('tags=["a", "b"] x=1', {"tags": ["a", "b"], "x": 1}),
        ("name='it' flag=True other", {"name": "it", "flag": True, "other": None}),
        ('a="x = y" b.c-d/e={"f": [1, 2]}', {"a": "x = y", "b.c-d/e": {"f": [1, 2]}}),
        ("a=(1, 2)", {"a": [1, 2]}),
        ('{"tags": ["a"], "x": null}', {"tags": ["a"], "x": None}),
        ("{'tags': ['a']}", {"tags": ["a"]}),
        ("{broken", None),
        ("{1, 2}", None),
        ("a={1}", None),
        ("other=word", None),
    ],
)
def test_options(written: str, expected: dict[str, Any] | None) -> None:
    assert read_options(written) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Load data", ("", "Load data", 0, {})),
        ('A title [markdown] key="v"', ("markdown", "A title", 0, {"key": "v"})),
        ('% Nested [MD] {"a": 1}', ("md", "Nested", 1, {"a": 1})),
        ("x = y", ("", "x = y", 0, {})),
        ("a {set}", ("", "a {set}", 0, {})),
        ("x[raw]", ("", "x[raw]", 0, {})),
        ("title .cls a=1", ("", "title", 0, {".cls": None, "a": 1})),
        ("=" * 100_000, ("", "=" * 100_000, 0, {})),
    ],
)
def test_markers(text: str, expected: tuple[str, str, int, dict[str, Any]]) -> None:
    marker = read_marker(text)
    assert (marker.kind, marker.title, marker.depth, marker.options) == expected


@pytest.mark.parametrize(
    ("kind", "metadata", "expected"),
    [
        ("", {}, ""),
        ("md", {"title": "A title", "tags": ["x"]}, ' A title [md] tags=["x"]'),
        ("", {"cell_depth": 1, "title": "Nested"}, "% Nested"),
        ("raw", {"title": "x = y"}, ' [raw] title="x = y"'),
        ("", {"title": "% x", "an odd key": 1}, ' {"title": "% x", "an odd key": 1}'),
        ("", {"title": "two\nlines"}, r' title="two\nlines"'),
    ],
)
def test_written_markers_are_read_again(kind: str, metadata: dict[str, Any], expected: str) -> None:
    text = write_marker(kind, metadata)
    assert text == expected
    read = read_marker(text)
    title = {"title": read.title} if read.title else {}
    depth = {"cell_depth": read.depth} if read.depth else {}
    assert (read.kind, read.options | title | depth) == (kind, metadata)


def test_a_long_marker_is_a_title() -> None:
    text = "a=1 " * 10_000
    assert read_marker(text) == Marker("", text.strip(), 0, {}, "")
