"""A kernel whose messages a test sends one by one, to all that follow it: a Host and a Transport."""

import asyncio
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from kernel_bridge.kernels.connection_files import ConnectionInfo
from kernel_bridge.kernels.foreign import ForeignHost
from kernel_bridge.kernels.found import Found
from kernel_bridge.kernels.transport import Channel, Connect, Parts, Receiver
from kernel_bridge.protocol.objects import KernelSpec

SPEC = KernelSpec(
    name="python3",
    display_name="Python 3",
    language="python",
    argv=[],
    interrupt_mode="message",
    source="kernelspec",
    usable=True,
)
INFO = ConnectionInfo("ipc", "", {}, b"", "hmac-sha256")


class Wire:
    """Sends messages to every open link; replies go to the one that opened last.

    `opened`, `emptied` and `closed` are called when a link opens, is about to be emptied, and has closed.
    """

    def __init__(self) -> None:
        self.session = uuid.uuid4().hex
        self.links: list[_Link] = []
        self.opened: Callable[[], None] = lambda: None
        self.emptied: Callable[[], None] = lambda: None
        self.closed: Callable[[], None] = lambda: None
        self._sent = 0

    def send(self, channel: Channel, message_type: str, content: Any, parent: str | None) -> None:
        """`parent` is the id of an execute_request."""
        self._sent += 1
        header = {
            "msg_id": f"{self.session}_7_{self._sent}",
            "msg_type": message_type,
            "session": self.session,
        }
        about = {"msg_id": parent, "msg_type": "execute_request"} if parent is not None else {}
        parts = Parts(
            msgspec.json.encode(header), msgspec.json.encode(about), b"{}", json.dumps(content).encode()
        )
        for link in self.links if channel == "iopub" else self.links[-1:]:
            link.arrive(channel, parts)


class Kernel(ForeignHost):
    """One process's host of the kernel."""

    def __init__(self, wire: Wire) -> None:
        found = Found("kernel", Path("kernel.json"), INFO, SPEC, None, None)
        super().__init__(found)
        self._wire = wire

    async def reach(self) -> Connect:
        self.exited = asyncio.get_running_loop().create_future()
        return lambda receiver, identity=None, replies=True: _Link(self._wire, receiver, identity)


class _Link:
    """A transport. What arrives is read in the next turn of the loop."""

    def __init__(self, wire: Wire, receiver: Receiver, identity: bytes | None) -> None:
        self.met, self.may_ask, self.gets_replies = asyncio.Event(), asyncio.Event(), asyncio.Event()
        for event in (self.met, self.may_ask, self.gets_replies):
            event.set()
        self.identity = identity or uuid.uuid4().bytes
        self._receiver = receiver
        self._arrived: list[tuple[Channel, Parts]] = []
        self._wire = wire
        wire.links.append(self)
        wire.send("iopub", "iopub_welcome", {}, None)
        wire.opened()

    def arrive(self, channel: Channel, parts: Parts) -> None:
        self._arrived.append((channel, parts))
        asyncio.get_running_loop().call_soon(self.drain)

    def drain(self) -> None:
        arrived, self._arrived = self._arrived, []
        for channel, parts in arrived:
            self._receiver.deliver(channel, parts)
        self._receiver.flush()

    def empty(self) -> None:
        self._wire.emptied()
        self.drain()

    def send(self, channel: Channel, parts: Parts) -> None: ...

    def turn_to(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def open_replies(self) -> None: ...

    def close(self, linger_ms: int = 0) -> None:
        if self in self._wire.links:
            self._wire.links.remove(self)
            self._arrived.clear()
            self._wire.closed()
