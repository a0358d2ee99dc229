"""The seam between the conversation with a kernel and its transport: messages in parts, and the link's state.

The conversation (channels.py) sees only this interface, and a transport never looks inside a message.
Implemented by zmq/connection.py.
"""

import asyncio
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

Channel = Literal["shell", "control", "stdin", "iopub"]

Beat = Literal["alive", "silent", "gone"]
"""State of the kernel's end. "silent": it was stopped or hangs. "gone": nothing listens there."""


class Parts(msgspec.Struct):  # faster to construct than a dataclass
    """One message: four JSON texts and its buffers (Jupyter messaging specification, "The wire protocol")."""

    header: bytes
    parent: bytes
    metadata: bytes
    content: bytes
    buffers: Sequence[memoryview] = ()


class Receiver(Protocol):
    """What a transport calls, on the event loop."""

    def deliver(self, channel: Channel, parts: Parts) -> None:
        """A message arrived. Must not raise."""

    def flush(self) -> bool:
        """Everything available was delivered. True: it is a flood, so the next read may wait a little."""

    def beat(self, beat: Beat) -> None:
        """The kernel became reachable, or unreachable."""


class Transport(Protocol):
    """A link to one kernel process."""

    met: asyncio.Event  # the handshake is complete; a kernel that is stopped or gone completes none
    may_ask: asyncio.Event  # the kernel can send input_request; earlier ones would be lost
    gets_replies: asyncio.Event  # shell has taken over the identity that was given
    identity: bytes  # of shell and stdin

    def send(self, channel: Channel, parts: Parts) -> None:
        """Send at once, without waiting."""

    def drain(self) -> None:
        """Deliver what has arrived."""

    def turn_to(self, receiver: Receiver) -> None:
        """Call this receiver from now on."""

    def open_replies(self) -> None:
        """Open shell and stdin, if they are not open. Raises OSError."""

    def empty(self) -> None:
        """Deliver everything that has arrived, however long it takes, but at most EMPTY_S."""

    def close(self, linger_ms: int = 0) -> None:
        """Close the link. Unsent messages have `linger_ms` to leave."""


class Connect(Protocol):
    """Opens a transport. Raises OSError: no descriptor, thread or socket is left."""

    def __call__(self, receiver: Receiver, identity: bytes | None = None, replies: bool = True) -> Transport:
        """`identity` of shell and stdin; None: a new one. Without `replies` both wait for `open_replies`."""


async def happens(event: asyncio.Event, within_s: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), within_s)
    except TimeoutError:
        return False
    return True
