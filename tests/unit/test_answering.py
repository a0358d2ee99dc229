"""A handler's result or exception becomes exactly one response, and follow-up messages come after it."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kernel_bridge.protocol.errors import NoSuchRun
from kernel_bridge.server.answering import Answer, answer, answer_early
from kernel_bridge.server.jsonrpc import Connection
from kernel_bridge.server.peer import Peer


class Sent:
    """Records what is sent."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def write(self, body: bytes) -> None:
        self.messages.append(msgspec.json.decode(body))


async def responses(handle: Callable[[Peer], Any]) -> list[Any]:
    """The messages sent when `handle` answers a request."""
    sent = Sent()
    peer: Peer
    connection = Connection(
        sent, lambda request: answer(peer, request, lambda: handle(peer)), lambda *_: None
    )
    peer = Peer(connection)
    connection.receive(b'{"jsonrpc": "2.0", "id": 1, "method": "m"}')
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        await task
    assert connection.in_flight == {}
    return [{name: value for name, value in m.items() if name != "jsonrpc"} for m in sent.messages]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("failed", [False, True])
async def test_follow_up_messages_come_after_the_response(asynchronous: bool, failed: bool) -> None:
    error = NoSuchRun("no run 'a'") if failed else None

    def handle(peer: Peer) -> Any:
        result = Answer(lambda: peer.notify("then"), 5, error)

        async def later() -> Answer:
            return result

        return later() if asynchronous else result

    first, then = await responses(handle)
    assert first["id"] == 1
    assert first.get("result") == (None if failed else 5)
    assert ("error" in first) == failed
    assert then == {"method": "then"}


@pytest.mark.parametrize("failed", [False, True])
async def test_an_early_response_is_the_only_one(failed: bool) -> None:
    error = NoSuchRun("no run 'a'") if failed else None

    def handle(peer: Peer) -> Any:
        async def later() -> Answer:
            answer_early(None)
            return Answer(lambda: peer.notify("then"), 5, error)

        return later()

    assert await responses(handle) == [{"id": 1, "result": None}, {"method": "then"}]
