"""The pygls server of a session: documents, commands and features.

The registry answers `initialize` before this module is imported: importing pygls takes up to 0.7 s.
"""

import itertools
import logging
from collections.abc import Callable, Coroutine
from functools import cached_property, partial
from inspect import isclass, iscoroutine
from typing import Any

import msgspec
from cattrs import Converter
from lsprotocol import types
from lsprotocol.types import METHOD_TO_TYPES
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter, lsp_method

from .. import __version__
from ..protocol.errors import INVALID_REQUEST, InvalidArgument
from ..protocol.objects import Wire
from ..protocol.strict import convert
from .answering import answer
from .documents import Documents
from .encoding import encode
from .features.context import Context
from .features.params import CompletionItem
from .initialize import Editor
from .jsonrpc import Connection, Request
from .peer import Peer
from .registry import Registered, Registry

log = logging.getLogger(__name__)


class ExecuteCommand(Wire):
    """ExecuteCommandParams (LSP 3.17)."""

    command: str
    arguments: list[Any] | None = None


class BridgeProtocol(LanguageServerProtocol):
    """pygls' protocol over `Connection`, which reads, writes, and tracks the requests in flight.

    Each override names the behaviour of pygls 2.1 that it replaces (decision 0004).
    """

    _server: "KernelBridge"
    connection: Connection
    peer: Peer

    def __init__(self, server: Any, converter: Any) -> None:
        super().__init__(server, converter)
        self._numbers = itertools.count(1)

    def handle_message(self, message: Any) -> None:
        """Handle a Request, or a message that pygls has structured.

        pygls does not stop cancelled handlers, never forgets async requests, and lets them overtake others.
        """
        if isinstance(message, Request):
            self._handle(message)
        else:
            super().handle_message(message)

    def _handle(self, request: Request) -> None:
        method = request.method
        if METHOD_TO_TYPES.get(method, (None, True))[1] is None:  # pygls would never answer
            return request.fail(INVALID_REQUEST, f"{method} is a notification and takes no id")
        try:
            handler = self._get_handler(method)
        except JsonRpcException as error:
            return request.fail(error.code, f"{method}: {error.message}")
        if self._struct_of(method) is None:
            handler = self._unstructured(handler)
        answer(self.peer, request, lambda: handler(self.params(method, msgspec.json.decode(request.params))))

    def _unstructured(self, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The handler, with its result as JSON instead of lsprotocol's types."""

        async def later(coroutine: Coroutine[Any, Any, Any]) -> Any:
            return self._converter.unstructure(await coroutine)

        def handle(params: Any) -> Any:
            result = handler(params)
            return later(result) if iscoroutine(result) else self._converter.unstructure(result)

        return handle

    def handle_notification(self, method: str, params: msgspec.Raw) -> None:
        """Handle a notification. Ignore unknown ones, as LSP requires, and requests without an id."""
        if METHOD_TO_TYPES.get(method, (None, None))[1] is not None:
            return log.warning("ignored the request %s, which has no id", method)
        try:
            handler = self._get_handler(method)
            value = self.params(method, msgspec.json.decode(params))
        except (JsonRpcException, InvalidArgument) as error:
            return log.warning("ignored %s: %s", method, error)
        self._execute_handler(
            f"{method} {next(self._numbers)}", handler, self._check_handler_result, (value,)
        )

    def params(self, method: str, value: Any) -> Any:
        """Params in the type that the handler takes: a strict struct, or lsprotocol's type for pygls' own.

        pygls' converter turns 5 into "5" and "no" into true. Raises InvalidArgument, JsonRpcException.
        """
        if (struct := self._struct_of(method)) is not None:
            return self._server.structure(value, struct, method)
        message = {"jsonrpc": self.VERSION, "id": 0, "method": method, "params": value}
        if METHOD_TO_TYPES.get(method, (None, None))[1] is None:
            del message["id"]
        return self.structure_message(message).params

    def _struct_of(self, method: str) -> Any:
        """The struct of the params of a method; None: its handler takes lsprotocol's types."""
        if method == types.WORKSPACE_EXECUTE_COMMAND:
            return ExecuteCommand
        registered = self._server.registry.features.get(method)
        return registered.params if registered is not None else None

    def _get_handler(self, feature_name: str) -> Any:
        """The handler of a method. Handlers in the registry take precedence over pygls' own."""
        return self.fm.features.get(feature_name) or super()._get_handler(feature_name)

    def _execute_handler(self, msg_id: Any, handler: Any, callback: Any, *args: Any, **kwargs: Any) -> None:
        """Forget the futures that pygls keeps for each notification with a generator, such as didChange."""
        super()._execute_handler(msg_id, handler, callback, *args, **kwargs)
        if (future := self._request_futures.get(msg_id)) is not None:
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Apply all changes of a notification together; pygls copies the document for each."""
        self._server.documents.change_text_document(params.text_document, params.content_changes)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: Any) -> Any:
        """Pass the argument as one value; pygls inspects the handler's signature on every call instead."""
        arguments = params.arguments or [{}]
        if len(arguments) > 1:
            raise InvalidArgument(f"{params.command}: takes one argument, an object; got {len(arguments)}")
        return self._server.execute(params.command, {} if arguments[0] is None else arguments[0])

    def _send_data(self, data: Any) -> None:
        """Send through `Connection`: pygls' writer blocks while the editor does not read, and logs bodies."""
        self.connection.notify_raw(encode(self._converter.unstructure(data)))

    def handle_response(self, id: int | str, body: bytes) -> None:
        """Handle the response to a request that pygls' own methods sent."""
        self.handle_message(self.structure_message(msgspec.json.decode(body)))


class KernelBridge(LanguageServer):
    """The language server of one session, with the handlers of a registry bound to the session's context."""

    protocol: BridgeProtocol

    def __init__(self, connection: Connection, peer: Peer, editor: Editor, registry: Registry) -> None:
        super().__init__(
            "kernel-bridge", __version__, protocol_cls=BridgeProtocol, converter_factory=strict_converter
        )
        self.registry = registry
        self.editor = editor
        self.process_id = editor.process_id
        self.protocol.connection = connection
        self.protocol.peer = peer
        connection.on_unclaimed_response = self.protocol.handle_response
        self.documents = Documents(
            editor.root_uri,
            types.TextDocumentSyncKind.Incremental,
            [types.WorkspaceFolder(uri=folder["uri"], name=folder["name"]) for folder in editor.folders],
            types.PositionEncodingKind(editor.encoding),
        )
        self.protocol._workspace = self.documents  # pygls' own gets lines and columns wrong (see documents)

    def serve(self, context: Context) -> None:
        """Register all handlers of the registry for this session."""
        for name, command in self.registry.commands.items():
            self.command(name)(partial(command.handler, context))
        for method, feature in self.registry.features.items():
            self.feature(method)(partial(_served, feature, context))

    def execute(self, command: str, argument: Any) -> Any:
        """The result of a command, or a coroutine that returns it. Raises the errors of protocol.md."""
        registered = self.registry.commands.get(command)
        if registered is None:
            known = ", ".join(self.registry.commands)
            raise InvalidArgument(f"unknown command {command!r}; the commands are: {known}")
        handler = self.protocol.fm.commands[command]
        return handler(self.structure(argument, registered.params, command))

    def structure(self, value: Any, to: Any, what: str) -> Any:
        """Convert JSON to a strict struct; `what` names the value in the error. Raises InvalidArgument."""
        if to is Any:
            return value
        try:
            return self.protocol._converter.structure(value, to)
        except InvalidArgument as error:
            raise InvalidArgument(f"{what}: {error.message}") from None

    @cached_property
    def client_capabilities(self) -> types.ClientCapabilities:
        """The client's capabilities in lsprotocol's types. Raises cattrs' error if they are malformed."""
        return self.protocol._converter.structure(self.editor.capabilities, types.ClientCapabilities)


def strict_converter() -> Converter:
    """pygls' converter, extended to convert our structs strictly."""
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]
    converter.register_structure_hook_func(_is_wire, _strict)
    return converter


def _is_wire(to: Any) -> bool:
    return isclass(to) and issubclass(to, Wire)


def _strict(value: Any, to: type[Wire]) -> Wire:
    params = convert(value, to)
    if isinstance(params, CompletionItem):
        params.raw = value
    return params


def _served(feature: Registered, context: Context, params: Any) -> Any:
    provider = feature.provider
    if provider is not None and provider.setting is not None and not context.wants(provider.setting):
        return provider.off
    return feature.handler(context, params)
