"""Capabilities: the messages that a client gets for those it declares, and those of the server."""

from typing import Any

import pytest

from kernel_bridge import __version__
from kernel_bridge.protocol.commands import COMMANDS
from tests.home import Home
from tests.server.client import Client, editor
from tests.server.conftest import Launch

CODE = (
    "print('out', flush=True)\ntry: input('name? ')\nexcept Exception as error: print(type(error).__name__)"
)


async def check_gets(home: Home, capabilities: Any, methods: set[str], shown: str | None = None) -> None:
    """Assert that a client with these capabilities can run code and receives only these methods.

    `shown` is a part of the only window/showMessage, if one is expected.
    """
    async with editor(home, capabilities=capabilities, stdin=lambda _: "Ada") as client:
        document = client.open(CODE)
        run = await client.run(unit="all", textDocument=document.identifier)
        assert run["state"] == "ok"
        assert len(run["outputs"]) == 1
        answers = "kernel-bridge/stdin" in methods
        assert run["outputs"][0]["text"] == (
            "out\nname? Ada\n" if answers else "out\nStdinNotImplementedError\n"
        )
        got = await client.command("getRun", runId=run["id"])
        assert got["run"]["outputs"] == run["outputs"]
        sent = {message["method"] for message in client.messages if "method" in message}
        assert sent == methods | ({"window/showMessage"} if shown else set())
        messages = [
            m["params"]["message"] for m in client.messages if m.get("method") == "window/showMessage"
        ]
        assert len(messages) == (1 if shown else 0)
        assert not shown or shown in messages[0]


DIAGNOSTICS = {"textDocument/publishDiagnostics"}  # an empty list for an opened document
NOTIFICATIONS = {"kernel-bridge/kernel", "kernel-bridge/run", "kernel-bridge/output"}


@pytest.mark.parametrize(
    ("capabilities", "methods"),
    [
        (None, DIAGNOSTICS),
        ({"version": 1, "output": False, "stdin": True}, DIAGNOSTICS | {"kernel-bridge/stdin"}),
        ({"version": 1, "output": True}, NOTIFICATIONS),
        (
            {"version": 1, "output": True, "stdin": True, "blobs": None, "later": {}},
            NOTIFICATIONS | {"kernel-bridge/stdin"},
        ),
    ],
)
async def test_a_client_gets_what_it_declares(home: Home, capabilities: Any, methods: set[str]) -> None:
    await check_gets(home, capabilities, methods)


async def test_an_invalid_capability_is_named_and_none_applies(home: Home) -> None:
    wrong = {"version": 1, "output": "yes"}
    await check_gets(home, wrong, DIAGNOSTICS, "experimental.kernelBridge: field output")


async def test_the_server_declares_its_capabilities(bridge: Client) -> None:
    assert bridge.server["serverInfo"] == {"name": "kernel-bridge", "version": __version__}
    capabilities = bridge.server["capabilities"]
    assert set(capabilities["executeCommandProvider"]["commands"]) >= set(COMMANDS)
    assert len(COMMANDS) == 22
    assert capabilities["textDocumentSync"] == {"openClose": True, "change": 2}
    assert capabilities["experimental"]["kernelBridge"] == {"version": 1}


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        (None, "utf-16"),
        (["utf-32", "utf-16", "utf-8"], "utf-8"),
    ],
)
async def test_position_encoding(launch: Launch, offered: list[str] | None, taken: str) -> None:
    client = await launch()
    general = {} if offered is None else {"positionEncodings": offered}
    result = await client.request("initialize", {"processId": None, "capabilities": {"general": general}})
    assert result["capabilities"]["positionEncoding"] == taken
    await client.close()


async def test_the_editor_receives_the_log_only_while_tracing(bridge: Client) -> None:
    def logged() -> list[str]:
        sent = [m["params"] for m in bridge.messages if m.get("method") == "window/logMessage"]
        assert all(params["type"] in (1, 2, 3, 4) for params in sent)
        return [params["message"] for params in sent]

    kernel = await bridge.kernel()
    assert logged() == []
    for level, expected in (("messages", {"kernel"}), ("verbose", {"kernel", "run", "request"})):
        before = len(logged())
        bridge.notify("$/setTrace", {"value": level})
        await bridge.run(code="1", kernelId=kernel)
        await bridge.until_kernel(kernel, "idle")
        bridge.notify("$/setTrace", {"value": "off"})
        await bridge.run(code="2", kernelId=kernel)
        assert {message.split()[0] for message in logged()[before:]} == expected
