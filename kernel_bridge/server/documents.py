"""The open documents and the positions in them: pygls' workspace, with LSP's own rules for lines and columns.

pygls 2.1 splits lines with str.splitlines (also at form feeds, U+2028 and others; LSP 3.17 knows \\n, \\r\\n
and \\r only), puts a column behind the end of an unterminated line before its last character, and mends
positions in place. Edits and selections would go to the wrong place, so those parts are done here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

from ..protocol.errors import DocumentNotOpen
from ..source.document import split_lines
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
    def lines(self) -> Sequence[str]:
        """The lines with their ends; what stands behind the last line end is a line too, also when empty."""
        return split_lines(self.text)

    def to_inner(self, line: int, character: int) -> tuple[int, int]:
        """(line, code points) of an LSP position, clamped to the document."""
        lines = self.lines
        if line >= len(lines):
            return len(lines) - 1, len(lines[-1])
        return line, _code_points(lines[line].rstrip("\r\n"), character, self.encoding)

    def to_client(self, line: int, character: int) -> tuple[int, int]:
        """(line, character) in the client's encoding of a place in code points."""
        text = self.lines[line][:character] if line < len(self.lines) else ""
        return line, _units(text, self.encoding)

    def offset(self, line: int, character: int) -> int:
        """The index into the text of an LSP position."""
        line, column = self.to_inner(line, character)
        return sum(map(len, self.lines[:line])) + column


class Document(TextDocument):
    """A document with LSP's line ends and clamped positions."""

    _snapshot: Snapshot | None = None

    @property
    def snapshot(self) -> Snapshot:
        text = self.source
        if self._snapshot is None or self._snapshot.text is not text or self._snapshot.version != self.version:
            language = self.language_id or language_of_path(self.path) or "plaintext"
            self._snapshot = Snapshot(self.uri, self.version, language, text, self.position_codec.encoding)
        return self._snapshot

    @property
    def lines(self) -> Sequence[str]:
        return self.snapshot.lines

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        before = self.snapshot
        start = before.offset(change.range.start.line, change.range.start.character)
        end = before.offset(change.range.end.line, change.range.end.character)
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
