"""When output is sent: immediately, merged, or after an editor that stopped reading resumes."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from kernel_bridge.protocol.notifications import ClientCapabilities
from kernel_bridge.protocol.objects import Run
from kernel_bridge.server.frames import FrameReader
from kernel_bridge.server.jsonrpc import Connection
from kernel_bridge.server.outbox import STALLED_BYTES, Outbox
from kernel_bridge.server.stdio import StdoutWriter

Json = dict[str, Any]
BUFFER_BYTES = 1 << 20
FIRST = [{"kind": "append", "output": {"output_type": "stream", "name": "stdout", "text": "first"}}]
MORE = [{"kind": "text", "index": 0, "text": " more"}]


class Editor:
    """The other end of an outbox's pipe, whose buffer takes BUFFER_BYTES."""

    def __init__(self) -> None:
        ours, self._theirs = socket.socketpair()
        for end in (ours, self._theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        self._theirs.setblocking(False)
        self._fd = ours.detach()
        self._frames = FrameReader()
        self._read: list[Json] = []
        self.writer = StdoutWriter(self._fd)
        self._connection = Connection(self.writer, lambda request: None, lambda method, params: None)
        self.outbox = Outbox(self._connection, self.writer, ClientCapabilities(version=1, output=True))
        self.writer.on_written = self.outbox.written

    def write(self, size_bytes: int) -> None:
        """Send a large message of another kind."""
        self._connection.notify("window/showMessage", {"type": 3, "message": "x" * size_bytes})

    def output(self, changes: list[Json], urgent: bool = False) -> None:
        self.outbox.output("run", "kernel", changes, urgent)

    async def read(self, size_bytes: int = 1 << 30) -> Json:
        """The next message, read at most `size_bytes` at a time."""
        while not self._read:
            data = await asyncio.get_running_loop().sock_recv(self._theirs, size_bytes)
            self._read += map(json.loads, self._frames.feed(data))
        return self._read.pop(0)["params"]  # type: ignore[no-any-return]

    async def receives_nothing(self, within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                self._read.insert(0, {"params": await self.read()})
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self.writer.close()
        os.close(self._fd)
        self._theirs.close()


@pytest_asyncio.fixture
async def editor() -> AsyncIterator[Editor]:
    editor = Editor()
    yield editor
    editor.close()


async def test_the_first_output_is_sent_immediately_and_later_output_merged(editor: Editor) -> None:
    editor.outbox.coalesce_s = 0.05
    started = asyncio.get_running_loop().time()
    editor.output(FIRST)
    editor.output(MORE)
    editor.output(MORE)
    assert (await editor.read())["changes"] == FIRST
    assert asyncio.get_running_loop().time() - started < 0.05
    second = await editor.read()
    assert (second["seq"], second["changes"]) == (2, [{"kind": "text", "index": 0, "text": " more more"}])
    assert asyncio.get_running_loop().time() - started >= 0.05


async def test_urgent_output_and_the_end_flush_pending_output(editor: Editor) -> None:
    editor.outbox.coalesce_s = 60
    editor.output(FIRST)
    editor.output(MORE)
    editor.output([{"kind": "clear"}], urgent=True)
    editor.output(FIRST)
    run = Run(id="run", kernel_id="kernel", epoch=1, source="", origin="bridge", state="ok", queued_at="")
    editor.outbox.run_changed(run)
    assert (await editor.read())["changes"] == FIRST
    assert (await editor.read())["changes"] == [{"kind": "clear"}]
    assert (await editor.read())["changes"] == FIRST
    assert (await editor.read())["run"]["state"] == "ok"


async def test_output_resumes_when_the_editor_has_read_enough(editor: Editor) -> None:
    editor.write(4 * BUFFER_BYTES)
    editor.write(STALLED_BYTES // 2)
    editor.output(FIRST)
    assert editor.outbox._held
    while editor.outbox._held:
        await asyncio.get_running_loop().sock_recv(editor._theirs, 1 << 14)
        await asyncio.sleep(0)
    assert editor.writer.backlog > 0
    assert (editor.outbox._waiting, editor.outbox.flush("run")) == ({}, 1)


async def test_output_after_a_large_message_is_not_delayed(editor: Editor) -> None:
    editor.write(2 * STALLED_BYTES)
    editor.output(FIRST)
    assert "message" in await editor.read()
    assert (await editor.read())["changes"] == FIRST


async def test_an_evicted_run_keeps_only_its_sequence_number(editor: Editor) -> None:
    editor.outbox.coalesce_s = 60
    editor.output(FIRST)
    editor.output(MORE)
    editor.outbox.run_evicted("run")
    assert editor.outbox.flush("run") == 2
    assert not editor.outbox._streams
    assert (await editor.read())["seq"] == 1
    assert (await editor.read())["seq"] == 2
    assert await editor.receives_nothing(within_s=0.01)
