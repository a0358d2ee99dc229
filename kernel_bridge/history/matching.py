"""Matches runs to the cells of a document (pure)."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from heapq import nlargest

from ..source.notebook import NotebookCell
from .records import Ran

ALIKE = 0.6  # minimum similarity of an edited source, as difflib's ratio
LONG = 2_000  # characters above which sources are compared only by line
COMPARED = 3  # sources that are compared with one cell: those that share most words with it
COMPARISONS = 300  # for one document, the newest runs first: comparing takes a millisecond
COMMON = 200  # sources above which a word that they share says nothing
WHOLE_CELLS = ("cell", "above", "below", "all")

_WORD = re.compile(r"\w+")


def match(cells: Sequence[NotebookCell], newest_first: Sequence[Ran]) -> list[Ran | None]:
    """The newest run of each cell: by the cell's id if it has one, else by code and position.

    A script's cell has no id. It gets a run of the same code, the one nearest to it if there are several.
    Otherwise it gets the newest run of a whole cell with similar code that belongs to no other cell.
    """
    found = list(_named(cells, newest_first))
    uris = {cell.uri for cell in cells if cell.uri is not None}
    ids = {cell.id for cell in cells if cell.id is not None}
    codes = {cell.code.strip() for cell in cells}
    same: dict[str, list[Ran]] = defaultdict(list)
    edited: list[Ran] = []
    seen: set[tuple[str, int | None]] = set()
    used: set[tuple[str | None, int | None]] = set()  # places of whole cells that have a newer run
    for run in newest_first:
        if run.uri in uris or run.cell_id in ids:
            continue
        code = run.source.strip()
        if code in codes and (run.line is None or (code, run.line) not in seen):
            same[code].append(run)
            seen.add((code, run.line))
        if run.unit in WHOLE_CELLS:
            if code not in codes and (run.line is None or (run.uri, run.line) not in used):
                edited.append(run)
            used.add((run.uri, run.line))
    _take_same(cells, found, same)
    alike = Alike(edited)
    for index, cell in enumerate(cells):
        if found[index] is None and cell.has_code:
            found[index] = alike.take(cell.code, _line(cell))
    return found


def _named(cells: Sequence[NotebookCell], newest_first: Sequence[Ran]) -> Iterator[Ran | None]:
    """The newest run of each cell that an id or a document of its own identifies."""
    by_uri: dict[str | None, list[Ran]] = defaultdict(list)
    by_id: dict[str | None, list[Ran]] = defaultdict(list)
    if any(cell.id is not None or cell.uri is not None for cell in cells):
        for run in newest_first:
            by_uri[run.uri].append(run)
            by_id[run.cell_id].append(run)
    order = {run: number for number, run in enumerate(newest_first)} if by_uri else {}
    for cell in cells:
        own = by_uri[cell.uri] if cell.uri is not None else []
        own = [*own, *(by_id[cell.id] if cell.id is not None else [])] if cell.has_code else []
        wanted = (run for run in own if run.unit in WHOLE_CELLS or run.source.strip() == cell.code.strip())
        yield min(wanted, key=order.__getitem__, default=None)


def _line(cell: NotebookCell) -> int | None:
    return cell.region.start.line if cell.region is not None else None


def _take_same(
    cells: Sequence[NotebookCell], found: list[Ran | None], same: Mapping[str, Sequence[Ran]]
) -> None:
    """Assign runs of identical code to cells without a run: in order, or if there are too few by line."""
    wanting: dict[str, list[int]] = defaultdict(list)
    for index, cell in enumerate(cells):
        if found[index] is None and cell.has_code:
            wanting[cell.code.strip()].append(index)
    moves = {
        same[code][0].line: _line(cells[indices[0]])
        for code, indices in wanting.items()
        if len(indices) == 1 and code in same
    }
    expected = shifted(moves)
    for code, indices in wanting.items():
        if code not in same:
            continue
        runs = sorted(same[code][: len(indices)], key=lambda run: (run.line or 0, run.key))
        if len(runs) == len(indices):
            for index, run in zip(indices, runs, strict=True):
                found[index] = run
            continue
        for run in runs:
            near = expected(run.line)
            index = min(indices, key=lambda index: distance(_line(cells[index]), near))
            found[index] = run
            indices.remove(index)


def distance(one: int | None, other: int | None) -> int:
    return abs(one - other) if one is not None and other is not None else 0


def shifted(moves: Mapping[int | None, int | None]) -> Callable[[int | None], int | None]:
    """A function from a line of the past to the line where it is expected now.

    `moves` has both lines of some places. Any other line moved like the nearest of these.
    """
    known = sorted((old, new) for old, new in moves.items() if old is not None and new is not None)
    lines = [old for old, _ in known]

    def expected(line: int | None) -> int | None:
        if line is None or not known:
            return line
        at = bisect_left(lines, line)
        old, new = min(known[max(at - 1, 0) : at + 1], key=lambda move: abs(move[0] - line))
        return line + new - old

    return expected


class Alike:
    """Runs, newest first, that can be found by similar code. Each is found once."""

    def __init__(self, runs: Iterable[Ran]) -> None:
        self._runs = list(runs)
        self._words = [frozenset(_WORD.findall(run.source)) for run in self._runs]
        self._having: dict[str, list[int]] = defaultdict(list)
        self._at: dict[int | None, list[int]] = defaultdict(list)
        for number, run in enumerate(self._runs):
            self._at[run.line].append(number)
            for word in self._words[number]:
                self._having[word].append(number)
        self._gone: set[int] = set()
        self._left = COMPARISONS

    def take(self, source: str, line: int | None) -> Ran | None:
        """The newest run of similar code, preferably at the same line. Others at its line are gone too."""
        here = self._at.get(line, []) if line is not None else []
        for candidates in (here, sorted(self._sharing(source))):
            for number in candidates:
                if number in self._gone or self._left <= 0:
                    continue
                self._left -= 1
                run = self._runs[number]
                if are_alike(run.source, source):
                    self._gone |= {number, *(self._at[run.line] if run.line is not None else ())}
                    return run
        return None

    def _sharing(self, source: str) -> list[int]:
        words = frozenset(_WORD.findall(source))
        shared = Counter(
            number
            for word in words
            if len(having := self._having.get(word, ())) <= COMMON
            for number in having
            if number not in self._gone
        )
        return nlargest(
            COMPARED, shared, key=lambda number: shared[number] / (len(words) + len(self._words[number]))
        )


def are_alike(one: str, other: str) -> bool:
    """Whether one source may be an edited version of the other."""
    by_line = SequenceMatcher(None, one.splitlines(), other.splitlines(), autojunk=False)
    if by_line.ratio() >= ALIKE:
        return True
    if max(len(one), len(other)) > LONG:
        return False
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE
