"""Tracks which lines of the open documents belong to which run, while the documents are edited.

A run keeps the lines that its source came from until another run takes one of them, or all are deleted.
This module does not know how a run is shown.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ...protocol.vocabulary import RunState
from ...runs.run import Run
from ...source.anchors import Anchor, Edit, Span, moved
from ...source.document import Place

if TYPE_CHECKING:
    from ..documents import Documents
    from ..snapshot import Snapshot

REMEMBERED_EDITS = 1000
"""How many edits of a document are remembered, to catch up on those made while the kernel was starting."""


@dataclass(slots=True)
class Result:
    """A run and the part of a document that it ran."""

    run: Run
    uri: str
    anchor: Anchor
    stale: bool = False  # its lines have changed since it ran

    def lines(self, document: "Snapshot") -> tuple[int, int]:
        """The first and the last line."""
        start, end = document.place(self.anchor.span.start), document.place(self.anchor.span.end)
        return start.line, end.line - 1 if end.column == 0 and end.line > start.line else end.line

    def unchanged(self, document: "Snapshot") -> range:
        """Its lines up to the first that has changed since it ran."""
        first, _ = self.lines(document)
        ran = self.anchor.lines.split("\n")
        pairs = zip(ran, document.lines[first : first + len(ran)], strict=False)
        same = takewhile(lambda pair: pair[0] == pair[1], pairs)
        return range(first, first + sum(1 for _ in same))

    def error_line(self, document: "Snapshot") -> int | None:
        """The current line of the code that raised; None: unknown."""
        location = self.run.location
        if self.run.error_line is None or location is None or location.range is None:
            return None
        first, last = self.lines(document)
        return min(first + self.run.error_line - location.range[0][0], last)


@dataclass(slots=True)
class _Sheet:
    """One document: its results, and its latest edits with the version that each belongs to."""

    results: dict[str, Result] = field(default_factory=dict)
    edits: deque[tuple[int | None, list[Edit]]] = field(
        default_factory=lambda: deque(maxlen=REMEMBERED_EDITS)
    )
    text: str = ""  # the last text of a closed document


class Results:
    """Watches the documents. Calls `changed(uri)` when edits moved or removed results, or made them stale."""

    def __init__(self, documents: "Documents") -> None:
        self.changed: Callable[[str], object] = lambda _: None
        self._documents = documents
        documents.watcher = self
        self._sheets: dict[str, _Sheet] = {}
        self.by_run: dict[str, Result] = {}

    def of(self, uri: str, state: RunState | None = None) -> list[Result]:
        """The results in a document, from top to bottom; only those in `state`, if given."""
        sheet = self._sheets.get(unquote(uri))
        found = sheet.results.values() if sheet is not None else ()
        wanted = (result for result in found if state is None or result.run.state == state)
        return sorted(wanted, key=lambda result: result.anchor.span)

    def at(self, document: "Snapshot", line: int) -> Result | None:
        """The result on a line."""
        for result in self.of(document.uri):
            first, last = result.lines(document)
            if first <= line <= last:
                return result
        return None

    def add(self, run: Run) -> None:
        """Add a queued run. It replaces the results on its lines."""
        location = run.location
        document = self._documents.find(location.uri) if location is not None else None
        if location is None or location.span is None or document is None:
            return
        sheet = self._sheets[unquote(location.uri)]
        anchor = Anchor(Span(*location.span), location.lines)
        if not _catch_up(anchor, location.version, sheet.edits):
            return
        result = Result(run, document.uri, anchor, anchor.is_stale(document.text))
        first, last = result.lines(document)
        start, end = document.index(Place(first, 0)), document.index(Place(last, len(document.lines[last])))
        for other in list(sheet.results.values()):
            if other.anchor.span.start <= end and other.anchor.span.end > start:
                self._remove(sheet, other)
        sheet.results[run.id] = self.by_run[run.id] = result

    def _remove(self, sheet: _Sheet, result: Result) -> None:
        del sheet.results[result.run.id], self.by_run[result.run.id]

    # the documents' watcher

    def opened(self, document: "Snapshot") -> None:
        sheet = self._sheets.setdefault(unquote(document.uri), _Sheet())
        sheet.edits.clear()
        if sheet.text != document.text:  # the document changed while it was closed
            for result in list(sheet.results.values()):
                self._remove(sheet, result)
        sheet.text = ""
        self.changed(document.uri)

    def edited(self, uri: str, version: int | None, edits: list[Edit], text: str) -> None:
        sheet = self._sheets[unquote(uri)]
        sheet.edits.append((version, edits))
        if not sheet.results:
            return
        before = list(_seen(sheet))
        for result in list(sheet.results.values()):
            span = result.anchor.span
            for edit in edits:
                if (after := moved(span, edit)) is None:
                    self._remove(sheet, result)
                    break
                span = after
            else:
                result.anchor.span = span
                result.stale = result.anchor.is_stale(text)
        if before != list(_seen(sheet)):
            self.changed(uri)

    def closed(self, document: "Snapshot") -> None:
        self._sheets[unquote(document.uri)].text = document.text
        self.changed(document.uri)


def _seen(sheet: _Sheet) -> Iterator[tuple[str, int, bool]]:
    return ((run_id, result.anchor.span.start, result.stale) for run_id, result in sheet.results.items())


def _catch_up(anchor: Anchor, version: int | None, edits: deque[tuple[int | None, list[Edit]]]) -> bool:
    """Move an anchor of `version` with the later edits. False: its text is gone, or edits are missing."""
    if version is None:
        return True
    since = [made for part_of, made in edits if part_of is not None and part_of > version]
    if len(since) == REMEMBERED_EDITS:
        return False
    for edit in (edit for made in since for edit in made):
        span = moved(anchor.span, edit)
        if span is None:
            return False
        anchor.span = span
    return True
