"""The conversation with one kernel process: requests and their replies, and what is heard on iopub.

Decides what is of concern to runs: status messages of requests that execute nothing are kept from the
listener, and consecutive stream messages are joined. A new epoch of a kernel is a new conversation.
"""

import asyncio
import logging
from collections.abc import Callable

from ..protocol.errors import KernelDead
from ..runs.events import Aside, Event, Json, Status, Stream
from .messages import (
    LARGE,
    Codec,
    KernelInfo,
    Message,
    content_of,
    event_of,
    kernel_info,
    stream_of,
    streams_of,
)
from .numbering import Numbering
from .transport import Beat, Channel, Connect, Parts

log = logging.getLogger(__name__)

Heard = list[tuple[str | None, Event]]

NUDGE_S = (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0)  # waits for iopub between kernel_info_requests
PIECES_AT_ONCE = 8  # of a large stream message that are in memory beside it
FLOOD_MESSAGES = 64  # stream messages and nothing else, after which more of them may wait a little
FLOODED_S = 0.5
HANDS_S = 1.0  # how long stdin and the heartbeat may each take to shake hands once the kernel answers

ASIDE = frozenset({"comm_open", "comm_msg", "comm_close", "debug_event"})

EXECUTES_NOTHING = frozenset(
    f"{name}_request"
    for name in [
        "kernel_info",
        "complete",
        "inspect",
        "is_complete",
        "history",
        "comm_info",
        "connect",
        "interrupt",
        "shutdown",
        "debug",
        "create_subshell",
        "delete_subshell",
        "list_subshell",
        "usage",
    ]
)


class Channels:
    """Talks with one kernel process. `heard` gets what concerns runs, in order, a turn at a time.

    `aside` gets comm messages and debug events, each after what came before it. `turned` is called with True
    when the kernel begins to execute, with False when it has nothing to execute any more, each time after
    `heard` has got the status that says so. `beat` hears of the link to the kernel.

    Raises OSError: the transport cannot be opened.
    """

    def __init__(
        self,
        connect: Connect,
        heard: Callable[[Heard], None],
        aside: Callable[[Aside], None],
        turned: Callable[[bool], None],
        beat: Callable[[Beat], None],
    ) -> None:
        self._heard = heard
        self._aside = aside
        self._turned = turned
        self.beat = beat
        self._codec = Codec()
        self._numbering = Numbering()
        self._asked_on_control = 0  # requests without a reply
        self._waiting: dict[str, asyncio.Future[Json]] = {}  # message id of a request -> its reply's content
        self._executing: set[str] = set()  # the parents for which the kernel is busy
        self._answered: set[str] = set()  # those of them that have their reply
        self._input_request: bytes | None = None  # the header of the open one
        self._batch: Heard = []
        self._streams = 0  # messages of streams since the last one of another type
        self._flooded_at = float("-inf")  # when there were last so many, by the loop's clock
        self._text: list[str] = []  # of the stream that is being joined
        self._text_of: tuple[str | None, str] = (None, "")
        self._subshell_id: str | None = None  # of the thread that answers while the kernel executes
        self._iopub_spoke = asyncio.Event()
        self._listening = False
        self._transport = connect(self)

    @property
    def executing(self) -> bool:
        """Whether the kernel is busy with an execution, of whichever client."""
        return bool(self._executing)

    @property
    def spoke(self) -> bool:
        """Whether anything genuine was heard on iopub."""
        return self._iopub_spoke.is_set()

    def take_lost(self) -> int:
        """How many messages of the kernel were lost since this was asked last."""
        return self._numbering.take_lost(self._asked_on_control)

    @property
    def flooded(self) -> bool:
        """Whether very much output has come until just now: more is likely to be on its way."""
        return asyncio.get_running_loop().time() - self._flooded_at < FLOODED_S

    def presume_busy(self) -> None:
        """It executes something of which we have not heard the beginning."""
        self._executing.add("")

    def rested(self) -> None:
        """It has answered on shell: what it executed before is over."""
        if "" in self._executing:
            self._executing.discard("")
            if not self._executing:
                self._turned(False)

    async def meet(self) -> None:
        """Returns when the kernel's end of the link has shaken hands, which one that is stopped does not."""
        await self._transport.met.wait()

    # saying

    def send(
        self,
        channel: Channel,
        message_type: str,
        content: Json,
        *,
        subshell_id: str | None = None,
        parent: bytes = b"{}",
    ) -> str:
        """Send a message at once; gives its id. `parent`: the header of the message that it answers."""
        message_id, parts = self._codec.encode(message_type, content, subshell_id=subshell_id, parent=parent)
        self._transport.send(channel, parts)
        if channel == "control":
            self._asked_on_control += 1
            self._numbering.doubt()
        return message_id

    def execute(self, code: str, **options: bool) -> str:
        """`options` are the booleans of execute_request."""
        return self.send("shell", "execute_request", {"code": code, "user_expressions": {}, **options})

    def answer_input(self, value: str) -> None:
        """Ignored when the kernel waits for none (any more): it would take it for the answer to its next."""
        if self._input_request is not None:
            request, self._input_request = self._input_request, None
            # async-kernel wants both, which replies have by the specification; jupyter_client leaves them out
            self.send("stdin", "input_reply", {"status": "ok", "value": value}, parent=request)

    def interrupting(self) -> None:
        """What runs is about to be interrupted: what may still be typed for it is not sent."""
        self._input_request = None
        self._numbering.doubt()

    async def request(
        self,
        message_type: str,
        content: Json,
        channel: Channel,
        timeout_s: float | None,
        subshell_id: str | None = None,
    ) -> Json:
        """The content of the reply. Raises TimeoutError; KernelDead when the conversation ends first."""
        message_id = self.send(channel, message_type, content, subshell_id=subshell_id)
        future = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = future
        try:
            return await asyncio.wait_for(future, timeout_s)
        finally:
            self._waiting.pop(message_id, None)

    async def request_beside(self, message_type: str, content: Json, timeout_s: float) -> Json | None:
        """As `request`, answered by a subshell (JEP 91) while the kernel executes. None: it can have none."""
        if self._subshell_id is None:
            made = await self.request("create_subshell_request", {}, "control", timeout_s)
            if not isinstance(subshell_id := made.get("subshell_id"), str):
                return None
            self._subshell_id = subshell_id
        return await self.request(message_type, content, "shell", timeout_s, self._subshell_id)

    def end_subshell(self) -> None:
        """Delete the subshell: the kernel is left running."""
        if self._subshell_id is not None:
            self.send("control", "delete_subshell_request", {"subshell_id": self._subshell_id})

    async def shake_hands(self) -> KernelInfo:
        """Wait until the kernel answers on shell and is heard; from then on `heard` is told."""
        info = kernel_info(await self.request("kernel_info_request", {}, "shell", None))
        await self.join()
        self.listen()
        return info

    async def join(self) -> None:
        """Wait until a kernel that answers on shell is heard on iopub, may ask on stdin, and its pulse felt.

        The SUB socket joins late, and what a kernel says before goes nowhere: it is asked until iopub has
        spoken. A kernel that says no status for kernel_info_request is taken as it is in the end. One that
        is stopped before its pulse was ever felt would not be missed.
        """
        for wait_s in NUDGE_S:
            if await _happens(self._iopub_spoke, wait_s):
                break
            self.send("shell", "kernel_info_request", {})
        else:
            log.warning("the kernel answers, and nothing is heard on its iopub channel")
        await _happens(self._transport.may_ask, HANDS_S)
        await _happens(self._transport.met, HANDS_S)

    def listen(self) -> None:
        """Tell `heard` from now on."""
        self._listening = True
        self._numbering.begin()

    def mute(self) -> None:
        """Tell `heard` nothing more; requests still get their replies."""
        self._listening = False
        self._batch.clear()
        self._text.clear()

    # hearing

    def deliver(self, channel: Channel, parts: Parts) -> None:
        """A message of the kernel came (transport.Receiver)."""
        message = self._codec.decode(parts)
        if message is None:
            return
        begins = channel != "iopub" or message.message_type == "status"
        self._numbering.see(message.message_id, message.session, begins)
        try:
            if channel == "iopub":
                if not self._iopub_spoke.is_set():
                    self._iopub_spoke.set()
                    self._numbering.begin()
                if self._listening:
                    self._hear(message)
            elif channel == "stdin":
                if self._listening and message.message_type == "input_request":
                    self._input_request = message.header
                    self._add(message.parent_id, event_of(message))
            else:
                if channel == "control":
                    self._asked_on_control = max(self._asked_on_control - 1, 0)
                self._take_reply(message)
        except Exception:
            log.exception("a %s on %s was not taken", message.message_type, channel)

    def _take_reply(self, message: Message) -> None:
        waiting = self._waiting.pop(message.parent_id or "", None)
        if waiting is not None:
            if not waiting.done():
                waiting.set_result(content_of(message))
        elif message.message_type == "execute_reply" and self._listening:
            if message.parent_id is not None:
                self._answered.add(message.parent_id)
            self._add(message.parent_id, event_of(message))

    def _hear(self, message: Message) -> None:
        if message.message_type == "stream":
            self._take_text(message)
            return
        self._streams = 0
        if message.message_type == "status":
            status = event_of(message)
            if message.parent_id is not None and not self._codec.is_ours(message.parent_id):
                self._numbering.other(began=status == Status("busy"))
            if message.parent_type not in EXECUTES_NOTHING and message.parent_id is not None:
                self._take_status(message.parent_id, message.parent_type, status)
        elif message.message_type in ASIDE:
            self.turn_over()  # what the kernel said before this comes before it
            self._aside(
                Aside(
                    message.message_type,
                    message.parent_id,
                    lambda: content_of(message),
                    message.buffers,
                )
            )
        elif message.message_type != "iopub_welcome":
            self._add(message.parent_id, event_of(message))

    def _take_status(self, parent: str, parent_type: str | None, status: Event) -> None:
        self._add(parent, status)
        was_busy = bool(self._executing)
        if status == Status("busy") and parent_type in ("execute_request", None):
            self._executing -= self._answered  # their idle got lost
            self._answered.clear()
            self._executing.add(parent)
        elif status == Status("idle"):
            self._executing.discard(parent)
            self._answered.discard(parent)
            if not self._executing:
                self._input_request = None
        if bool(self._executing) != was_busy:
            self.turn_over()
            self._turned(bool(self._executing))

    def _take_text(self, message: Message) -> None:
        self._streams += 1
        parent = message.parent_id
        if len(message.content) > LARGE:
            self._join()
            for stream in streams_of(message):
                self._batch.append((parent, stream))
                if len(self._batch) > PIECES_AT_ONCE:  # what is taken can go before the rest is read
                    self.turn_over()
            return
        stream = stream_of(message)
        if self._text and self._text_of != (parent, stream.name):
            self._join()
        self._text_of = (parent, stream.name)
        self._text.append(stream.text)

    def _add(self, parent: str | None, event: Event) -> None:
        self._join()
        self._batch.append((parent, event))

    def _join(self) -> None:
        if self._text:
            parent, name = self._text_of
            self._batch.append((parent, Stream(name, "".join(self._text))))
            self._text.clear()

    def turn_over(self) -> bool:
        """Pass on what was heard; whether nothing but text comes, and much of it (transport.Receiver)."""
        self._join()
        flooded = self._streams >= FLOOD_MESSAGES
        if self._batch:
            batch, self._batch = self._batch, []
            if flooded:
                self._flooded_at = asyncio.get_running_loop().time()
            try:
                self._heard(batch)
            except Exception:
                log.exception("%d messages were not taken by the listener", len(batch))
        return flooded

    # ending

    def drain(self) -> None:
        """Hear what has arrived and was not looked at yet."""
        self._transport.drain()

    def close(self, why: str, linger_ms: int = 0) -> None:
        """End the conversation; open requests fail with KernelDead."""
        self.mute()
        self._transport.close(linger_ms)
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(KernelDead(why))


async def _happens(event: asyncio.Event, within_s: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), within_s)
    except TimeoutError:
        return False
    return True
