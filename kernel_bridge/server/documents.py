"""The open documents: pygls' workspace, with LSP's own rules for lines and columns.

pygls 2.1 splits lines with str.splitlines, which also splits at form feeds, U+2028 and others (LSP 3.17
allows only \\n, \\r\\n and \\r). It clamps a column past the end of an unterminated line to before the last
character, and it modifies positions in place. Edits and selections would hit the wrong text, so this module
replaces that code.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol
from urllib.parse import unquote

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

from ..bridge.documents import name_of
from ..bridge.exporting import document_of, read_document
from ..protocol.errors import DocumentNotOpen
from ..protocol.objects import Position
from ..source.anchors import Edit, edits_between
from ..source.document import line_starts
from ..source.front_matter import front_matter
from ..source.header import read_header
from ..source.languages import is_fenced, language_of_path
from ..source.notebook import Notebook, NotebookCell
from . import notebooks
from .snapshot import Snapshot, place_in

log = logging.getLogger(__name__)

MOST_CHANGES = 50
"""More changes in one notification are applied together, and their edits found by comparing the texts."""


class Watcher(Protocol):
    """Follows the documents. Each method is called after the document has changed."""

    def opened(self, document: Snapshot) -> None: ...

    def edited(self, uri: str, version: int | None, edits: list[Edit], text: str) -> None:
        """`edits` turned the previous text into `text`, which has the new `version`."""

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
        """The lines with their ends, as pygls expects them."""
        return _with_ends(self.source)

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        before = self.snapshot
        start, end = before.offset(change.range.start), before.offset(change.range.end)
        self._replace(start, max(start, end), change.text)

    def apply_many(self, changes: Sequence[types.TextDocumentContentChangeEvent]) -> None:
        """Apply changes one after the other, without a copy of the document for each."""
        before = self.source
        lines = list(self.lines)
        for change in changes:
            if not isinstance(change, types.TextDocumentContentChangePartial):
                lines = _with_ends(change.text)
                continue
            (first, start), (last, end) = (
                place_in(lines, position, self.position_codec.encoding)
                for position in (change.range.start, change.range.end)
            )
            if (last, end) < (first, start):
                last, end = first, start
            if start == 0 and first and lines[first - 1].endswith("\r"):  # with a new "\n", one line end
                first, start = first - 1, len(lines[first - 1])
            changed = _with_ends(lines[first][:start] + change.text + lines[last][end:])
            lines[first : last + 1] = changed if last + 1 == len(lines) else changed[:-1]
        self._source = "".join(lines)
        if self.watcher is not None:
            edits = edits_between(0, before, self._source)
            self.watcher.edited(self.uri, self.version, edits, self._source)

    def _apply_full_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        self._replace(0, len(self.source), change.text)

    def _replace(self, start: int, end: int, new: str) -> None:
        before = self.source
        self._source = before[:start] + new + before[end:]
        if self.watcher is not None:
            edits = edits_between(start, before[start:end], new)
            self.watcher.edited(self.uri, self.version, edits, self._source)


def _with_ends(text: str) -> list[str]:
    return [text[start:end] for start, end in pairwise([*line_starts(text), len(text)])]


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

    def change_text_document(
        self,
        text_doc: types.VersionedTextDocumentIdentifier,
        changes: Sequence[types.TextDocumentContentChangeEvent],
    ) -> None:
        """Apply a notification: an undone substitution is one with a change for each line."""
        document = self.text_documents.get(unquote(text_doc.uri))
        if len(changes) > MOST_CHANGES and isinstance(document, Document):
            document.version = text_doc.version
            document.apply_many(changes)
            return
        for change in changes:
            self.update_text_document(text_doc, change)

    def update_text_document(
        self,
        text_doc: types.VersionedTextDocumentIdentifier,
        change: types.TextDocumentContentChangeEvent,
    ) -> None:
        document = self.text_documents.get(unquote(text_doc.uri))
        if document is not None:
            document.version = text_doc.version  # pygls sets it only after the first of several changes
            super().update_text_document(text_doc, change)
        else:  # pygls would show a KeyError to the user
            log.warning("ignored a change to %s, which is not open", text_doc.uri)

    def remove_text_document(self, doc_uri: str) -> None:
        document = self.find(doc_uri)
        super().remove_text_document(doc_uri)
        if self.watcher is not None and document is not None:
            self.watcher.closed(document)

    def language_of(self, uri: str | None, position: Position | None = None) -> str | None:
        """The language id of the code at a position, by default of the document as a whole.

        Derived from the document's name if it is not open. None: unknown.
        """
        if uri is None:
            return None
        document = self.find(uri)
        if document is None:
            notebook = self.notebook_of(uri)
            return language_of_path(uri) if notebook is None else notebooks.language_of(notebook, self)
        if position is not None and (language := self.language_at(uri, position)) is not None:
            return language
        return document.main_language

    def language_at(self, uri: str, position: Position | None) -> str | None:
        """The language id of the code at a position; None: prose, or no position in an open document."""
        document = self.find(uri)
        if document is None or position is None:
            return None
        return document.language_at(document.to_inner(position).line)

    def has_fences(self, uri: str) -> bool:
        """Whether a document is prose with code in fences."""
        document = self.find(uri)
        return is_fenced((document.language_id if document else language_of_path(uri)) or "")

    def find(self, uri: str) -> Snapshot | None:
        """The current state of a document; None: it is not open."""
        document = self.text_documents.get(unquote(uri))  # pygls' keys
        return document.snapshot if isinstance(document, Document) else None

    def notebook_of(self, uri: str) -> types.NotebookDocument | None:
        """The open notebook that has this URI, or a cell with this URI."""
        if not self.notebook_documents:
            return None
        return self.get_notebook_document(notebook_uri=uri) or self.get_notebook_document(cell_uri=uri)

    def owner(self, uri: str) -> str:
        """The URI of the document that owns the kernel: for a cell, its notebook."""
        notebook = self.notebook_of(uri)
        return uri if notebook is None else notebook.uri

    def kernelspec_of(self, uri: str, language_id: str) -> str | None:
        """The kernelspec that a notebook, or a script's or a document's header, names for a language."""
        if (notebook := self.notebook_of(uri)) is not None:
            return notebooks.kernelspec_of(notebook)
        document = self.find(uri)
        if document is None:
            return None
        if is_fenced(document.language_id):
            named = front_matter(document.lines).kernelspec.get("name")
            return named if language_id == document.main_language else None
        return Notebook((), read_header(document.lines, document.language_id).metadata).kernelspec

    def notebook(self, uri: str) -> Notebook:
        """The cells of a document, read from its file if it is not open. Raises ExportFailed."""
        if (open_notebook := self.notebook_of(uri)) is not None:
            return notebooks.as_notebook(open_notebook, self)
        document = self.find(uri)
        if document is None:
            return read_document(uri)
        return document_of(uri, document.text, document.language_id)

    def cells(self, uri: str) -> Sequence[NotebookCell]:
        """The cells of an open document; a notebook's cell is one. Raises DocumentNotOpen, ExportFailed."""
        document = self.opened(uri)
        if (notebook := self.notebook_of(uri)) is None:
            return document_of(uri, document.text, document.language_id).cells
        found = notebooks.as_notebook(notebook, self).cells
        return [replace(cell, region=notebooks.whole(document)) for cell in found if cell.uri == uri]

    def all_open(self) -> list[Snapshot]:
        """The current state of every open document."""
        documents = self.text_documents.values()
        return [document.snapshot for document in documents if isinstance(document, Document)]

    def opened(self, uri: str) -> Snapshot:
        """The current state of a document. Raises DocumentNotOpen."""
        document = self.find(uri)
        if document is None:
            raise DocumentNotOpen(
                f"{name_of(uri)} is not open; open it with textDocument/didOpen, or pass `code`"
            )
        return document
