"""The open documents and the positions in them: pygls' workspace, with LSP's own rules for lines and columns.

pygls 2.1 splits lines with str.splitlines (also at form feeds, U+2028 and others; LSP 3.17 knows \\n, \\r\\n
and \\r only), puts a column behind the end of an unterminated line before its last character, and mends
positions in place. Edits and selections would go to the wrong place, so those parts are done here.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol
from urllib.parse import unquote

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

from ..bridge.exporting import read_document
from ..protocol.errors import DocumentNotOpen
from ..protocol.objects import Position
from ..source.anchors import Edit, edits_between
from ..source.document import Place, line_starts, split_lines
from ..source.languages import language_of_path
from ..source.notebook import Notebook
from ..source.script import read_script


@dataclass(frozen=True)
class Snapshot:
    """A document as it was when it was asked for; inner columns are code points."""

    uri: str
    version: int | None
    language_id: str
    text: str
    encoding: str | None  # of the client's columns

    @cached_property
    def lines(self) -> list[str]:
        return split_lines(self.text)

    @cached_property
    def starts(self) -> list[int]:
        """The index into the text at which each line begins."""
        return line_starts(self.text)

    def to_inner(self, position: Position | types.Position) -> Place:
        """The place of an LSP position, clamped to the document."""
        lines = self.lines
        if position.line >= len(lines):
            return Place(len(lines) - 1, len(lines[-1]))
        return Place(position.line, _code_points(lines[position.line], position.character, self.encoding))

    def to_client(self, place: Place) -> tuple[int, int]:
        """(line, character) of a place, in the client's encoding."""
        return place.line, _units(self.lines[place.line][: place.column], self.encoding)

    def offset(self, position: Position | types.Position) -> int:
        """The index into the text of an LSP position."""
        return self.index(self.to_inner(position))

    def index(self, place: Place) -> int:
        """The index into the text of a place."""
        return self.starts[place.line] + place.column

    def place(self, index: int) -> Place:
        """The place of an index into the text; one within a line end is the end of its line."""
        line = bisect_right(self.starts, index) - 1
        return Place(line, min(index - self.starts[line], len(self.lines[line])))

    def position(self, place: Place) -> dict[str, int]:
        """The LSP position of a place, as JSON."""
        line, character = self.to_client(place)
        return {"line": line, "character": character}

    def range(self, start: Place, end: Place) -> dict[str, Any]:
        """The LSP range between two places, as JSON."""
        return {"start": self.position(start), "end": self.position(end)}


class Watcher(Protocol):
    """Whoever follows the documents. Called when the document is as it says."""

    def opened(self, document: Snapshot) -> None: ...

    def edited(self, uri: str, version: int | None, edits: list[Edit], text: str) -> None:
        """`edits` made `text` of what it was; `version` is the one that it had before."""

    def closed(self, document: Snapshot) -> None: ...


class Document(TextDocument):
    """A document with LSP's line ends and clamped positions."""

    _snapshot: Snapshot | None = None
    watcher: Watcher | None = None

    @property
    def snapshot(self) -> Snapshot:
        text = self.source
        if (
            self._snapshot is None
            or self._snapshot.text is not text
            or self._snapshot.version != self.version
        ):
            language = self.language_id or language_of_path(self.uri) or "plaintext"
            self._snapshot = Snapshot(self.uri, self.version, language, text, self.position_codec.encoding)
        return self._snapshot

    @property
    def lines(self) -> Sequence[str]:
        """The lines with their ends, as pygls has them."""
        starts = line_starts(self.source)
        return [self.source[start:end] for start, end in pairwise([*starts, len(self.source)])]

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        before = self.snapshot
        start, end = before.offset(change.range.start), before.offset(change.range.end)
        self._replace(start, max(start, end), change.text)

    def _apply_full_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        self._replace(0, len(self.source), change.text)

    def _replace(self, start: int, end: int, new: str) -> None:
        before = self.source
        self._source = before[:start] + new + before[end:]
        if self.watcher is not None:
            edits = edits_between(start, before[start:end], new)
            self.watcher.edited(self.uri, self.version, edits, self._source)


def _code_points(line: str, units: int, encoding: str | None) -> int:
    if line.isascii() or encoding == types.PositionEncodingKind.Utf32:
        return min(units, len(line))
    if encoding == types.PositionEncodingKind.Utf8:
        return len(line.encode("utf-8", "surrogatepass")[:units].decode("utf-8", "ignore"))
    return len(line.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore"))


def _units(text: str, encoding: str | None) -> int:
    if text.isascii() or encoding == types.PositionEncodingKind.Utf32:
        return len(text)
    if encoding == types.PositionEncodingKind.Utf8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Documents(Workspace):
    """All documents that the client has opened."""

    watcher: Watcher | None = None

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> TextDocument:
        document = Document(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=types.TextDocumentSyncKind.Incremental,
            position_codec=self.position_codec,
        )
        document.watcher = self.watcher
        return document

    def put_text_document(
        self, text_document: types.TextDocumentItem, notebook_uri: str | None = None
    ) -> None:
        super().put_text_document(text_document, notebook_uri)
        if self.watcher is not None:
            self.watcher.opened(self.opened(text_document.uri))

    def remove_text_document(self, doc_uri: str) -> None:
        document = self.find(doc_uri)
        super().remove_text_document(doc_uri)
        if self.watcher is not None and document is not None:
            self.watcher.closed(document)

    def language_of(self, uri: str | None) -> str | None:
        """The language id of a document, by its name where it is not open; None: not to be told."""
        if uri is None:
            return None
        document = self.text_documents.get(unquote(uri))
        return (document.language_id if document else None) or language_of_path(uri)

    def find(self, uri: str) -> Snapshot | None:
        """The document as it is now; None: it is not open."""
        document = self.text_documents.get(unquote(uri))  # pygls' keys
        return document.snapshot if isinstance(document, Document) else None

    def notebook(self, uri: str) -> Notebook:
        """The cells of a document, as it is open here or stands in its file; raises ExportFailed."""
        document = self.find(uri)
        return read_document(uri) if document is None else read_script(document.text, document.language_id)

    def all_open(self) -> list[Snapshot]:
        """Every open document as it is now."""
        documents = self.text_documents.values()
        return [document.snapshot for document in documents if isinstance(document, Document)]

    def opened(self, uri: str) -> Snapshot:
        """The document as it is now; raises DocumentNotOpen."""
        document = self.find(uri)
        if document is None:
            raise DocumentNotOpen(
                f"the document {uri} is not open here; open it with textDocument/didOpen, or send `code`"
            )
        return document
