"""Messages of a kernel that are held until the process that has followed it tells which ones it has had."""

import asyncio
from collections.abc import Iterator

from .messages import Codec, Message
from .numbering import Numbering, number_in
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
        self.last_beat: Beat = "alive"
        self.silent = False  # nothing was heard on iopub: what it says next may be missed
        self._statuses: list[bool] = []  # of our request: whether the giver has had it
        self._messages: list[tuple[Channel, Parts]] = []
        self._published = asyncio.Event()
        self._replies = replies
        self.transport = connect(self, identity, replies)

    async def join(self) -> str | None:
        """Wait until nothing more is missed. Return the id of the first message held that iopub delivered.

        None: iopub has been silent for JOIN_S. A kernel without iopub_welcome is asked for its kernel_info on
        control, which it answers even while it executes, with statuses on iopub.
        """
        if self._replies:
            await happens(self.transport.gets_replies, HANDS_S)
            await happens(self.transport.may_ask, HANDS_S)
        if not await happens(self._published, WELCOME_S):
            self.asked, parts = self.codec.encode("kernel_info_request", {})
            self.transport.send("control", parts)
            if not await happens(self._published, JOIN_S - WELCOME_S):
                self.silent = True
                return None
        return next((message.message_id for channel, message, _ in self.read() if channel == "iopub"), None)

    def unseen(self, seen: set[str]) -> Iterator[tuple[Channel, Parts]]:
        """The messages whose ids are not in `seen`, in order of arrival. Ids that are leave it."""
        for channel, message, parts in self.read():
            if message.message_type == "status" and message.parent_id == self.asked:
                self._statuses.append(message.message_id in seen)
            if message.message_id in seen:
                seen.discard(message.message_id)
            else:
                yield channel, parts

    def correct(self, numbering: Numbering, cut: bool) -> None:
        """Our request is no loss, after `unseen`. `cut`: nobody followed the kernel before us."""
        if any(self._statuses):  # taken for the request of another client
            numbering.disown(ended=self._statuses.count(True) > 1)
        elif cut and len(self._statuses) == 1:
            numbering.excuse(1)  # nobody has heard the other one

    def read(self) -> Iterator[tuple[Channel, Message, Parts]]:
        """The readable ones in order of arrival."""
        for channel, parts in self._messages:
            message = self.codec.decode(parts)
            if message is not None:
                yield channel, message, parts

    def numbers(self) -> Iterator[tuple[str, int]]:
        """Id and number of each message, if the kernel's are numbered."""
        for _, message, _ in self.read():
            if (number := number_in(message.message_id, message.session)) is not None:
                yield message.message_id, number

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
        self.last_beat = beat
