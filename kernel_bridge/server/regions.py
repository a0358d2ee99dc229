"""From the argument of `kernel-bridge.run` to the code to run and where it stands in its document."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..protocol.commands import RunParams
from ..protocol.errors import InvalidArgument
from ..protocol.objects import TextDocument
from ..runs.run import Location
from ..source.anchors import Span, whole_lines
from ..source.document import Place
from ..source.languages import is_python
from ..source.region import Region, regions, statement_candidates
from .documents import Documents, Snapshot

if TYPE_CHECKING:
    from ..bridge.followed import FollowedKernel


@dataclass(frozen=True, slots=True)
class Source:
    """Code to run, and where it came from."""

    code: str
    location: Location | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run command asks for, with the document as it was when the command came."""

    uri: str | None
    language_id: str | None
    described: str
    sources: list[Source]
    statement: tuple[Snapshot, Place] | None = None  # to be found with the kernel's help

    async def find(self, kernel: "FollowedKernel") -> list[Source]:
        """The sources to run; empty where there is nothing."""
        if self.statement is None:
            return self.sources
        document, place = self.statement
        candidates = statement_candidates(document.text, document.language_id, place)
        region = await kernel.first_complete(candidates)
        return [] if region is None else [_source(document, region, "statement")]


def wanted(params: RunParams, documents: Documents) -> Wanted:
    """What `params` ask for; raises InvalidArgument, DocumentNotOpen."""
    uri = params.text_document.uri if params.text_document is not None else None
    if params.code is not None:
        location = None
        if params.text_document is not None:
            location = _location(params, params.text_document, documents)
        sources = [Source(params.code, location)] if params.code.strip() else []
        return Wanted(uri, documents.language_of(uri), "`code`", sources)
    if uri is None:
        raise InvalidArgument("kernel-bridge.run: field textDocument: is required and missing (or give code)")
    document = documents.opened(uri)
    unit = params.unit or ("range" if params.range else None)
    if unit is None:
        raise InvalidArgument(
            "kernel-bridge.run: field unit: is required and missing (or give range or code)"
        )
    selection = None
    if params.range is not None:
        selection = (document.to_inner(params.range.start), document.to_inner(params.range.end))
    if unit == "range" and selection is None:
        raise InvalidArgument('kernel-bridge.run: field range: is required for unit "range" and missing')
    position = document.to_inner(params.position) if params.position is not None else None
    if unit != "all" and position is None and selection is None:
        raise InvalidArgument(f'kernel-bridge.run: field position: is required for unit "{unit}" and missing')
    described = f"unit {unit!r} of {uri}"
    if unit == "statement" and not is_python(document.language_id):
        place = position or selection[0]  # type: ignore[index]  # one of the two is there
        return Wanted(uri, document.language_id, described, [], (document, place))
    found = regions(document.text, document.language_id, unit, selection, position)
    sources = [_source(document, region, unit) for region in found]
    return Wanted(uri, document.language_id, described, sources)


def _source(document: Snapshot, region: Region, unit: str) -> Source:
    ends = (document.to_client(region.start), document.to_client(region.end))
    span = Span(document.index(region.start), document.index(region.end))
    lines = whole_lines(document.text, span)
    return Source(region.source, Location(document.uri, document.version, ends, span, lines, unit))


def _location(params: RunParams, named: TextDocument, documents: Documents) -> Location:
    """Where the client says that `code` stands."""
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
