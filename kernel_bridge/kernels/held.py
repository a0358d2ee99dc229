"""Messages of a kernel that are held until the process that has followed it tells which ones it has had."""

import asyncio
from collections.abc import Iterator

from .messages import Codec, Message
from .transport import Beat, Channel, Connect, Parts, Receiver, Transport, happens

JOIN_S = 0.25  # how long iopub may stay silent; what it says later may then be incomplete
WELCOME_S = 0.05  # time for iopub_welcome (JEP 65), which not every kernel sends
HANDS_S = 1.0  # time for the handshakes of shell and stdin


class Held:
    """A link to a kernel that another process follows, too.

    With `replies`, those to that identity come here, and prompts too. Raises OSError: the transport cannot be
    opened.
    """

    def __init__(self, connect: Connect, identity: bytes | None, replies: bool) -> None:
        self.codec = Codec()
        self.asked: str | None = None  # our request, whose reply and statuses concern nobody
        self.beats: list[Beat] = []
        self._messages: list[tuple[Channel, Parts]] = []
        self._published = asyncio.Event()
        self.transport = connect(self, identity, replies)

    async def join(self) -> str | None:
        """Wait until nothing more is missed. Return the id of the first message held that iopub delivered.

        None: iopub has been silent for JOIN_S. A kernel without iopub_welcome is asked for its kernel_info on
        control, which it answers even while it executes, with statuses on iopub.
        """
        await happens(self.transport.gets_replies, HANDS_S)
        if not await happens(self._published, WELCOME_S):
            self.asked, parts = self.codec.encode("kernel_info_request", {})
            self.transport.send("control", parts)
            if not await happens(self._published, JOIN_S - WELCOME_S):
                return None
        return next((message.message_id for channel, message, _ in self.read() if channel == "iopub"), None)

    def read(self) -> "Iterator[tuple[Channel, Message, Parts]]":
        """The readable ones in order of arrival."""
        for channel, parts in self._messages:
            message = self.codec.decode(parts)
            if message is not None:
                yield channel, message, parts

    def turn_to(self, receiver: Receiver, identity: bytes | None = None, replies: bool = True) -> Transport:
        """Have the transport call the receiver from now on (a `transport.Connect`)."""
        self.transport.turn_to(receiver)
        return self.transport

    def deliver(self, channel: Channel, parts: Parts) -> None:
        self._messages.append((channel, parts))
        if channel == "iopub":
            self._published.set()

    def flush(self) -> bool:
        return False

    def beat(self, beat: Beat) -> None:
        self.beats.append(beat)
