"""Run, run above and interrupt, as lenses above each cell (LSP 3.17, "Code Lens Request")."""

from typing import TYPE_CHECKING, Any

from ...source.cell import Cell
from ...source.document import Place
from ..registry import Provider, server
from .actions import act, interrupt, run_unit
from .context import Context
from .params import OfDocument

if TYPE_CHECKING:
    from ..snapshot import Snapshot


@server.feature(
    "textDocument/codeLens",
    Provider(
        "codeLensProvider",
        "code_lenses",
        {"resolveProvider": False},
        needs=lambda client: client.code_lenses,
    ),
)
def code_lenses(context: Context, params: OfDocument) -> list[dict[str, Any]] | None:
    """Lenses on the markers of the code cells; a document without a marker has none."""
    document = context.documents.find(params.text_document.uri)
    if document is None:
        return None
    found = document.cells
    running = [
        result.lines(document)
        for result in context.results.of(document.uri)
        if result.run.state in ("queued", "running")
    ]
    lenses = []
    code_above = False
    for cell in found:
        if cell.kind != "code":
            continue
        if cell.marker_line is not None:
            lenses += _of_cell(document, cell, cell.marker_line, code_above, running)
        code_above = True
    return lenses


def _of_cell(
    document: "Snapshot", cell: Cell, marker: int, code_above: bool, running: list[tuple[int, int]]
) -> list[dict[str, Any]]:
    position = document.position(Place(marker, 0))
    commands = [act("Run cell", "run", run_unit(document.uri, "cell", position))]
    if code_above:
        commands.append(act("Run above", "run", run_unit(document.uri, "above", position)))
    if any(cell.start_line <= first < cell.end_line for first, _ in running):
        commands.append(interrupt(document.uri))
    range_ = document.range(Place(marker, 0), Place(marker, len(document.lines[marker])))
    return [{"range": range_, "command": command} for command in commands]
