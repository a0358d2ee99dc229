"""pygls behind our own connection: documents, and the standard features registered in features/.

pygls' reader, writer and command dispatch are not used (they block the loop, drop answers and keep finished
requests; see docs/architecture.md). It gets every message that is not ours, and sends through `connection`.
"""

import logging
from typing import Any, cast

import msgspec
from lsprotocol import types
from lsprotocol.types import METHOD_TO_TYPES
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter

from .. import __version__
from ..protocol.errors import INVALID_REQUEST
from .documents import Documents
from .encoding import encode
from .jsonrpc import Connection, Request

log = logging.getLogger(__name__)


class _Protocol(LanguageServerProtocol):
    """Sends what pygls has to say through our connection."""

    connection: Connection
    requests: dict[Any, Request]

    def _send_data(self, data: Any) -> None:
        message = self._converter.unstructure(data)
        request = None if "method" in message else self.requests.pop(message.get("id"), None)
        if request is None:
            self.connection.notify_raw(encode(message))
        elif error := message.get("error"):
            request.fail(error["code"], error["message"], error.get("data"))
        else:
            request.respond(message.get("result"))


class Language:
    """The LSP layer of one session; made from what `initialize` said."""

    def __init__(
        self, connection: Connection, root_uri: str | None, folders: list[dict[str, str]], encoding: str
    ) -> None:
        self._server = LanguageServer(
            "kernel-bridge", __version__, protocol_cls=_Protocol, converter_factory=default_converter
        )
        self._protocol = cast(_Protocol, self._server.protocol)
        self._protocol.connection = connection
        self._protocol.requests = {}
        self._protocol._workspace = self.documents = Documents(
            root_uri,
            types.TextDocumentSyncKind.Incremental,
            [types.WorkspaceFolder(uri=folder["uri"], name=folder["name"]) for folder in folders],
            types.PositionEncodingKind(encoding),
        )

    def request(self, request: Request) -> None:
        """Answer a standard request; unknown ones with -32601, notifications sent as requests with -32600."""
        if METHOD_TO_TYPES.get(request.method, (None, True))[1] is None:  # pygls would never answer
            return request.fail(INVALID_REQUEST, f"{request.method} is a notification and takes no id")
        message = {
            "jsonrpc": "2.0",
            "id": request.id,
            "method": request.method,
            "params": msgspec.json.decode(request.params),
        }
        self._protocol.requests[request.id] = request
        request.on_cancel = lambda: self._protocol._handle_cancel_notification(request.id)
        try:
            self._protocol.handle_message(self._protocol.structure_message(message))
        except JsonRpcException as error:
            self._protocol.requests.pop(request.id, None)
            request.fail(error.code, f"{request.method}: {error.message}")

    def notification(self, method: str, params: msgspec.Raw) -> None:
        """Take a standard notification; unknown ones are ignored, as LSP says."""
        if method not in self._protocol.fm.builtin_features:
            return
        message = {"jsonrpc": "2.0", "method": method, "params": msgspec.json.decode(params)}
        try:
            self._protocol.handle_message(self._protocol.structure_message(message))
        except JsonRpcException as error:
            log.warning("%s was ignored: %s", method, error)
