"""The seam between the conversation with a kernel and what carries it: messages in parts, and the link.

The conversation (channels.py) knows no more of a transport than this, and a transport nothing of what is in
a message. Implemented by zmq/connection.py.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import msgspec

Channel = Literal["shell", "control", "stdin", "iopub"]

Beat = Literal["alive", "silent", "gone"]
"""Of the kernel at the other end: silent, it was stopped or hangs; gone, nobody is there any more."""


class Parts(msgspec.Struct):  # made faster than a dataclass
    """One message: four JSON texts, and its buffers (Jupyter messaging specification, "Wire protocol")."""

    header: bytes
    parent: bytes
    metadata: bytes
    content: bytes
    buffers: Sequence[memoryview] = ()


class Receiver(Protocol):
    """What a transport calls, on the event loop."""

    def deliver(self, channel: Channel, parts: Parts) -> None:
        """A message came. It does not raise."""

    def turn_over(self) -> bool:
        """Everything that came for now was delivered; True: more of it may wait a little, it is a flood."""

    def beat(self, beat: Beat) -> None:
        """The kernel can be reached, or cannot be any more."""


class Transport(Protocol):
    """A link to one kernel process."""

    met: asyncio.Event  # the peer has shaken hands, which one that is stopped or gone does not
    may_ask: asyncio.Event  # the kernel can send an input_request, which is lost before

    def send(self, channel: Channel, parts: Parts) -> None:
        """Send at once, without waiting."""

    def drain(self) -> None:
        """Deliver what has arrived."""

    def close(self, linger_ms: int = 0) -> None:
        """End the link. What was sent has `linger_ms` to leave."""


Connect = Callable[[Receiver], Transport]
"""Opens a transport. Raises OSError: descriptors, threads or sockets have run out."""
