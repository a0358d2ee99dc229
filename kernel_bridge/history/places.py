"""Finds where the code of earlier runs is in a document now (pure).

A run's place is the lines that have its code, else those with similar code. Unchanged code is placed before
edited code, newer runs before older ones, and no line belongs to two runs.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..source.code import Code
from ..source.document import Place
from ..source.notebook import NotebookCell
from .matching import WHOLE_CELLS, are_alike, distance, match, shifted
from .records import Ran

NEAREST = 8  # places with the same code that are tried
NEARBY = 10  # lines before and after the expected one on which edited code is looked for
EDITED = 200  # how many runs of edited code are looked for
LONGEST = 20  # lines of a run of edited code


@dataclass(frozen=True, slots=True)
class PlacedRun:
    """A run, and where its code is now."""

    run: Ran
    start: Place
    end: Place
    stale: bool  # the code there is no longer what ran


def place(
    code: Code,
    cells: Sequence[NotebookCell],
    newest_first: Sequence[Ran],
    taken: Iterable[tuple[int, int]] = (),
) -> list[PlacedRun]:
    """The runs that have a place in the document, from top to bottom.

    `cells` are those of the document. `taken` has the first and last lines that belong to other runs.
    """
    sheet = _Sheet(code)
    for first, last in taken:
        sheet.take(first, last)
    whole = {
        run: PlacedRun(run, cell.region.start, cell.region.end, run.source.strip() != cell.code.strip())
        for cell, run in zip(cells, match(cells, newest_first), strict=True)
        if run is not None and cell.region is not None
    }
    where = {run: sheet.having(run.source) for run in _distinct(newest_first) if run not in whole}
    moves: dict[int | None, int | None] = {}
    for run in reversed(newest_first):
        if run in whole and not whole[run].stale:
            moves[run.line] = whole[run].start.line
        elif len(lines := where.get(run, [])) == 1:
            moves[run.line] = lines[0]
    expected = shifted(moves)

    placed = []
    edited: dict[int | None, Ran] = {}
    for run in newest_first:
        if run in whole:
            if not whole[run].stale and sheet.take_all(whole[run]):
                placed.append(whole[run])
        elif run in where:
            line = expected(run.line)
            near = sorted(where[run], key=lambda first: distance(first, line))[:NEAREST]
            found = next((one for one in map(sheet.lines_of(run), near) if sheet.take_all(one)), None)
            if found is not None:
                placed.append(found)
            elif not near and run.unit not in WHOLE_CELLS and len(edited) < EDITED:
                edited.setdefault(run.line, run)
    placed += [one for one in whole.values() if one.stale and sheet.take_all(one)]
    for run in edited.values():
        nearby = sheet.nearby(run, expected(run.line))
        if (found := next((one for one in nearby if sheet.take_all(one)), None)) is not None:
            placed.append(found)
    return sorted(placed, key=lambda one: one.start)


def _distinct(newest_first: Iterable[Ran]) -> Iterator[Ran]:
    """The newest run of each code and line."""
    seen: set[tuple[str, int | None]] = set()
    for run in newest_first:
        if (run.source, run.line) not in seen:
            seen.add((run.source, run.line))
            yield run


class _Sheet:
    """The code of a document, and which lines already have a result."""

    def __init__(self, code: Code) -> None:
        self._written = code.written
        self._lines = [""] * len(code.lines)  # without indent; empty: no code
        for cell in code.cells:
            if cell.kind == "code":
                body = slice(cell.first_line if cell.magic else cell.start_line, cell.end_line)
                self._lines[body] = [line.strip() for line in code.lines[body]]
        self._at: dict[str, list[int]] = defaultdict(list)
        for number, line in enumerate(self._lines):
            if line:
                self._at[line].append(number)
        self._taken = [False] * len(self._lines)

    def take(self, first: int, last: int) -> bool:
        """Take the lines, unless one of them is taken."""
        if any(self._taken[first : last + 1]):
            return False
        self._taken[first : last + 1] = [True] * len(self._taken[first : last + 1])
        return True

    def take_all(self, found: PlacedRun) -> bool:
        return self.take(found.start.line, found.end.line)

    def having(self, source: str) -> list[int]:
        """The lines at which this code begins."""
        wanted = [line.strip() for line in source.strip().split("\n")]
        starts = self._at.get(wanted[0], [])
        if len(wanted) == 1:
            return starts
        return [first for first in starts if self._lines[first : first + len(wanted)] == wanted]

    def lines_of(self, run: Ran, stale: bool = False) -> Callable[[int], PlacedRun]:
        """A function from the first line of the run's code to its place."""
        length = run.source.strip().count("\n")

        def placed(first: int) -> PlacedRun:
            last = first + length
            return PlacedRun(run, Place(first, 0), Place(last, len(self._written[last])), stale)

        return placed

    def nearby(self, run: Ran, line: int | None) -> Iterator[PlacedRun]:
        """Places near a line that have a part of it that ran, or similar code."""
        source = run.source.strip()
        length = source.count("\n") + 1
        if line is None or length > LONGEST:
            return
        lines = range(max(line - NEARBY, 0), min(line + NEARBY, len(self._lines) - length) + 1)
        near = sorted(lines, key=lambda first: abs(first - line))
        for first in near if run.unit == "range" and length == 1 else ():
            if (column := self._written[first].find(source)) >= 0 and self._lines[first]:
                yield PlacedRun(run, Place(first, column), Place(first, column + len(source)), False)
        for first in near:
            if self._lines[first] and are_alike("\n".join(self._lines[first : first + length]), source):
                yield self.lines_of(run, stale=True)(first)
