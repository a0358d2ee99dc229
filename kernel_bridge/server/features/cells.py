"""Cells as document symbols, folding ranges and selection ranges (LSP 3.17).

A document without cell markers or code in fences gets none of these: its language server has better ones. Nor
does prose between fences.
"""

from typing import TYPE_CHECKING, Any

from ...source.cell import Cell
from ...source.document import Place
from ...source.languages import is_fenced, is_python, option_prefixes
from ...source.statement import python_statement
from ..registry import Provider, server
from .context import Context
from .params import OfDocument, OfPositions

if TYPE_CHECKING:
    from ..snapshot import Snapshot

MODULE, STRING = 2, 15  # SymbolKind


def _cells(document: "Snapshot") -> list[Cell]:
    found = document.cells
    if is_fenced(document.language_id):
        return [cell for cell in found if cell.kind == "code"]
    return [] if all(cell.marker_line is None for cell in found) else found


def _last_line(document: "Snapshot", cell: Cell) -> int:
    """The last non-blank line of a cell, or its marker if every line is blank."""
    lines = range(cell.end_line - 1, cell.first_line, -1)
    return next((line for line in lines if document.lines[line].strip()), cell.first_line)


def _whole_lines(document: "Snapshot", first: int, last: int) -> dict[str, Any]:
    return document.range(Place(first, 0), Place(last, len(document.lines[last])))


@server.feature("textDocument/documentSymbol", Provider("documentSymbolProvider", "symbols"))
def document_symbols(context: Context, params: OfDocument) -> list[dict[str, Any]] | None:
    """A symbol for each cell, named after its title or else its first line of code."""
    document = context.documents.find(params.text_document.uri)
    if document is None:
        return None
    symbols = []
    for number, cell in enumerate(_cells(document), 1):
        first = cell.first_line
        body = (line.strip() for line in document.lines[cell.start_line : cell.end_line])
        options = option_prefixes(cell.language_id)
        name = cell.title or next((line for line in body if line and not line.startswith(options)), "")
        range_ = _whole_lines(document, first, _last_line(document, cell))
        symbol: dict[str, Any] = {
            "name": name[:80] or f"cell {number}",
            "kind": MODULE if cell.kind == "code" else STRING,
        }
        if context.client.symbol_trees:
            symbol |= {
                "detail": f"{cell.kind} cell",
                "range": range_,
                "selectionRange": _whole_lines(document, first, first),
            }
        else:
            symbol["location"] = {"uri": document.uri, "range": range_}
        symbols.append(symbol)
    return symbols


@server.feature(
    "textDocument/foldingRange",
    Provider("foldingRangeProvider", "folding", needs=lambda client: client.folding),
)
def folding_ranges(context: Context, params: OfDocument) -> list[dict[str, Any]] | None:
    """A fold for each cell that is longer than its marker."""
    document = context.documents.find(params.text_document.uri)
    if document is None:
        return None
    folds = []
    for cell in _cells(document):
        last = _last_line(document, cell)
        if cell.marker_line is not None and last > cell.marker_line:
            folds.append({"startLine": cell.marker_line, "endLine": last, "kind": "region"})
    return folds


@server.feature(
    "textDocument/selectionRange",
    Provider("selectionRangeProvider", "selection_ranges", needs=lambda client: client.selection_ranges),
)
def selection_ranges(context: Context, params: OfPositions) -> list[dict[str, Any]] | None:
    """From each position outwards: line, statement (Python), code of the cell, cell, document."""
    document = context.documents.find(params.text_document.uri)
    if document is None:
        return None
    return [_around(document, document.to_inner(position)) for position in params.positions]


def _around(document: "Snapshot", place: Place) -> dict[str, Any]:
    line, last_line = place.line, len(document.lines) - 1
    spans = [(line, line)]
    language = document.language_at(line)
    if language is not None and is_python(language):
        statement = python_statement(document.text, line, document.language_id)
        spans += [statement] if statement else []
    for cell in _cells(document):
        first = cell.first_line
        if first <= line < cell.end_line:
            last = _last_line(document, cell)
            spans += [(cell.start_line, last), (first, last), (first, cell.end_line - 1)]
    spans.append((0, last_line))
    selection: dict[str, Any] = {}
    inner = None
    for first, last in reversed(_nested(spans)):
        selection = {"range": _whole_lines(document, first, last)}
        if inner is not None:
            selection["parent"] = inner
        inner = selection
    return selection


def _nested(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans that each contain the previous one, without duplicates."""
    kept = spans[:1]
    for first, last in spans[1:]:
        if first <= kept[-1][0] and last >= kept[-1][1] and (first, last) != kept[-1]:
            kept.append((first, last))
    return kept
