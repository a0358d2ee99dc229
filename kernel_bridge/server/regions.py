"""Finds the code that `kernel-bridge.run` asks for, and its location in the document."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ..bridge.documents import name_of
from ..bridge.inquiry import first_complete
from ..bridge.submission import Source, Wanted
from ..protocol.commands import RunParams
from ..protocol.errors import InvalidArgument
from ..protocol.objects import TextDocument
from ..protocol.vocabulary import Unit
from ..runs.queue import Place as QueuePlace
from ..runs.run import Location
from ..source.anchors import Span, whole_lines
from ..source.document import Place
from ..source.languages import find_language, is_fenced, is_python
from ..source.region import Region, regions, statement_candidates
from . import notebooks

if TYPE_CHECKING:  # lsprotocol is slow to import
    from lsprotocol.types import NotebookDocument

    from ..bridge.kernel import FollowedKernel
    from .documents import Documents
    from .snapshot import Snapshot


DESCRIBED: dict[Unit, str] = {
    "range": "{name}, lines {first} to {last}",
    "line": "line {first} of {name}",
    "statement": "{name} at line {first}",
    "cell": "the cell at line {first} of {name}",
    "above": "{name} above line {first}",
    "below": "{name} from line {first}",
    "all": "{name}",
}
"""The part of a document that a unit is, for "there is no code to run in …"."""


def wanted(params: RunParams, documents: "Documents") -> Wanted:
    """The code that `params` ask for, as it is now. Raises InvalidArgument, DocumentNotOpen."""
    uri = params.text_document.uri if params.text_document is not None else None
    if params.code is not None:
        location = None
        if params.text_document is not None:
            notebook = documents.notebook_of(params.text_document.uri)
            location = _in_notebook(_location(params, params.text_document, documents), notebook)
        sources = [Source(params.code, location)] if params.code.strip() else []
        owner = documents.owner(uri) if uri is not None else None
        start = params.position or (params.range.start if params.range is not None else None)
        return Wanted("`code`", sources, owner, documents.language_of(uri, start))
    if uri is None:
        raise InvalidArgument("kernel-bridge.run: field textDocument: is required and missing (or pass code)")
    unit = params.unit or ("range" if params.range else None)
    if unit is None:
        raise InvalidArgument(
            "kernel-bridge.run: field unit: is required and missing (or pass range or code)"
        )
    notebook = documents.notebook_of(uri)
    if params.cells is not None and (notebook is None or unit != "cell"):
        raise InvalidArgument(
            f'kernel-bridge.run: field cells: needs unit "cell" and an open notebook; not "{unit}", {uri}'
        )
    if notebook is not None and (unit in notebooks.WHOLE_CELLS or uri == notebook.uri):
        cells = notebooks.chosen_cells(notebook, uri, unit, params.cells, documents)
        language = cells[0].language_id if cells else documents.language_of(uri)
        sources = [_source(cell, notebooks.whole(cell), unit, notebook) for cell in cells]
        numbers = [number for number, cell in enumerate(notebook.cells, start=1) if cell.document == uri]
        described = "".join(f"cell {number} of " for number in numbers) + name_of(notebook.uri)
        return Wanted(described, sources, documents.owner(uri), language)
    document = documents.opened(uri)
    if uri.lower().endswith(".ipynb") and find_language(document.language_id) is None:
        return Wanted(f"{name_of(uri)}: it is open as JSON; open it as a notebook or as a script", [])
    selection = None
    if params.range is not None:
        selection = (document.to_inner(params.range.start), document.to_inner(params.range.end))
    if unit == "range" and selection is None:
        raise InvalidArgument('kernel-bridge.run: field range: is required for unit "range" and missing')
    position = document.to_inner(params.position) if params.position is not None else None
    if unit != "all" and position is None and selection is None:
        raise InvalidArgument(f'kernel-bridge.run: field position: is required for unit "{unit}" and missing')
    owner = documents.owner(uri)
    top, bottom = selection or (position or Place(0, 0),) * 2
    described = DESCRIBED[unit].format(name=name_of(uri), first=top.line + 1, last=bottom.line + 1)
    language = document.language_id
    if unit != "all" and is_fenced(language):
        line = (position or selection[0]).line  # type: ignore[index]  # one of the two is set
        found_language = document.language_at(line)
        if found_language is None and unit in ("line", "statement", "cell"):
            return Wanted(f"{described}: line {line + 1} is prose; place the cursor in fenced code", [])
        language = found_language or language
    if unit == "statement" and not is_python(language):
        place = position or selection[0]  # type: ignore[index]  # one of the two is set
        find = partial(_find_statement, document, place, notebook)
        return Wanted(described, find, owner, language)
    found = regions(document.text, document.language_id, unit, selection, position)
    sources = [_source(document, region, unit, notebook) for region in found]
    return Wanted(described, sources, owner, language, passes_over=unit in ("all", "above", "below"))


async def _find_statement(
    document: "Snapshot",
    place: Place,
    notebook: "NotebookDocument | None",
    kernel: "FollowedKernel",
    held: QueuePlace,
) -> list[Source]:
    """The statement at `place`. The kernel determines its end, in queue order. Empty: no statement there."""
    candidates = statement_candidates(document.text, document.language_id, place)
    region = await first_complete(kernel, candidates, held)
    return [] if region is None else [_source(document, region, "statement", notebook)]


def _source(document: "Snapshot", region: Region, unit: Unit, notebook: "NotebookDocument | None") -> Source:
    ends = (document.to_client(region.start), document.to_client(region.end))
    span = Span(document.index(region.start), document.index(region.end))
    lines = whole_lines(document.text, span)
    location = Location(document.uri, document.version, ends, span, lines, unit)
    language = region.language_id if notebook is None else None  # a notebook has one kernel
    return Source(region.source, _in_notebook(location, notebook), region.may_fail, language)


def _in_notebook(location: Location, notebook: "NotebookDocument | None") -> Location:
    if notebook is None:
        return location
    cell_id = notebooks.cell_id(notebook, location.uri)
    return replace(location, notebook=(notebook.uri, notebook.version), cell_id=cell_id)


def _location(params: RunParams, named: TextDocument, documents: "Documents") -> Location:
    """The location that the client sent with `code`."""
    document = documents.find(named.uri)
    if params.range is None:
        version = document.version if document and named.version is None else named.version
        return Location(named.uri, version, unit=params.unit)
    start, end = params.range.start, params.range.end
    ends = ((start.line, start.character), (end.line, end.character))
    if document is None or named.version not in (None, document.version):
        return Location(named.uri, named.version, ends, unit=params.unit)
    span = Span(document.offset(start), document.offset(end))
    lines = whole_lines(document.text, span)
    return Location(named.uri, document.version, ends, span, lines, params.unit)
