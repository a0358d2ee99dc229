"""The results of an open document: the newest run of each place, with its outputs (kernel-bridge.results)."""

from ..protocol.commands import Result, ResultsParams, ResultsResult
from ..protocol.objects import Position, Range
from ..source.document import Place
from .features.context import Context
from .registry import server


@server.command("kernel-bridge.results")
async def results(context: Context, params: ResultsParams) -> ResultsResult:
    """Raises DocumentNotOpen, ExportFailed."""
    document = context.documents.opened(params.text_document.uri)
    found = []
    for result in context.results.of(document.uri):
        first, last = result.lines(document)
        ends = (
            document.to_client(Place(first, 0)),
            document.to_client(Place(last, len(document.lines[last]))),
        )
        start, end = (Position(line=line, character=character) for line, character in ends)
        run = context.outbox.shown(await context.bridge.get_run(result.run.id))
        seq = context.outbox.flush(run.id)
        found.append(Result(run=run, seq=seq, range=Range(start=start, end=end), stale=result.stale))
    return ResultsResult(results=found)
