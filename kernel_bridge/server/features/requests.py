"""The standard requests that are served from kernels and runs: their params, and which function answers.

Params are read here as far as a feature looks at them; the rest of what LSP has is passed over. What is
switched off, or asked of a document that is not open, is answered with null.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from ...protocol.objects import Position, Range, TextDocument, Wire
from ...protocol.strict import convert
from ..answering import answer
from ..jsonrpc import Request
from . import (
    cells,
    code_actions,
    code_lenses,
    completion,
    content,
    diagnostics,
    hover,
    inlay_hints,
    signature,
)

if TYPE_CHECKING:
    from ..lifecycle import Server
    from .session import Features


class OfDocument(Wire):
    text_document: TextDocument


class OfPosition(Wire):
    text_document: TextDocument
    position: Position


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
    """An item of ours that comes back; `raw` is all of it."""

    label: str
    data: ListNumber | None = None
    raw: dict[str, Any] = {}


class CodeActionContext(Wire):
    only: list[str] | None = None
    trigger_kind: int | None = None


class CodeActionParams(Wire):
    text_document: TextDocument
    range: Range
    context: CodeActionContext = msgspec.field(default_factory=CodeActionContext)


Handler = Callable[["Features", Any], Any]

REQUESTS: dict[str, tuple[type[Wire], str, Handler]] = {
    "textDocument/codeAction": (CodeActionParams, "code_actions", code_actions.code_actions),
    "textDocument/codeLens": (OfDocument, "code_lenses", code_lenses.code_lenses),
    "textDocument/inlayHint": (OfRange, "inlay_hints", inlay_hints.inlay_hints),
    "textDocument/diagnostic": (OfDocument, "diagnostics", diagnostics.diagnostic_report),
    "textDocument/hover": (OfPosition, "hover", hover.hover),
    "textDocument/completion": (OfPosition, "completion", completion.completion),
    "completionItem/resolve": (CompletionItem, "completion", completion.resolve),
    "textDocument/documentSymbol": (OfDocument, "symbols", cells.document_symbols),
    "textDocument/foldingRange": (OfDocument, "folding", cells.folding_ranges),
    "textDocument/selectionRange": (OfPositions, "selection_ranges", cells.selection_ranges),
    "workspace/textDocumentContent": (OfUri, "code_actions", content.text_document_content),
    "textDocument/signatureHelp": (OfPosition, "signature_help", signature.signature_help),
}
"""Method -> (its params, the setting of `features` that it belongs to, its handler)."""


OFF: dict[str, Any] = {"textDocument/diagnostic": {"kind": "full", "items": []}}
"""What is answered of a feature that is switched off, where null is not legal."""


def serve(server: "Server", request: Request) -> None:
    """Answer a request whose method is in REQUESTS."""
    kind, setting, handler = REQUESTS[request.method]
    features = server.features

    def handle() -> Any:
        raw = msgspec.json.decode(request.params)
        params = convert(raw, kind, request.method)
        if isinstance(params, CompletionItem):
            params.raw = raw
        if not features.wants(setting):
            return OFF.get(request.method)
        return handler(features, params)

    answer(server, request, handle)
