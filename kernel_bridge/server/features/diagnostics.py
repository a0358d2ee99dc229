"""Errors of runs as diagnostics: at the line that raised, with the calling frames (LSP 3.17, "Diagnostics").

Clients that support refresh pull diagnostics; to all others, the server pushes them. Editing the lines of a
run, or running them again, removes its diagnostic.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...bridge.documents import path_of
from ...bridge.summary import error_text, was_interrupted
from ...escapes import plain
from ...runs.run import Run
from ...runs.traceback import Frame, frames
from ...source.document import Place
from ..registry import Provider, server
from .context import Context
from .params import OfDocument

if TYPE_CHECKING:
    from ..snapshot import Snapshot
    from .results import Result

ERROR, INFORMATION = 1, 3  # DiagnosticSeverity


@server.feature(
    "textDocument/diagnostic",
    Provider(
        "diagnosticProvider",
        "diagnostics",
        {"identifier": "kernel-bridge", "interFileDependencies": True, "workspaceDiagnostics": False},
        needs=lambda client: client.pull_diagnostics,
        off={"kind": "full", "items": []},  # LSP does not allow null here
    ),
)
def diagnostic_report(context: Context, params: OfDocument) -> dict[str, Any]:
    """The response to `textDocument/diagnostic`."""
    document = context.documents.find(params.text_document.uri)
    return {"kind": "full", "items": diagnostics(context, document) if document else []}


def diagnostics(context: Context, document: "Snapshot") -> list[dict[str, Any]]:
    """A diagnostic for each failed run in a document, unless its lines were edited."""
    return [
        _diagnostic(context, document, result)
        for result in context.results.of(document.uri, "error")
        if not result.stale
    ]


def _diagnostic(context: Context, document: "Snapshot", result: "Result") -> dict[str, Any]:
    run = result.run
    line = result.error_line(document)
    diagnostic: dict[str, Any] = {
        "range": line_range(document, result.lines(document)[0] if line is None else line),
        "severity": INFORMATION if was_interrupted(run) else ERROR,
        "source": "kernel-bridge",
        "message": _message(run),
    }
    if context.client.related_information and (related := _related(context, run)):
        diagnostic["relatedInformation"] = related
    return diagnostic


def _message(run: Run) -> str:
    return f"{error_text(run)}\n{run.hint}" if run.hint else error_text(run)


def line_range(document: "Snapshot", line: int) -> dict[str, Any]:
    """The range of a line without its indentation."""
    text = document.lines[line]
    return document.range(
        Place(line, len(text) - len(text.lstrip())), Place(line, max(len(text.rstrip()), 1) if text else 0)
    )


def _related(context: Context, run: Run) -> list[dict[str, Any]]:
    """The frames in open documents, outermost first."""
    related = []
    for frame in frames(run.error.traceback) if run.error is not None else []:
        if (place := _open_place(context, run, frame)) is not None:
            document, line = place
            location = {"uri": document.uri, "range": line_range(document, line)}
            message = f"in {plain(frame.name)}" if frame.name else "called here"
            related.append({"location": location, "message": message})
    return related


def _open_place(context: Context, run: Run, frame: Frame) -> tuple["Snapshot", int] | None:
    """The open document that a frame is in, and its current line; None: that document is not open."""
    if frame.path is not None:
        path = Path(frame.path).expanduser()
        document = next((one for one in context.documents.all_open() if path_of(one.uri) == path), None)
        return (document, frame.line) if document and frame.line < len(document.lines) else None
    for result in context.results.by_run.values():
        other = result.run
        same = (other.kernel_id, other.epoch) == (run.kernel_id, run.epoch)
        if same and other.execution_count == frame.count and not result.stale:
            document = context.documents.find(result.uri)
            first, last = result.lines(document) if document else (0, -1)
            return (document, first + frame.line) if document and first + frame.line <= last else None
    return None
