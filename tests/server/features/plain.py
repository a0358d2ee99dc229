"""A user's actions in an editor that has a language client but no kernel-bridge plugin."""

from typing import Any

from tests.server.client import Client
from tests.server.documents import Document, Place

Json = dict[str, Any]

STANDARD: Json = {
    "workspace": {
        "applyEdit": True,
        "codeLens": {"refreshSupport": True},
        "inlayHint": {"refreshSupport": True},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}, "showMessage": {}},
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}},
        "codeLens": {},
        "inlayHint": {},
        "publishDiagnostics": {"relatedInformation": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "completion": {"completionItem": {"documentationFormat": ["markdown", "plaintext"]}},
        "signatureHelp": {"signatureInformation": {"documentationFormat": ["markdown"]}},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "foldingRange": {},
        "selectionRange": {},
    },
}
"""The capabilities of an editor that supports everything."""


class Plain:
    """A client driven like an editor without a plugin."""

    def __init__(self, client: Client) -> None:
        self.client = client
        client.answers |= {
            "workspace/inlayHint/refresh": None,
            "workspace/codeLens/refresh": None,
            "workspace/diagnostic/refresh": None,
            "window/showDocument": {"success": True},
        }

    @property
    def shown(self) -> list[Json]:
        """The params of every window/showDocument."""
        return [m["params"] for m in self.client.messages if m.get("method") == "window/showDocument"]

    async def actions(
        self, document: Document, start: Place, end: Place | None = None, **context: Any
    ) -> dict[str, Json]:
        """The code actions on a selection, by title."""
        params = {
            "textDocument": document.identifier,
            "range": document.range(start, end or start),
            "context": {"diagnostics": [], **context},
        }
        actions: list[Json] = await self.client.request("textDocument/codeAction", params)
        return {action["title"]: action for action in actions}

    async def act(self, document: Document, title: str, start: Place, end: Place | None = None) -> Any:
        """Choose a code action as the user does. Return its response."""
        action = (await self.actions(document, start, end))[title]
        return await self.execute(action["command"])

    async def execute(self, command: Json) -> Any:
        params = {"command": command["command"], "arguments": command["arguments"]}
        assert command["command"] in self.client.server["capabilities"]["executeCommandProvider"]["commands"]
        return await self.client.request("workspace/executeCommand", params)

    async def hints(self, document: Document) -> list[tuple[int, str]]:
        """The lines and labels of all inlay hints, each of which must be at the end of its line."""
        lines = document.text.replace("\r\n", "\n").split("\n")
        range_ = document.range((0, 0), (len(lines) - 1, len(lines[-1])))
        params = {"textDocument": document.identifier, "range": range_}
        hints = await self.client.request("textDocument/inlayHint", params)
        for hint in hints:
            line = hint["position"]["line"]
            assert hint["position"] == document.position(line, len(lines[line]))
        return [(hint["position"]["line"], hint["label"]) for hint in hints]

    async def lenses(self, document: Document) -> list[tuple[int, Json]]:
        """The lines and commands of all code lenses."""
        params = {"textDocument": document.identifier}
        lenses = await self.client.request("textDocument/codeLens", params)
        return [(lens["range"]["start"]["line"], lens["command"]) for lens in lenses]

    async def until_hint(self, document: Document, part: str) -> list[tuple[int, str]]:
        """Wait for a hint that contains `part`, requesting hints at each refresh. Return all hints."""
        since = 0
        while True:
            hints = await self.hints(document)
            if any(part in label for _, label in hints):
                return hints
            at = since

            def refreshed() -> int:
                sent = [
                    number
                    for number, message in enumerate(self.client.messages)
                    if message.get("method") == "workspace/inlayHint/refresh"
                ]
                return len(sent) if len(sent) > at else 0  # noqa: B023

            since = await self.client.until_true(refreshed)

    async def at(self, method: str, document: Document, place: Place) -> Any:
        """The response to `textDocument/<method>` at a place."""
        params = {"textDocument": document.identifier, "position": document.position(*place)}
        return await self.client.request(f"textDocument/{method}", params)

    def diagnostics(self, document: Document) -> list[Json] | None:
        """The diagnostics published last; None if none were ever published."""
        sent: list[list[Json]] = [
            message["params"]["diagnostics"]
            for message in self.client.messages
            if message.get("method") == "textDocument/publishDiagnostics"
            and message["params"]["uri"] == document.uri
        ]
        return sent[-1] if sent else None

    async def until_diagnostics(self, document: Document, count: int) -> list[Json]:
        """Wait until a document has `count` diagnostics. Return them."""
        await self.client.until_true(lambda: len(self.diagnostics(document) or []) == count)
        return self.diagnostics(document) or []

    def messages(self) -> list[tuple[int, str]]:
        """The types and texts of window/showMessage."""
        return [
            (message["params"]["type"], message["params"]["message"])
            for message in self.client.messages
            if message.get("method") == "window/showMessage"
        ]

    async def until_message(self, part: str) -> tuple[int, str]:
        return await self.client.until_true(
            lambda: next((message for message in self.messages() if part in message[1]), None)
        )
