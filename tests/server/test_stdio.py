"""Stdin and stdout of a real process, through pipes, sockets and files, with editors that misbehave."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kernel_bridge.server.frames import FrameReader, frame
from kernel_bridge.server.stdio import SLICE_S, StdinReader, StdoutWriter

ROOT = Path(__file__).parents[2]
MB = 1 << 20


def spawn(stdin: Any, stdout: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.server.connection_process"]
    return subprocess.Popen(command, cwd=ROOT, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)


def message(**fields: Any) -> bytes:
    return frame(json.dumps({"jsonrpc": "2.0", **fields}).encode())


class Editor:
    """The process and our ends of its stdin and stdout."""

    def __init__(self, process: subprocess.Popen[bytes], to_fd: int, from_fd: int) -> None:
        self.process = process
        self.to_fd = to_fd
        self.from_fd = from_fd
        self._frames = FrameReader()
        self._bodies: list[bytes] = []

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self.to_fd, view) :]

    def request(self, id: int, method: str, params: Any = None) -> None:
        self.send(message(id=id, method=method, params=params))

    def receive(self) -> Any:
        """The next message."""
        while not self._bodies:
            data = os.read(self.from_fd, MB)
            assert data, "the process closed its stdout"
            self._bodies = self._frames.feed(data)
        return json.loads(self._bodies.pop(0))

    def event(self) -> Any:
        """The next line on stderr."""
        assert self.process.stderr is not None
        return json.loads(self.process.stderr.readline())

    def close_stdin(self) -> None:
        os.close(self.to_fd)
        self.to_fd = -1

    def close_stdout(self) -> None:
        os.close(self.from_fd)
        self.from_fd = -1

    def close(self) -> None:
        for fd in (self.to_fd, self.from_fd):
            if fd >= 0:
                os.close(fd)
        self.process.communicate()
        assert self.process.returncode == 0


def over_pipes() -> Editor:
    (child_in, to_fd), (from_fd, child_out) = os.pipe(), os.pipe()
    process = spawn(child_in, child_out)
    os.close(child_in)
    os.close(child_out)
    return Editor(process, to_fd, from_fd)


def over_sockets() -> Editor:
    """A socket pair for each of stdin and stdout, as Node starts its children."""
    (child_in, to), (from_, child_out) = socket.socketpair(), socket.socketpair()
    with child_in, child_out:
        process = spawn(child_in, child_out)
    return Editor(process, to.detach(), from_.detach())


@pytest.fixture(params=[over_pipes, over_sockets])
def editor(request: pytest.FixtureRequest) -> Iterator[Editor]:
    editor: Editor = request.param()
    yield editor
    editor.close()


def check_echo(editor: Editor, id: int, params: Any) -> None:
    editor.request(id, "echo", params)
    assert editor.receive() == {"jsonrpc": "2.0", "id": id, "result": params}


def test_byte_by_byte(editor: Editor) -> None:
    for byte in message(id=1, method="echo", params=["\U0001f600"]):
        editor.send(bytes([byte]))
    assert editor.receive()["result"] == ["\U0001f600"]


def test_fifty_megabytes_in_and_out(editor: Editor) -> None:
    check_echo(editor, 1, "x" * (50 * MB))
    check_echo(editor, 2, "y")


def test_pipelined_requests_are_answered_in_order(editor: Editor) -> None:
    editor.send(b"".join(message(id=id, method="echo") for id in range(500)))
    assert [editor.receive()["id"] for _ in range(500)] == list(range(500))


def test_an_editor_that_stops_reading(editor: Editor) -> None:
    editor.request(1, "flood", {"count": 500, "characters": 50_000})
    editor.send(message(method="are you there"))
    event = editor.event()
    assert event["method"] == "are you there"
    assert 20 * MB < event["backlog"] < 25 * MB
    editor.request(2, "echo", "after the flood")
    assert editor.receive()["id"] == 1
    assert [editor.receive()["params"]["number"] for _ in range(500)] == list(range(500))
    assert editor.receive()["result"] == "after the flood"
    assert editor.event() == {"drained": True}
    editor.send(message(method="and now"))
    assert editor.event() == {"method": "and now", "backlog": 0}


def test_an_editor_that_closes_our_stdout(editor: Editor) -> None:
    check_echo(editor, 1, "x")
    editor.close_stdout()
    editor.request(2, "flood", {"count": 3, "characters": 5})
    assert editor.event() == {"broken": "BrokenPipeError"}
    editor.request(3, "echo")
    editor.send(message(method="are you there"))
    assert editor.event() == {"method": "are you there", "backlog": 0}
    editor.close_stdin()
    assert editor.event() == {"end": None}


def test_an_editor_that_closes_our_stdout_with_a_backlog(editor: Editor) -> None:
    editor.request(1, "flood", {"count": 100, "characters": 50_000})
    editor.send(message(method="are you there"))
    assert editor.event()["backlog"] > MB
    editor.close_stdout()
    assert editor.event() in ({"broken": "BrokenPipeError"}, {"broken": "ConnectionResetError"})


@pytest.mark.parametrize(
    ("last", "end"),
    [
        (b"", None),
        (b"Content-Length: 5\r\n\r\n{", "the input ended in the middle of a message"),
        (b"Content-Len", "the input ended in the middle of a message"),
        (b"hello\r\n\r\n", "a message header has no Content-Length"),
    ],
)
def test_complete_messages_are_handled_before_the_end(last: bytes, end: str | None) -> None:
    editor = over_pipes()
    editor.send(message(id=1, method="echo", params="x") + last)
    editor.close_stdin()
    assert editor.receive()["result"] == "x"
    assert editor.event() == {"end": end}
    editor.close()


def test_nothing_else_can_use_the_connection(editor: Editor) -> None:
    editor.request(1, "noise")
    assert editor.receive()["result"] == ["", "7"]
    check_echo(editor, 2, "x")
    assert editor.process.stderr is not None
    assert [editor.process.stderr.readline() for _ in range(3)] == [b"raw\n", b"printed\n", b"child\n"]


def test_files(tmp_path: Path) -> None:
    long = "x" * MB
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(b"".join(message(id=id, method="echo", params=long) for id in range(5)))
    with source.open("rb") as stdin, target.open("wb") as stdout:
        process = spawn(stdin, stdout)
    _, stderr = process.communicate()
    assert (process.returncode, b'{"end": null}' in stderr.splitlines()) == (0, True)
    answers = [json.loads(body) for body in FrameReader().feed(target.read_bytes())]
    assert answers == [{"jsonrpc": "2.0", "id": id, "result": long} for id in range(5)]


def check_blocking_mode(ours: int, editors: int) -> None:
    """Assert that closing a writer leaves its descriptor open, and restores blocking mode."""
    writer = StdoutWriter(ours)
    writer.write(b"{}")
    writer.flush()
    writer.close()
    assert os.get_blocking(ours)
    assert os.read(editors, 100) == frame(b"{}")
    os.close(ours)
    assert os.read(editors, 100) == b""
    os.close(editors)


async def test_the_descriptor_is_restored() -> None:
    from_fd, to_fd = os.pipe()
    check_blocking_mode(to_fd, from_fd)
    ours, editors = socket.socketpair()
    check_blocking_mode(ours.detach(), editors.detach())


async def test_drain_returns_whether_everything_was_written() -> None:
    from_fd, to_fd = os.pipe()
    writer = StdoutWriter(to_fd)
    writer.write(b"x" * MB)
    assert await writer.drain(0.01) is False
    asyncio.get_running_loop().add_reader(from_fd, os.read, from_fd, MB)
    assert await writer.drain(60) is True
    asyncio.get_running_loop().remove_reader(from_fd)
    writer.close()
    assert await writer.drain(60) is False
    os.close(from_fd)
    os.close(to_fd)


async def test_only_the_loop_may_write() -> None:
    from_fd, to_fd = os.pipe()
    writer = StdoutWriter(to_fd)
    with pytest.raises(RuntimeError):
        await asyncio.to_thread(writer.write, b"{}")
    writer.close()
    os.close(to_fd)
    assert os.read(from_fd, 100) == b""
    os.close(from_fd)


async def test_a_batch_of_messages_does_not_starve_the_loop() -> None:
    loop = asyncio.get_running_loop()
    from_fd, to_fd = os.pipe()
    order: list[str] = []
    ended: asyncio.Future[Any] = loop.create_future()

    def handle(body: bytes) -> None:
        """Block for the length of a slice, then let another callback run."""
        order.append(body.decode())
        loop.call_soon(order.append, "turn")
        until = loop.time() + SLICE_S
        while loop.time() < until:
            pass

    reader = StdinReader(from_fd, handle, ended.set_result)
    os.write(to_fd, frame(b"1") + frame(b"2") + frame(b"3"))
    os.close(to_fd)
    reader.start()
    assert await ended is None
    assert order[:5] == ["1", "turn", "2", "turn", "3"]
    os.close(from_fd)


async def test_a_closed_reader_delivers_nothing_more() -> None:
    from_fd, to_fd = os.pipe()
    bodies: list[bytes] = []

    def handle(body: bytes) -> None:
        bodies.append(body)
        reader.close()
        turn.set()

    turn = asyncio.Event()
    reader = StdinReader(from_fd, handle, lambda _: bodies.append(b"end"))
    os.write(to_fd, frame(b"1") + frame(b"2"))
    os.close(to_fd)
    reader.start()
    await turn.wait()
    assert bodies == [b"1"]
    os.close(from_fd)
