"""The pygls server on our connection: registration, pygls' own types and methods, nothing retained."""

import asyncio
from typing import Any

import msgspec
import pytest
from lsprotocol import types

from kernel_bridge.protocol.commands import COMMANDS
from kernel_bridge.protocol.settings import FeatureSettings
from kernel_bridge.server.client import read_client
from kernel_bridge.server.handlers import server as registry
from kernel_bridge.server.initialize import read_editor
from kernel_bridge.server.jsonrpc import Connection
from kernel_bridge.server.language_server import KernelBridge
from kernel_bridge.server.peer import Peer
from kernel_bridge.server.registry import Registry

URI = "file:///a.py"


class Session:
    """A language server whose messages are recorded."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.connection = Connection(
            self,
            lambda request: self.server.protocol.handle_message(request),
            lambda method, params: self.server.protocol.handle_notification(method, params),
        )
        editor = read_editor({"capabilities": {"general": {"positionEncodings": ["utf-8"]}}})
        self.server = KernelBridge(self.connection, Peer(self.connection), editor, Registry())

    def write(self, body: bytes) -> None:
        self.sent.append(msgspec.json.decode(body))

    def receive(self, **message: Any) -> None:
        self.connection.receive(msgspec.json.encode({"jsonrpc": "2.0", **message}))

    async def responses(self) -> list[Any]:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            await task
        return [{name: value for name, value in m.items() if name != "jsonrpc"} for m in self.sent]


def test_every_command_of_the_protocol_is_registered_and_offered() -> None:
    offered = registry.capabilities(read_client({}, shows_runs=False), FeatureSettings())
    assert set(offered["executeCommandProvider"]["commands"]) == set(COMMANDS)
    for name, command in registry.commands.items():
        assert command.params is COMMANDS[name][0]


async def test_a_feature_as_in_any_pygls_server() -> None:
    session = Session()

    @session.server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def definition(ls: KernelBridge, params: types.DefinitionParams) -> list[types.LocationLink]:
        here = types.Range(params.position, params.position)
        return [types.LocationLink(params.text_document.uri, here, here)]

    place = {"line": 1, "character": 2}
    params = {"textDocument": {"uri": URI}, "position": place}
    session.receive(id=1, method="textDocument/definition", params=params)
    here = {"start": place, "end": place}
    link = {"targetUri": URI, "targetRange": here, "targetSelectionRange": here}
    assert await session.responses() == [{"id": 1, "result": [link]}]


async def test_a_request_of_pygls_own_methods() -> None:
    session = Session()
    asked = asyncio.ensure_future(
        session.server.workspace_configuration_async(
            types.ConfigurationParams([types.ConfigurationItem(section="a")])
        )
    )
    await asyncio.sleep(0)
    [request] = session.sent
    assert request["params"] == {"items": [{"section": "a"}]}
    session.receive(id=request["id"], result=[{"b": 1}])
    [answer] = await asked
    assert answer["b"] == 1


@pytest.mark.parametrize(
    ("message", "code", "named"),
    [
        ({"method": "textDocument/declaration", "params": {}}, -32601, "textDocument/declaration"),
        ({"method": "initialized", "params": {}}, -32600, "takes no id"),
        (
            {"method": "workspace/executeCommand", "params": {"command": 5}},
            -32602,
            "workspace/executeCommand: field command: expected str, got int",
        ),
        ({"method": "workspace/executeCommand", "params": {"command": "a"}}, -32602, "unknown command 'a'"),
    ],
)
async def test_requests_without_a_handler(message: dict[str, Any], code: int, named: str) -> None:
    session = Session()
    session.receive(id=1, **message)
    [answer] = await session.responses()
    assert answer["error"]["code"] == code
    assert named in answer["error"]["message"]


async def test_notifications_are_not_retained() -> None:
    session = Session()
    document = {"uri": URI, "languageId": "python", "version": 0, "text": ""}
    session.receive(method="textDocument/didOpen", params={"textDocument": document})
    for version in range(1, 51):
        change = {"textDocument": {"uri": URI, "version": version}, "contentChanges": [{"text": "x"}]}
        session.receive(method="textDocument/didChange", params=change)
    session.receive(method="textDocument/hover", params={})
    assert session.server.documents.opened(URI).version == 50
    assert session.server.protocol._request_futures == {}
    assert session.sent == []


def test_client_capabilities_in_lsprotocols_types() -> None:
    async def capabilities() -> types.ClientCapabilities:
        return Session().server.client_capabilities

    general = asyncio.run(capabilities()).general
    assert general is not None
    assert general.position_encodings == ("utf-8",)
