"""The connection, with a list as its writer: responses to each message, and requests in flight."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from kernel_bridge.server.encoding import encode
from kernel_bridge.server.jsonrpc import Connection, ConnectionClosed, Request, ResponseError


class Sent:
    """A writer that records what is sent, decoded."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self._one_more = asyncio.Event()

    def write(self, body: bytes) -> None:
        self.messages.append(json.loads(body))
        self._one_more.set()

    async def until(self, count: int) -> None:
        """Wait until `count` messages were sent."""
        while len(self.messages) < count:
            self._one_more.clear()
            await asyncio.wait_for(self._one_more.wait(), 10)


class Peer:
    """A connection whose handlers record what arrives; a test may replace `handle`."""

    def __init__(self) -> None:
        self.sent = Sent()
        self.requests: list[Request] = []
        self.notifications: list[tuple[str, Any]] = []
        self.handle = self.requests.append
        self.connection = Connection(self.sent, lambda request: self.handle(request), self.notified)

    def notified(self, method: str, params: Raw) -> None:
        self.notifications.append((method, msgspec.json.decode(params)))

    def receive(self, **message: Any) -> None:
        self.connection.receive(json.dumps({"jsonrpc": "2.0", **message}).encode())


def error_of(body: bytes) -> tuple[Any, int]:
    """(id, code) of the one response to a message that reaches no handler."""
    peer = Peer()
    peer.connection.receive(body)
    assert (peer.requests, peer.notifications, peer.connection.in_flight) == ([], [], {})
    [answer] = peer.sent.messages
    assert set(answer) == {"jsonrpc", "id", "error"}
    assert set(answer["error"]) == {"code", "message"}
    return answer["id"], answer["error"]["code"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"jsonrpc":"2.0","id":1,"method":"m"} x',
        b'{"jsonrpc":"2.0","id":1,"method":"m","params":nul}',
        b'{"jsonrpc":"2.0","id":1,"method":"m","params":"\xff"}',
        b'{"jsonrpc":"2.0","id":1,"method":"\xff"}',
        b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"m"}',
        b'{"jsonrpc":"2.0","id":1.5,"method":',
        b'{"jsonrpc":"2.0","id":1,"method":"m","params":["\\ud800",NaN]}',
        b'{"jsonrpc":"2.0","id":1,"method":"m","params":' + b"[" * 100_000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_bad_json(body: bytes) -> None:
    assert error_of(body) == (None, -32700)


@pytest.mark.parametrize(
    ("body", "id"),
    [
        (b"[]", None),
        (b'[{"jsonrpc":"2.0","id":1,"method":"m"}]', None),
        (b"null", None),
        (b'"text"', None),
        (b"{}", None),
        (b'{"jsonrpc":"2.0","id":0}', 0),
        (b'{"jsonrpc":"2.0","id":"a"}', "a"),
        (b'{"jsonrpc":"1.0","id":"a","method":"m"}', "a"),
        (b'{"id":0,"method":"m"}', 0),
        (b'{"jsonrpc":2.0,"id":7,"method":"m"}', 7),
        (b'{"jsonrpc":"2.0","id":7,"method":5}', 7),
        (b'{"jsonrpc":"2.0","id":null,"method":"m"}', None),
        (b'{"jsonrpc":"2.0","id":true,"method":"m"}', None),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"m"}', None),
        (b'{"jsonrpc":"2.0","id":{},"method":"m"}', None),
        (b'{"jsonrpc":"2.0","id":9223372036854775808,"method":"m"}', None),
        (b'{"jsonrpc":"2.0","id":1' + b"0" * 5000 + b',"method":"m"}', None),
    ],
)
def test_json_that_is_not_a_message(body: bytes, id: Any) -> None:
    assert error_of(body) == (id, -32600)


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error", "x"]) | st.text(),
                inner,
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_message_raises(body: bytes) -> None:
    peer = Peer()
    peer.connection.receive(body)
    for message in peer.sent.messages:
        assert message["error"]["code"] in (-32700, -32600)


@pytest.mark.parametrize("id", [0, 1, "1", "", -5, 2**53])
@pytest.mark.parametrize(
    ("params", "decoded"), [({}, None), ({"params": [1]}, [1]), ({"params": None}, None)]
)
def test_a_request_is_answered(id: Any, params: dict[str, Any], decoded: Any) -> None:
    peer = Peer()
    peer.receive(id=id, method="m", **params)
    [request] = peer.requests
    assert (request.id, request.method, msgspec.json.decode(request.params)) == (id, "m", decoded)
    request.respond({"a": None})
    assert peer.sent.messages == [{"jsonrpc": "2.0", "id": id, "result": {"a": None}}]


def check_answer(answer: Any, expected: dict[str, Any]) -> None:
    """Assert what `answer(request)` sends, apart from jsonrpc and id."""
    peer = Peer()
    peer.handle = answer
    peer.receive(id=1, method="m")
    assert peer.sent.messages == [{"jsonrpc": "2.0", "id": 1, **expected}]
    assert peer.connection.in_flight == {}


class Point(msgspec.Struct, rename="camel"):
    some_x: int


def raise_key_error(request: Request) -> None:
    raise KeyError("secret")


def answer_twice(request: Request) -> None:
    request.respond(1)
    request.respond(2)
    request.fail(-1, "late")


def test_answers() -> None:
    check_answer(lambda r: r.respond(None), {"result": None})
    check_answer(lambda r: r.respond(Point(3)), {"result": {"someX": 3}})
    check_answer(lambda r: r.respond([Raw(b"[1]")]), {"result": [[1]]})
    check_answer(lambda r: r.fail(-5, "no"), {"error": {"code": -5, "message": "no"}})
    check_answer(
        lambda r: r.fail(-5, "no", {"kind": "K"}),
        {"error": {"code": -5, "message": "no", "data": {"kind": "K"}}},
    )
    check_answer(answer_twice, {"result": 1})
    failed = {"code": -32603, "message": "m failed inside the server (KeyError)"}
    check_answer(raise_key_error, {"error": failed})
    unencodable = {"code": -32603, "message": "the result of m cannot be encoded"}
    check_answer(lambda r: r.respond(object()), {"error": unencodable})


def test_an_exception_after_the_response_changes_nothing() -> None:
    def answer_and_raise(request: Request) -> None:
        request.respond(1)
        raise KeyError

    check_answer(answer_and_raise, {"result": 1})


def test_an_id_in_flight_is_refused_until_its_response() -> None:
    peer = Peer()
    peer.receive(id=1, method="first")
    peer.receive(id=1, method="second")
    assert [(m["id"], m["error"]["code"]) for m in peer.sent.messages] == [(1, -32600)]
    peer.requests[0].respond(None)
    peer.receive(id=1, method="third")
    peer.receive(id="1", method="fourth")
    assert [request.method for request in peer.requests] == ["first", "third", "fourth"]


def test_ten_thousand_requests_leave_nothing_behind() -> None:
    peer = Peer()
    for id in range(10_000):
        peer.receive(id=id, method="m")
    assert len(peer.connection.in_flight) == 10_000
    for request in peer.requests:
        request.on_cancel = lambda: None
        request.respond(None)
    assert peer.connection.in_flight == {}
    assert all(request.on_cancel is None for request in peer.requests)
    assert [m["id"] for m in peer.sent.messages] == list(range(10_000))


def test_notifications_and_order() -> None:
    peer = Peer()
    peer.receive(method="a", params={"x": 1})
    peer.receive(method="b")
    peer.receive(method="$/setTrace", params={"value": "off"})
    assert peer.notifications == [("a", {"x": 1}), ("b", None), ("$/setTrace", {"value": "off"})]
    assert peer.sent.messages == []


def test_cancellation_reaches_the_request_once() -> None:
    peer = Peer()
    cancelled: list[Any] = []
    for id in (1, "1", 2):
        peer.receive(id=id, method="m")
    for request in peer.requests[:2]:
        request.on_cancel = lambda request=request: cancelled.append(request.id)
    ids: list[Any] = ["1", "1", 2, 3, None, {}]
    for id in ids:
        peer.receive(method="$/cancelRequest", params={"id": id})
    peer.receive(method="$/cancelRequest")
    assert cancelled == ["1"]
    assert [request.cancelled for request in peer.requests] == [False, True, True]
    assert (peer.sent.messages, peer.notifications) == ([], [])
    peer.requests[2].respond("not cancelled")
    assert peer.sent.messages[-1]["result"] == "not cancelled"


async def ask(peer: Peer, **answer: Any) -> Any:
    """The result of our request when the other side answers like this."""
    task = asyncio.create_task(peer.connection.request("q", {"x": 1}))
    await asyncio.sleep(0)
    sent = peer.sent.messages[-1]
    assert (sent["method"], sent["params"]) == ("q", {"x": 1})
    peer.receive(id=sent["id"], **answer)
    return await task


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ({"result": {"a": [1]}}, {"a": [1]}),
        ({"result": None}, None),
        ({"result": "x", "error": None}, "x"),
        ({}, None),
        ({"result": "\ud800"}, "\ufffd"),
    ],
)
async def test_our_request_returns_its_result(answer: dict[str, Any], result: Any) -> None:
    assert await ask(Peer(), **answer) == result


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": -5, "message": "no", "data": [1]}, (-5, "no", [1])),
        ({"code": -5, "message": "no"}, (-5, "no", None)),
        ("nonsense", (-32603, "the error of the answer is malformed", None)),
    ],
)
async def test_our_request_raises_its_error(error: Any, expected: Any) -> None:
    with pytest.raises(ResponseError) as raised:
        await ask(Peer(), error=error)
    assert (raised.value.code, raised.value.message, raised.value.data) == expected


async def test_our_request_can_be_cancelled() -> None:
    peer = Peer()
    unclaimed: list[Any] = []
    peer.connection.on_unclaimed_response = lambda id, body: unclaimed.append(
        (id, json.loads(body)["result"])
    )
    task = asyncio.create_task(peer.connection.request("q"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    [asked, cancelled] = peer.sent.messages
    assert (cancelled["method"], cancelled["params"]) == ("$/cancelRequest", {"id": asked["id"]})
    peer.receive(id=asked["id"], result="late")
    peer.receive(id="of another layer", result=5)
    assert unclaimed == [("of another layer", 5)]


async def test_a_pause_after_a_response_keeps_the_order() -> None:
    peer = Peer()
    for id in (1, 2):
        peer.receive(id=id, method="m")
    for request in peer.requests:
        request.respond(None)
        peer.connection.pause(0.01)
        peer.connection.notify(f"after {request.id}")
    assert [message.get("id") for message in peer.sent.messages] == [1]
    await peer.sent.until(4)
    assert [m.get("id", m.get("method")) for m in peer.sent.messages] == [1, "after 1", 2, "after 2"]
    peer.connection.notify("at once")
    assert peer.sent.messages[-1]["method"] == "at once"


async def test_close_sends_messages_that_wait_for_a_pause() -> None:
    peer = Peer()
    peer.connection.pause(60)
    peer.connection.notify("a")
    peer.connection.pause(60)
    peer.connection.notify("b")
    assert peer.sent.messages == []
    peer.connection.close()
    assert [message["method"] for message in peer.sent.messages] == ["a", "b"]


async def test_close_fails_pending_requests() -> None:
    peer = Peer()
    task = asyncio.create_task(peer.connection.request("q"))
    await asyncio.sleep(0)
    peer.connection.close()
    with pytest.raises(ConnectionClosed):
        await task
    with pytest.raises(ConnectionClosed):
        await peer.connection.request("q")


def check_mended(params: str, decoded: Any) -> None:
    """Assert how a handler decodes the params of a request with this body."""
    peer = Peer()
    peer.connection.receive(b'{"jsonrpc":"2.0","id":1,"method":"m","params":%s}' % params.encode())
    assert msgspec.json.decode(peer.requests[0].params) == decoded


def test_half_characters_from_the_client() -> None:
    check_mended(
        r'["a\ud800b", {"\uDC00": 1.5}, "\ud83d\ude00"]', ["a\ufffdb", {"\ufffd": 1.5}, "\U0001f600"]
    )
    check_mended(r'["\ud83d\ude00"]', ["\U0001f600"])
    check_mended(r'["\\ud800"]', ["\\ud800"])


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("a\ud800", '"a\ufffd"'),
        ("\ud83d\ude00", '"\U0001f600"'),
        ({"\udc00": ["\ud800x", Raw(b"1")]}, '{"\ufffd":["\ufffdx",1]}'),
        ([Point(1), "\ud800", float("nan"), 2**70], '[{"someX":1},"\ufffd",null,1180591620717411303424]'),
    ],
)
def test_half_characters_to_the_client(value: Any, encoded: str) -> None:
    assert encode(value).decode() == encoded
