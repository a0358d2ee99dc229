"""Finds which cells of a changed notebook are cells of the old one (pure), as jupytext does.

First those with the same source, in order, then those that moved. A cell that was edited is between the same
cells as before: it is the similar one there, or the only one.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from difflib import SequenceMatcher

from ..source.notebook import NotebookCell
from .matching import are_alike

COMPARED = 20  # cells that an edited cell is compared with

Key = tuple[str, str]


def align(old: Sequence[NotebookCell], new: Sequence[NotebookCell]) -> list[int | None]:
    """The index of the old cell that each new cell is; None: it was not there."""
    before, after = list(map(_key, old)), list(map(_key, new))
    found: list[int | None] = [None] * len(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    blocks = matcher.get_matching_blocks()
    for first, start, length in blocks:
        found[start : start + length] = range(first, first + length)
    _take_moved(before, after, found)
    edge, start = 0, 0
    for end, begin, length in blocks:  # the last one is empty, at the ends
        _take_edited(old, new, found, range(edge, end), range(start, begin))
        edge, start = end + length, begin + length
    return found


def _key(cell: NotebookCell) -> Key:
    return cell.raw["cell_type"], cell.code.strip()


def _take_moved(before: Sequence[Key], after: Sequence[Key], found: list[int | None]) -> None:
    """Find cells with the same source elsewhere. Cells without text have not moved: they are new."""
    left: dict[Key, deque[int]] = defaultdict(deque)
    taken = set(found)
    for index, key in enumerate(before):
        if index not in taken:
            left[key].append(index)
    for position, key in enumerate(after):
        if found[position] is None and key[1].strip() and left[key]:
            found[position] = left[key].popleft()


def _take_edited(
    old: Sequence[NotebookCell],
    new: Sequence[NotebookCell],
    found: list[int | None],
    between: range,
    gap: range,
) -> None:
    """Find the cells in a gap among those that were between the same neighbours."""
    taken = set(found)
    for kind in ("code", "markdown", "raw"):
        left = [index for index in between if index not in taken and old[index].raw["cell_type"] == kind]
        wanting = [at for at in gap if found[at] is None and new[at].raw["cell_type"] == kind]
        for number, position in enumerate(wanting):
            source = new[position].source
            middle = round(number * len(left) / len(wanting))
            near = left[max(middle - COMPARED, 0) : middle + COMPARED]
            index = next((one for one in near if _is_edited(old[one].source, source)), None)
            if index is not None:
                found[position] = index
                left.remove(index)
        wanting = [position for position in wanting if found[position] is None]
        if len(left) == len(wanting) == 1:
            found[wanting[0]] = left[0]


def _is_edited(one: str, other: str) -> bool:
    """Whether one source may be the other after an edit, or a part of it that was split off."""
    lines, others = set(one.split("\n")), set(other.split("\n"))
    return bool(other.strip()) and (others <= lines or lines <= others or are_alike(one, other))
