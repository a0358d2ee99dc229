"""Pieces of an edited document, compared with an oracle that tracks every character."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.source.anchors import Anchor, Edit, Span, edits_between, moved, narrowed, whole_lines

TEXTS = st.text("ab\n\r\U0001f600", max_size=12)


@dataclass(eq=False)
class Character:
    """One character, tracked through all edits."""

    value: str
    member: bool  # whether it belongs to the piece


def replace(text: list[Character], start: int, removed: int, new: str) -> list[Character]:
    """New text belongs to the piece if both its neighbours do."""
    before, after = text[:start], text[start + removed :]
    inside = bool(before) and bool(after) and before[-1].member and after[0].member
    return [*before, *(Character(value, inside) for value in new), *after]


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, Span, list[tuple[int, int, str]]]:
    text = draw(TEXTS.filter(bool))
    start = draw(st.integers(0, len(text) - 1))
    span = Span(start, draw(st.integers(start + 1, len(text))))
    edits, length = [], len(text)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, length))
        removed = draw(st.integers(0, length - at))
        new = draw(TEXTS)
        edits.append((at, removed, new))
        length += len(new) - removed
    return text, span, edits


@given(edited())
def test_a_piece_goes_where_its_characters_go(case: tuple[str, Span, list[tuple[int, int, str]]]) -> None:
    text, first, edits = case
    span: Span | None = first
    oracle = [Character(value, first.start <= at < first.end) for at, value in enumerate(text)]
    for start, removed, new in edits:
        oracle = replace(oracle, start, removed, new)
        span = span and moved(span, Edit(start, removed, len(new)))
        members = [at for at, character in enumerate(oracle) if character.member]
        assert span == (Span(members[0], members[-1] + 1) if members else None)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_an_edit_is_minimal(start: str, old: str, new: str, end: str) -> None:
    edit = narrowed(len(start), old, new)
    before, after = start + old + end, start + new + end
    typed = after[edit.start : edit.start + edit.inserted]
    assert before[: edit.start] + typed + before[edit.start + edit.removed :] == after
    gone = before[edit.start : edit.start + edit.removed]
    assert not (gone and typed and (gone[0] == typed[0] or gone[-1] == typed[-1]))
    assert (edit.removed, edit.inserted) != (0, 0) or old == new


@given(TEXTS, TEXTS, TEXTS)
def test_edits_reproduce_the_replacement(start: str, old: str, new: str) -> None:
    text = start + old
    made = start + new
    for edit in edits_between(len(start), old, new):
        text = text[: edit.start] + made[edit.start :][: edit.inserted] + text[edit.start + edit.removed :]
    assert text == made


def test_a_formatter_that_rewrites_everything_keeps_unchanged_lines() -> None:
    before = "import  a\nx = 1\ny  = 2\nz = 3\n"
    after = "import a\n\n\nx = 1\ny = 2\nz = 3\n"
    for part in ("x = 1", "z = 3"):
        span: Span | None = Span(before.index(part), before.index(part) + len(part))
        for edit in edits_between(0, before, after):
            span = span and moved(span, edit)
        assert span is not None
        assert after[span.start : span.end] == part


def test_line_ends_are_ignored_when_lines_are_compared() -> None:
    assert whole_lines("a\r\nbc\rd\re", Span(4, 6)) == "bc\nd"


@pytest.mark.parametrize(
    ("after", "stale"),
    [
        ("a = 1\nb = 2\nc", False),
        ("new\na = 1\nb = 2\nc", False),
        ("a = 1\nb = 23\nc", True),
        ("a = 1\n\nb = 2\nc", True),
        ("a = 1\nb = 2c", True),
        ("xa = 1\nb = 2\nc", True),
    ],
)
def test_a_piece_is_stale_while_its_lines_differ(after: str, stale: bool) -> None:
    before = "a = 1\nb = 2\nc"
    anchor = Anchor(Span(0, len("a = 1\nb = 2")), "a = 1\nb = 2")
    span = moved(anchor.span, narrowed(0, before, after))
    assert span is not None
    anchor.span = span
    assert anchor.is_stale(after) == stale
    back = moved(span, narrowed(0, after, before))
    assert back is not None
    anchor.span = back
    assert not anchor.is_stale(before)
