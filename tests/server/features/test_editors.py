"""A complete session for each editor in data/editors. Every message must be legal for that editor.

The files contain the `initialize` params that a server reads: recorded for Emacs 28, YouCompleteMe and
Kate 22, derived from source code for ALE, Helix, Kate 24 and Sublime Text, and from pytest-lsp for the rest.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from lsprotocol.converters import get_converter

from tests.home import Home
from tests.server.client import Client, start
from tests.server.documents import Document
from tests.server.features.plain import Plain

pytestmark = pytest.mark.slow

Json = dict[str, Any]

DATA = Path(__file__).parents[2] / "data" / "editors"
EDITORS = sorted(path.stem for path in DATA.glob("*.json"))
TEXT = "# %% 😀\r\nname = '😀'; print(name)\r\n# %% broken\r\n1 / 0\r\n# %%\r\nname.uppe\r\nprint(\r\n"

# The messages that the server may send, and the client capability that allows each; empty: always allowed
ALLOWED_BY = {
    "window/showMessage": "",
    "textDocument/publishDiagnostics": "",  # some accept them without declaring it, such as ycmd
    "window/workDoneProgress/create": "window.workDoneProgress",
    "$/progress": "window.workDoneProgress",
    "window/showDocument": "window.showDocument.support",
    "workspace/configuration": "workspace.configuration",
    "client/registerCapability": "workspace.didChangeConfiguration.dynamicRegistration",
    "workspace/inlayHint/refresh": "workspace.inlayHint.refreshSupport",
    "workspace/codeLens/refresh": "workspace.codeLens.refreshSupport",
    "workspace/diagnostic/refresh": "workspace.diagnostics.refreshSupport",
}

# Method -> the server capability that offers it, and the client capability that it needs
OFFERED = {
    "textDocument/codeAction": ("codeActionProvider", "codeAction"),
    "textDocument/codeLens": ("codeLensProvider", "codeLens"),
    "textDocument/inlayHint": ("inlayHintProvider", "inlayHint"),
    "textDocument/hover": ("hoverProvider", "hover"),
    "textDocument/completion": ("completionProvider", "completion"),
    "textDocument/signatureHelp": ("signatureHelpProvider", "signatureHelp"),
    "textDocument/documentSymbol": ("documentSymbolProvider", "documentSymbol"),
    "textDocument/foldingRange": ("foldingRangeProvider", "foldingRange"),
    "textDocument/selectionRange": ("selectionRangeProvider", "selectionRange"),
}

ALWAYS_OFFERED = (
    "hover",
    "completion",
    "signatureHelp",
    "documentSymbol",
)  # some support them without declaring it

converter = get_converter()


def at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def check_legal(client: Client, capabilities: Json) -> None:
    """Assert that every message fits LSP's types, and that the editor declared support for it."""
    for message in client.messages:
        if "method" not in message:
            continue
        method = message["method"]
        assert method in ALLOWED_BY, f"no editor knows {method}"
        allowed = ALLOWED_BY[method]
        assert not allowed or at(capabilities, allowed) not in (None, False), f"{method} needs {allowed}"
        converter.structure(message, types.METHOD_TO_TYPES[method][0])


async def ask(client: Client, method: str, params: Json) -> Any:
    """Send a request. Return the response, which must have the type that LSP defines."""
    answer = await client.request(method, params)
    body = {"jsonrpc": "2.0", "id": 1, "result": answer}
    structured = converter.structure(body, types.METHOD_TO_TYPES[method][1])
    assert structured.result is not None or answer is None
    return answer


def asked(document: Document) -> Iterator[tuple[str, Json]]:
    """All requests that editors send about a document."""
    named = {"textDocument": document.identifier}
    everything = document.range((0, 0), (7, 0))
    for line, column in ((1, 3), (5, 9), (6, 6)):
        place = {**named, "position": document.position(line, column)}
        yield "textDocument/hover", place
        yield "textDocument/completion", place
        yield "textDocument/signatureHelp", place
    yield "textDocument/codeAction", {**named, "range": everything, "context": {"diagnostics": []}}
    yield "textDocument/codeLens", named
    yield "textDocument/inlayHint", {**named, "range": everything}
    yield "textDocument/documentSymbol", named
    yield "textDocument/foldingRange", named
    yield "textDocument/selectionRange", {**named, "positions": [document.position(5, 2)]}


@pytest.mark.parametrize("name", EDITORS)
async def test_a_complete_session(home: Home, name: str) -> None:
    editor = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    capabilities: Json = editor["capabilities"]
    client = await start(home)
    plain = Plain(client)
    params = {"processId": None, "rootUri": home.work.as_uri(), **editor}
    client.server = await client.request("initialize", params)
    converter.structure(client.server, types.InitializeResult)
    client.notify("initialized", {})
    server = client.server["capabilities"]
    for offer, need in OFFERED.values():
        wanted = need in ALWAYS_OFFERED or at(capabilities, f"textDocument.{need}") is not None
        assert bool(server.get(offer)) == wanted, offer
    document = client.open(TEXT)

    context = {"diagnostics": []}
    action = {
        "textDocument": document.identifier,
        "range": document.range((1, 0), (1, 12)),
        "context": context,
    }
    actions = {found["title"]: found for found in await ask(client, "textDocument/codeAction", action)}
    literal = at(capabilities, "textDocument.codeAction.codeActionLiteralSupport") is not None
    for title, unit_line in (("Run selection", 1), ("Run all cells", 1)):
        found = actions[title]
        command = found["command"] if literal else found
        assert command["command"] in server["executeCommandProvider"]["commands"], unit_line
        await plain.execute(command)
    if at(capabilities, "workspace.diagnostics.refreshSupport") is None:
        (diagnostic,) = await plain.until_diagnostics(document, 1)
        assert diagnostic["range"]["start"]["line"] == 3
    refreshed = at(capabilities, "workspace.inlayHint.refreshSupport")
    if refreshed and server.get("inlayHintProvider"):
        await plain.until_hint(document, "ZeroDivisionError")
    else:
        await plain.until_message("ZeroDivisionError")

    for method, question in asked(document):
        if server.get(OFFERED[method][0]):
            answer = await ask(client, method, question)
            if method == "textDocument/completion" and answer and answer["items"]:
                await ask(client, "completionItem/resolve", answer["items"][0])
    client.change(document, (3, 0), (3, 5), "1")
    client.close_document(document)
    assert await client.request("shutdown") is None
    client.notify("exit")
    await client.ended()
    check_legal(client, capabilities)


def test_there_are_enough_editors() -> None:
    assert len(EDITORS) >= 8
