"""Bytes between the editor and the server: frames, JSON, JSON-RPC (protocol.md, "Framing" and "Errors")."""

import json
from typing import Any

import pytest

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.conftest import Launch
from tests.server.wire import ResponseError

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
KNOWN = 1 << 40  # ids that the test client never uses
shared_loop = pytest.mark.asyncio(loop_scope="module")


def request(id: Any, method: str = "no/such", **fields: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": id, "method": method, **fields}).encode()


async def check_answer(client: Client, data: bytes, id: Any, code: int, part: str = "") -> None:
    """Assert that the server answers the bytes with this error, and that the connection still works."""
    since = len(client.messages)
    client.send_bytes(data)
    answer = await client.until(lambda message: "error" in message, since=since)
    assert (answer["id"], answer["error"]["code"]) == (id, code)
    assert part in answer["error"]["message"]
    assert "kernels" in await client.command("listKernels")


@shared_loop
@pytest.mark.parametrize(
    "header",
    [
        "content-length: {}\r\n\r\n",
        "CONTENT-LENGTH:{}\r\n\r\n",
        "Content-Length: {}\n\n",
        "Content-Length: {}\r\n\n",
        "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
        "X-Anything: a: b\nContent-Length: {}\nNo colon\n\n",
    ],
)
async def test_headers_are_read_leniently(shared: Client, header: str) -> None:
    body = request(KNOWN)
    await check_answer(shared, header.format(len(body)).encode() + body, KNOWN, METHOD_NOT_FOUND)


@shared_loop
@pytest.mark.parametrize(
    ("body", "id", "code"),
    [
        (b"{", None, PARSE_ERROR),
        (b"", None, PARSE_ERROR),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "\xff"}', None, PARSE_ERROR),
        (b"[" * 100_000, None, PARSE_ERROR),
        (b"[]", None, INVALID_REQUEST),
        (b"7", None, INVALID_REQUEST),
        (b'{"jsonrpc": "1.0", "id": 4, "method": "shutdown"}', 4, INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 5, "method": 5}', 5, INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": null, "method": "shutdown"}', None, INVALID_REQUEST),
        (request(6), 6, METHOD_NOT_FOUND),
        (request("a"), "a", METHOD_NOT_FOUND),
        (request(7, "$/no/such"), 7, METHOD_NOT_FOUND),
        (request(8, params=[1]), 8, METHOD_NOT_FOUND),
        (request(9, "workspace/executeCommand"), 9, INVALID_PARAMS),
        (request(10, "workspace/executeCommand", params={}), 10, INVALID_PARAMS),
        (request(11, "workspace/executeCommand", params={"command": "no"}), 11, INVALID_PARAMS),
        (request(12, "initialize", params={"capabilities": {}}), 12, INVALID_REQUEST),
    ],
)
async def test_bad_messages_are_answered(shared: Client, body: bytes, id: Any, code: int) -> None:
    await check_answer(shared, b"Content-Length: %d\r\n\r\n" % len(body) + body, id, code)


@shared_loop
async def test_the_error_for_an_unknown_command_lists_the_commands(shared: Client) -> None:
    with pytest.raises(ResponseError, match=r"'kernel-bridge\.fly'.*kernel-bridge\.run") as caught:
        await shared.command("fly")
    assert caught.value.code == INVALID_PARAMS


@shared_loop
async def test_unknown_messages_are_ignored(shared: Client) -> None:
    """Notifications, responses without a request, and cancellations of unknown requests."""
    for method, params in [
        ("no/such", {}),
        ("$/no/such", None),
        ("$/cancelRequest", {"id": "nobody"}),
        ("$/cancelRequest", {}),
        ("textDocument/didOpen", {"textDocument": 5}),
        ("textDocument/didChange", None),
        ("textDocument/didChange", {"textDocument": {"uri": "a:b", "version": 1}, "contentChanges": []}),
        ("textDocument/didClose", {"textDocument": {"uri": "file:///never/opened.py"}}),
        ("workspace/didChangeConfiguration", None),
        ("$/setTrace", None),
    ]:
        shared.notify(method, params)
    for body in (
        b'{"jsonrpc": "2.0", "id": "x", "result": 1}',
        b'{"jsonrpc": "2.0", "id": null, "error": {}}',
    ):
        shared.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    since = len(shared.messages)
    await shared.command("listKernels")
    assert len(shared.messages) == since + 1


@shared_loop
async def test_params_may_have_a_jsonrpc_key(shared: Client) -> None:
    document = shared.open("print('me')", name="jsonrpc.py")
    change = {"text": "print('you')", "jsonrpc": "2.0", "id": 1, "method": "exit"}
    identifier = {"uri": document.uri, "version": 2, "jsonrpc": "2.0"}
    shared.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})
    code = "import os; print(os.environ['jsonrpc'], end='')"
    kernel = await shared.command("startKernel", spec="python3", env={"jsonrpc": "2.0", "id": "1"})
    run = await shared.run(code=code, kernelId=kernel["id"], jsonrpc="2.0", id=1)
    assert run["outputs"][0]["text"] == "2.0"
    run = await shared.run(unit="all", textDocument=document.identifier, kernelId=kernel["id"])
    assert run["source"] == "print('you')"


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"\r\n", "no Content-Length"),
        (b"Content-Type: x\r\n\r\n{}", "no Content-Length"),
        (b"Content-Length: two\r\n\r\n{}", "Content-Length must be a number of bytes, not 'two'"),
        (b"Content-Length: -1\r\n\r\n", "'-1'"),
        (b"Content-Length: 1073741825\r\n\r\n", "over the limit of 1073741824 bytes"),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", "over the limit"),
        (b"x" * 70_000, "header is over 65536 bytes"),
    ],
)
async def test_a_frame_without_a_length_ends_the_connection(launch: Launch, data: bytes, part: str) -> None:
    client = await launch()
    client.send_bytes(data)
    await client.ended(exit_code=1)
    assert part in client.stderr()
    assert "Traceback" not in client.stderr()


async def test_requests_before_a_broken_frame_are_answered_and_kernels_end(home: Home) -> None:
    async with editor(home) as client:
        await client.kernel()
        body = request(KNOWN)
        client.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body + b"Content-Length: x\r\n\r\n")
        await client.ended(exit_code=1)
        assert KNOWN in [message.get("id") for message in client.messages]


async def test_an_input_that_ends_within_a_message_is_an_error(launch: Launch) -> None:
    client = await launch()
    client.send_bytes(b"Content-Length: 10\r\n\r\n{}")
    client.end_input()
    await client.ended(exit_code=1)
    assert "in the middle of a message" in client.stderr()
