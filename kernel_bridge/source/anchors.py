"""Tracks a piece of a document while the document is edited, like an editor's marks (pure).

Positions are indices into the text. A piece includes text typed strictly inside it, but not at its edges.
Once nothing is left of a piece, it is gone for good.
"""

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

COMPARED_LINES = 1000  # above this a large replacement counts as one edit: comparing takes too long


class Edit(NamedTuple):
    """`removed` characters at `start` were replaced by `inserted` new ones."""

    start: int
    removed: int
    inserted: int


class Span(NamedTuple):
    """A piece of a text; `end` is exclusive."""

    start: int
    end: int


def narrowed(start: int, old: str, new: str) -> Edit:
    """The edit that replaces `old` at `start` with `new`, without their common prefix and suffix."""
    shorter = min(len(old), len(new))
    first = _common(old, new, shorter)
    last = _common(old[::-1], new[::-1], shorter - first)
    return Edit(start + first, len(old) - first - last, len(new) - first - last)


def edits_between(start: int, old: str, new: str) -> list[Edit]:
    """The edits that replace `old` at `start` with `new`, to be applied in order.

    Unchanged lines are detected, so a formatter that rewrites a document moves only what it changes.
    """
    edit = narrowed(start, old, new)
    first = edit.start - start
    gone = old[first : first + edit.removed].splitlines(keepends=True)
    typed = new[first : first + edit.inserted].splitlines(keepends=True)
    if min(len(gone), len(typed)) < 2 or len(gone) + len(typed) > COMPARED_LINES:
        return [edit]
    edits, at = [], edit.start
    for kind, low, high, new_low, new_high in SequenceMatcher(
        None, gone, typed, autojunk=False
    ).get_opcodes():
        text = "".join(typed[new_low:new_high])
        if kind != "equal":
            edits.append(narrowed(at, "".join(gone[low:high]), text))
        at += len(text)
    return edits


def moved(span: Span, edit: Edit) -> Span | None:
    """The span after an edit; None: nothing is left of it."""
    end_of_edit = edit.start + edit.removed
    start = _moved(span.start, edit, edit.start + edit.inserted if span.start >= edit.start else span.start)
    end = _moved(span.end, edit, edit.start if span.end > edit.start else span.end)
    if span.start < edit.start and span.end > end_of_edit:  # strictly inside: the span includes the new text
        end = span.end + edit.inserted - edit.removed
    return Span(start, end) if start < end else None


def _moved(place: int, edit: Edit, within: int) -> int:
    """A position after an edit; `within` is the result for one that the edit touches."""
    if place < edit.start:
        return place
    if place > edit.start + edit.removed:
        return place + edit.inserted - edit.removed
    return within


def _common(one: str, other: str, longest: int) -> int:
    """The length of the common prefix of two texts, at most `longest`."""
    if one[:longest] == other[:longest]:
        return longest
    low, high = 0, longest  # equal up to `low`, different before `high`
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


@dataclass(slots=True)
class Anchor:
    """A piece of a document."""

    span: Span
    lines: str  # its `whole_lines` when it was recorded

    def is_stale(self, text: str) -> bool:
        """Whether its lines have changed since then."""
        return whole_lines(text, self.span) != self.lines


def whole_lines(text: str, span: Span) -> str:
    r"""The lines that a span touches, without the last line end; `\r\n` and `\r` become `\n`."""
    start = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
    ends = [at for at in (text.find("\n", span.end), text.find("\r", span.end)) if at >= 0]
    lines = text[start : min(ends, default=len(text))]
    return lines.replace("\r\n", "\n").replace("\r", "\n") if "\r" in lines else lines
