"""The results of an open document: the newest run of each place, with its outputs (kernel-bridge.results)."""

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from ..protocol.commands import Result, ResultsParams, ResultsResult
from ..protocol.errors import HistoryError
from ..protocol.objects import Position, Range, Run
from ..source.document import Place
from .features.context import Context
from .registry import server

if TYPE_CHECKING:
    from ..history.places import PlacedRun
    from .snapshot import Snapshot

TRIES = 3  # searches again if the document was edited meanwhile


@server.command("kernel-bridge.results")
async def results(context: Context, params: ResultsParams) -> ResultsResult:
    """Raises DocumentNotOpen, ExportFailed."""
    from ..bridge.results import live_run  # not needed to answer `initialize`

    document = context.documents.opened(params.text_document.uri)
    if params.path is not None:
        return await _of_file(context, document, params.path)
    for _ in range(TRIES):
        placed, past = await _of_runs(context, document)
        before, document = document, context.documents.opened(params.text_document.uri)
        if before.version == document.version:
            break
    # No await from here on: later notifications of these runs apply to these outputs.
    tracked = _tracked(context, document)
    lines = {line for first, last in tracked.values() for line in range(first, last + 1)}
    found = []
    for result in context.results.of(document.uri):
        run = live_run(context.bridge, result.run.id) or past.get(result.run.id)
        if result.run.id in tracked and run is not None:
            start, end = map(document.place, result.anchor.span)
            found.append(_result(context, document, run, start, end, result.stale))
    for one in placed:
        run = live_run(context.bridge, one.run.id) or past.get(one.run.id)  # it may be taken back meanwhile
        if run is not None and lines.isdisjoint(range(one.start.line, one.end.line + 1)):
            found.append(_result(context, document, run, one.start, one.end, one.stale))
    found.sort(key=lambda result: (result.range.start.line, result.range.start.character))
    return ResultsResult(results=found)


async def _of_file(context: Context, document: "Snapshot", path: str) -> ResultsResult:
    from ..bridge.file_outputs import read_outputs

    bridge, cells = context.bridge, context.documents.cells(document.uri)
    file = bridge.root / os.path.expanduser(path)
    found = await asyncio.to_thread(read_outputs, file, document.uri, document.language_id, cells)
    bridge.history.files.keep(document.uri, [run for _, run in found], context.documents.find)
    budget_bytes = bridge.settings.output_budget
    results = [
        _result(context, document, run.shown(budget_bytes), one.start, one.end, one.stale)
        for one, run in found
    ]
    return ResultsResult(results=results)


async def _of_runs(context: Context, document: "Snapshot") -> "tuple[list[PlacedRun], dict[str, Run]]":
    """The places of runs that are not tracked, and the runs that are not in memory."""
    from ..bridge.results import placed_runs  # not needed to answer `initialize`
    from ..source.code import code_of

    bridge, tracked = context.bridge, _tracked(context, document)
    cells = context.documents.cells(document.uri)
    code = code_of(document.lines, document.language_id)
    found = await placed_runs(bridge, document.uri, code, cells, tracked)
    past = {one.run.id: run for one, run in found if run is not None}
    for run_id in tracked:
        if bridge.find_run(run_id) is None:
            with suppress(HistoryError):  # it is not in the history either
                past[run_id] = await bridge.history.get_run(run_id)
    return [one for one, _ in found], past


def _tracked(context: Context, document: "Snapshot") -> dict[str, tuple[int, int]]:
    """The runs that are followed through edits, with their lines. What never ran has no result to return."""
    return {
        result.run.id: result.lines(document)
        for result in context.results.of(document.uri)
        if result.run.started_at or not result.run.ended
    }


def _result(
    context: Context, document: "Snapshot", run: Run, start: Place, end: Place, stale: bool
) -> Result:
    first, last = (
        Position(line=line, character=character) for line, character in map(document.to_client, (start, end))
    )
    return Result(
        run=context.outbox.shown(run),
        seq=context.outbox.flush(run.id),
        range=Range(start=first, end=last),
        stale=stale,
    )
