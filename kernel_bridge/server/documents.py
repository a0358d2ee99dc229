"""The open documents and the positions in them: pygls' workspace, with LSP's own rules for lines and columns.

pygls 2.1 splits lines with str.splitlines (also at form feeds, U+2028 and others; LSP 3.17 knows \\n, \\r\\n
and \\r only), puts a column behind the end of an unterminated line before its last character, and mends
positions in place. Edits and selections would go to the wrong place, so those parts are done here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from urllib.parse import unquote

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

from ..protocol.errors import DocumentNotOpen
from ..protocol.objects import Position
from ..source.document import Place, line_starts, split_lines
from ..source.languages import language_of_path


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

    def to_inner(self, position: Position | types.Position) -> Place:
        """The place of an LSP position, clamped to the document."""
        lines = self.lines
        if position.line >= len(lines):
            return Place(len(lines) - 1, len(lines[-1]))
        return Place(position.line, _code_points(lines[position.line], position.character, self.encoding))

    def to_client(self, place: Place) -> tuple[int, int]:
        """(line, character) of a place, in the client's encoding."""
        return place.line, _units(self.lines[place.line][: place.column], self.encoding)

    def offset(self, position: types.Position) -> int:
        """The index into the text of an LSP position."""
        place = self.to_inner(position)
        return line_starts(self.text)[place.line] + place.column


class Document(TextDocument):
    """A document with LSP's line ends and clamped positions."""

    _snapshot: Snapshot | None = None

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
        self._source = before.text[:start] + change.text + before.text[max(start, end) :]


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

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> TextDocument:
        return Document(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=types.TextDocumentSyncKind.Incremental,
            position_codec=self.position_codec,
        )

    def language_of(self, uri: str | None) -> str | None:
        """The language id of a document, by its name where it is not open; None: not to be told."""
        if uri is None:
            return None
        document = self.text_documents.get(unquote(uri))
        return (document.language_id if document else None) or language_of_path(uri)

    def opened(self, uri: str) -> Snapshot:
        """The document as it is now; raises DocumentNotOpen."""
        document = self.text_documents.get(unquote(uri))  # pygls' keys
        if not isinstance(document, Document):
            raise DocumentNotOpen(
                f"the document {uri} is not open here; open it with textDocument/didOpen, or send `code`"
            )
        return document.snapshot
