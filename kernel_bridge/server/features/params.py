"""The params of standard requests: only the fields that a feature reads."""

from typing import Any

import msgspec

from ...protocol.objects import Position, Range, TextDocument, Wire


class OfDocument(Wire):
    text_document: TextDocument


class OfPosition(Wire):
    text_document: TextDocument
    position: Position


class CompletionContext(Wire):
    trigger_kind: int


class CompletionParams(OfPosition):
    context: CompletionContext | None = None


class OfRange(Wire):
    text_document: TextDocument
    range: Range


class OfPositions(Wire):
    text_document: TextDocument
    positions: list[Position]


class OfUri(Wire):
    uri: str


class ListNumber(Wire):
    list: int


class CompletionItem(Wire):
    """A completion item that the client returns."""

    label: str
    data: ListNumber | None = None
    raw: dict[str, Any] = {}  # the whole item, as the client sent it


class CodeActionContext(Wire):
    only: list[str] | None = None
    trigger_kind: int | None = None


class CodeActionParams(Wire):
    text_document: TextDocument
    range: Range
    context: CodeActionContext = msgspec.field(default_factory=CodeActionContext)
