"""Frames become events: messages from real kernels, from broken ones, and noise."""

import json
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.kernels.messages import LARGE, Codec, Message, event_of, stream_of, streams_of
from kernel_bridge.kernels.transport import Parts
from kernel_bridge.kernels.zmq.frames import DELIMITER, Signer, split
from kernel_bridge.runs.events import (
    ClearOutput,
    DisplayData,
    Error,
    Event,
    ExecuteInput,
    ExecuteReply,
    ExecuteResult,
    InputRequest,
    Other,
    Status,
    Stream,
    UpdateDisplayData,
)

KEY = b"secret-key"


def frames(message_type: str, content: Any, key: bytes = KEY, parent: Any = None) -> list[bytes]:
    """A message as a kernel sends it; `content` and `parent` may be raw bytes."""
    header = json.dumps({"msg_id": "k_1", "msg_type": message_type, "session": "k"}).encode()
    parts = Parts(header, _raw({} if parent is None else parent), b"{}", _raw(content))
    return [bytes(frame) for frame in Signer(key).frames(parts)]


def read(frames: list[bytes], signer: Signer | None = None) -> Message | None:
    """The message in the frames; None: it was dropped."""
    parts = (signer or Signer(KEY)).parts(frames)
    return None if parts is None else Codec().decode(parts)


def _raw(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def check(message_type: str, content: Any, expected: Event) -> None:
    message = read(frames(message_type, content))
    assert message is not None
    assert event_of(message) == expected


@pytest.mark.parametrize(
    ("message_type", "content", "expected"),
    [
        ("stream", {"name": "stderr", "text": "x\n"}, Stream("stderr", "x\n")),
        ("display_data", {"data": {"a/b": 1}, "metadata": {"m": 2}}, DisplayData({"a/b": 1}, {"m": 2})),
        ("display_data", {"data": {}, "transient": {"display_id": "d"}}, DisplayData({}, {}, "d")),
        (
            "update_display_data",
            {"data": {}, "transient": {"display_id": "d"}},
            UpdateDisplayData({}, {}, "d"),
        ),
        ("execute_result", {"data": {}, "execution_count": 3}, ExecuteResult({}, {}, 3)),
        ("error", {"ename": "E", "evalue": "v", "traceback": ["t"]}, Error("E", "v", ["t"])),
        ("clear_output", {"wait": True}, ClearOutput(True)),
        ("status", {"execution_state": "busy"}, Status("busy")),
        ("execute_input", {"code": "1", "execution_count": 2}, ExecuteInput("1", 2)),
        ("input_request", {"prompt": "? ", "password": True}, InputRequest("? ", True)),
        ("comm_open", {"comm_id": "c"}, Other("comm_open")),
    ],
)
def test_messages_of_the_specification(message_type: str, content: Any, expected: Event) -> None:
    check(message_type, content, expected)


LONG = st.text(st.sampled_from('ab 7"\\\n\té\ud83d\ude00😀\x1b'), min_size=1, max_size=30)


@settings(max_examples=12)
@given(LONG, st.booleans())
def test_a_long_text_in_pieces_is_the_same_text(part: str, ascii: bool) -> None:
    text = part * (2 * LARGE // len(part))
    content = json.dumps({"name": "stderr", "text": text}, ensure_ascii=ascii).encode(
        "utf-8", "surrogatepass"
    )
    message = read(frames("stream", content))
    assert message is not None
    streams = list(streams_of(message))
    whole = stream_of(message)
    assert {stream.name for stream in streams} == {"stderr"}
    assert "".join(stream.text for stream in streams) == whole.text


def test_plain_text_comes_in_many_pieces() -> None:
    message = read(frames("stream", {"name": "stdout", "text": "a line of text\n" * LARGE}))
    assert message is not None
    assert len(list(streams_of(message))) > 10


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"status": "ok", "execution_count": 1, "payload": []}, ExecuteReply("ok", 1)),
        (
            {"status": "error", "ename": "E", "evalue": "v", "traceback": []},
            ExecuteReply("error", error=Error("E", "v", [])),
        ),
        ({"status": "abort"}, ExecuteReply("aborted")),
        ({"status": "aborted"}, ExecuteReply("aborted")),
        ({"execution_count": 1}, ExecuteReply(None, 1)),
        ({"status": "fine"}, ExecuteReply(None)),
        (
            {"status": "ok", "payload": [{"source": "set_next_input", "text": "y"}, {"source": "ask_exit"}]},
            ExecuteReply("ok", next_input="y", ends_kernel=True),
        ),
        (
            {"status": "ok", "payload": [{"source": "set_next_input", "text": "y", "replace": True}]},
            ExecuteReply("ok", next_input="y", next_input_replaces=True),
        ),
        (
            {"status": "ok", "payload": [{"source": "page", "data": {"text/plain": "help"}, "start": 0}]},
            ExecuteReply("ok", pages=[{"text/plain": "help"}]),
        ),
        ({"status": "ok", "payload": {"source": "page"}}, ExecuteReply("ok")),
        ({"status": "ok", "payload": [None, 3]}, ExecuteReply("ok")),
    ],
)
def test_execute_replies(content: Any, expected: Event) -> None:
    check("execute_reply", content, expected)


@pytest.mark.parametrize(
    ("message_type", "content", "expected"),
    [
        ("stream", {}, Stream("stdout", "")),
        ("stream", {"name": None, "text": ["a", "b"]}, Stream("stdout", "ab")),
        ("stream", b'{"name": "stdout", "text": "\\ud800|\\ud83d\\ude00"}', Stream("stdout", "\ufffd|😀")),
        ("stream", b'{"name": "stdout", "text": "\xff"}', Stream("stdout", "\ufffd")),
        ("stream", b'{"name": "stdout", "text": "a\tb"}', Stream("stdout", "a\tb")),
        ("stream", b"[" * 100_000, Stream("stdout", "")),
        ("stream", b"null", Stream("stdout", "")),
        ("stream", b"", Stream("stdout", "")),
        ("display_data", b'{"data": {"x": 1e999, "y": [NaN]}, "metadata": 3}', None),
        ("display_data", {"data": None, "metadata": [], "transient": 1}, DisplayData({}, {})),
        ("execute_result", {"data": {}, "execution_count": "3"}, ExecuteResult({}, {}, None)),
        ("error", {"ename": "", "traceback": "one\ntwo"}, Error("", "", ["one\ntwo"])),
        ("error", {"ename": None, "evalue": 3, "traceback": None}, Error("", "3", [])),
        ("status", {}, Status("")),
        ("input_request", {"prompt": "? "}, InputRequest("? ", False)),
    ],
)
def test_messages_of_broken_kernels(message_type: str, content: Any, expected: Event | None) -> None:
    if expected is not None:
        check(message_type, content, expected)
        return
    message = read(frames(message_type, content))
    assert message is not None
    event = event_of(message)
    assert isinstance(event, DisplayData)
    assert event.data["x"] == float("inf")
    assert event.data["y"][0] != event.data["y"][0]


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        (b"null", (None, None)),
        ({}, (None, None)),
        ({"msg_id": "p", "msg_type": "execute_request"}, ("p", "execute_request")),
        ({"msg_id": "p"}, ("p", None)),
        ({"msg_id": 3, "msg_type": None}, (None, None)),
        (b'{"msg_id": "p", "date": NaN}', ("p", None)),
    ],
)
def test_the_parent_of_a_message(parent: Any, expected: tuple[str | None, str | None]) -> None:
    message = read(frames("status", {}, parent=parent))
    assert message is not None
    assert (message.parent_id, message.parent_type) == expected


@pytest.mark.parametrize(
    "broken",
    [
        [],
        [b""],
        [DELIMITER],
        [DELIMITER, b"", b"{}"],
        frames("stream", {}, key=b"another key"),
        [*frames("stream", {})[:-1], b'{"text": "changed"}'],
        [*frames("stream", {})[:1], b"", *frames("stream", {})[2:]],
        [*frames("stream", {})[:1], b"\xff\xfe", *frames("stream", {})[2:]],
    ],
)
def test_forged_or_truncated_messages_are_dropped(
    broken: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert read(broken) is None
    assert "dropped" in caplog.text
    assert KEY.decode() not in caplog.text
    assert "changed" not in caplog.text


@pytest.mark.parametrize("header", [b"{}", b"null", b"[]", b"", b'{"msg_type": 3}', b"\xff", b"[" * 100_000])
def test_an_empty_header_is_dropped(header: bytes) -> None:
    assert read([DELIMITER, b"", header, b"{}", b"{}", b"{}"], Signer(b"")) is None


def test_a_duplicate_message_is_dropped() -> None:
    signer, sent = Signer(KEY), frames("stream", {"text": "x"})
    assert read(sent, signer) is not None
    assert read(sent, signer) is None


def test_an_empty_key_means_unsigned() -> None:
    sent = frames("stream", {"text": "x"}, key=b"")
    assert sent[1] == b""
    signer = Signer(b"")
    assert read(sent, signer) is not None
    assert read(sent, signer) is not None


@pytest.mark.parametrize("scheme", ["hmac-sha256", "hmac-md5", "hmac-sha512"])
@pytest.mark.parametrize("size", [1, 1_000_000])
def test_jupyter_client_reads_our_messages(scheme: str, size: int) -> None:
    codec = Codec()
    message_id, parts = codec.encode("execute_request", {"code": "é" * size})
    sent = [bytes(frame) for frame in Signer(KEY, scheme).frames(parts)]
    message = read(sent, Signer(KEY, scheme))
    assert message is not None
    assert json.loads(message.content) == {"code": "é" * size}
    header = json.loads(sent[2])
    assert header["msg_id"] == message_id
    assert header.keys() == {"msg_id", "msg_type", "session", "username", "date", "version"}
    assert codec.encode("execute_request", {})[0] != message_id


@pytest.mark.parametrize("topics", [0, 1, 2])
@pytest.mark.parametrize("first", [0, 1, 3])
@pytest.mark.parametrize("second", [0, 2])
def test_buffers_come_with_their_message(topics: int, first: int, second: int) -> None:
    """However the frames are read, a message is not returned before its last frame has arrived."""
    signer = Signer(KEY)
    messages = [
        signer.frames(Parts(b'{"msg_type":"comm_msg"}', b"{}", b"{}", content, _buffers(count)))
        for content, count in ((b'{"a":1}', first), (b'{"b":2}', second))
    ]
    frames = [bytes(frame) for message in messages for frame in [b"topic"] * topics + message]
    for cut in range(len(frames) + 1):
        given, begun = split(frames[:cut], False, topics)
        last, begun = split(begun + frames[cut:], True, topics)
        receiver = Signer(KEY)
        parts = [receiver.parts(message) for message in given + last]
        assert begun == []
        assert [part and part.content for part in parts] == [b'{"a":1}', b'{"b":2}']
        assert [part and list(part.buffers) for part in parts] == [_buffers(first), _buffers(second)]


def _buffers(count: int) -> list[memoryview]:
    return [memoryview(bytes([number, 0, 255])) for number in range(count)]


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_no_frames_can_raise(noise: list[bytes]) -> None:
    for received in (noise, [DELIMITER, b"", *noise]):
        message = read(received, Signer(b""))
        if message is not None:
            event_of(message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = ["name", "text", "data", "metadata", "transient", "execution_count", "payload", "status", "traceback"]


@given(
    st.sampled_from(
        ["stream", "display_data", "execute_result", "error", "execute_reply", "status", "input_request"]
    ),
    st.dictionaries(st.sampled_from(KEYS), JSON),
)
def test_no_content_can_raise(message_type: str, content: Any) -> None:
    message = read(frames(message_type, content))
    assert message is not None
    event = event_of(message)
    if isinstance(event, Stream):
        event.text.encode()  # no lone surrogate remains
