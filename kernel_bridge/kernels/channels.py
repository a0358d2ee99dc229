"""The conversation with one kernel process: requests, replies, and messages on iopub and stdin.

Filters for the listener: statuses of requests that execute nothing are dropped, and consecutive stream
messages are joined. Each epoch of a kernel has its own conversation.
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
PIECES_AT_ONCE = 8  # pieces of a large stream message that are held in memory at once
FLOOD_MESSAGES = 64  # consecutive stream messages that make a flood, which may be read less often
FLOODED_S = 0.5
HANDS_S = 1.0  # time for the handshakes of stdin and of the heartbeat, each, once the kernel answers

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
    """Talks with one kernel process. `heard` gets events of runs, in order, in batches.

    `aside` gets comm messages and debug events, in order with `heard`. `turned` is called with True when the
    kernel starts executing and with False when it becomes idle, each time after `heard` has received that
    status. `beat` is called when the link to the kernel changes. `catch_up` is called before what follows in
    time is passed on: it takes the text of child processes (`take_child_text`), which does not come from the
    kernel.

    Raises OSError: the transport cannot be opened.
    """

    def __init__(
        self,
        connect: Connect,
        heard: Callable[[Heard], None],
        aside: Callable[[Aside], None],
        turned: Callable[[bool], None],
        beat: Callable[[Beat], None],
        catch_up: Callable[[], None],
    ) -> None:
        self._heard = heard
        self._aside = aside
        self._turned = turned
        self.beat = beat
        self._catch_up = catch_up
        self._codec = Codec()
        self._numbering = Numbering()
        self._asked_on_control = 0  # requests without a reply yet
        self._waiting: dict[str, asyncio.Future[Json]] = {}  # message id of a request -> content of its reply
        self._executing: set[str] = set()  # parents that the kernel is busy with
        self._newest: str | None = None  # the newest execution, except our own requests that are no runs
        self._answered: set[str] = set()  # those of them that have been answered
        self._input_request: bytes | None = None  # header of the open input_request
        self._batch: Heard = []
        self._streams = 0  # stream messages since the last message of another type
        self._flooded_at = float("-inf")  # loop time of the last flood
        self._text: list[str] = []  # of the stream being joined
        self._text_of: tuple[str | None, str] = (None, "")
        self._subshell_id: str | None = None  # of the thread that replies while the kernel executes
        self._iopub_spoke = asyncio.Event()
        self._listening = False
        self._transport = connect(self)

    @property
    def executing(self) -> bool:
        """Whether the kernel is executing code, for any client."""
        return bool(self._executing)

    @property
    def spoke(self) -> bool:
        """Whether any message with a valid signature has arrived on iopub."""
        return self._iopub_spoke.is_set()

    def take_lost(self) -> int:
        """How many messages of the kernel were lost since the last call."""
        return self._numbering.take_lost(self._asked_on_control)

    @property
    def flooded(self) -> bool:
        """Whether output is, or was within FLOODED_S, arriving as a flood."""
        return asyncio.get_running_loop().time() - self._flooded_at < FLOODED_S

    def presume_busy(self) -> None:
        """Assume that the kernel executes something whose start was missed."""
        self._executing.add("")

    def confirm_idle(self) -> None:
        """The kernel has answered on shell, so that execution is over."""
        if "" in self._executing:
            self._executing.discard("")
            if not self._executing:
                self._turned(False)

    async def meet(self) -> None:
        """Return when the kernel's end has completed a handshake. A stopped kernel completes none."""
        await self._transport.met.wait()

    # sending

    def send(
        self,
        channel: Channel,
        message_type: str,
        content: Json,
        *,
        subshell_id: str | None = None,
        parent: bytes = b"{}",
    ) -> str:
        """Send a message at once and return its id. `parent` is the header of the message it replies to."""
        message_id, parts = self._codec.encode(message_type, content, subshell_id=subshell_id, parent=parent)
        self._transport.send(channel, parts)
        if channel == "control":
            self._asked_on_control += 1
        return message_id

    def execute(self, code: str, **options: bool) -> str:
        """Send an execute_request. `options` are its boolean fields."""
        self._newest = self.send(
            "shell", "execute_request", {"code": code, "user_expressions": {}, **options}
        )
        return self._newest

    def answer_input(self, value: str) -> None:
        """Answer the open input_request, if there is one.

        Without one, the kernel would use the answer for its next prompt. Follows the Jupyter messaging
        specification, "Messages on the stdin (ROUTER/DEALER) channel".
        """
        if self._input_request is not None:
            request, self._input_request = self._input_request, None
            # async-kernel requires both fields, as the specification does; jupyter_client omits them
            self.send("stdin", "input_reply", {"status": "ok", "value": value}, parent=request)

    def interrupting(self) -> None:
        """An interrupt is about to be sent: drop the open input_request."""
        self._input_request = None

    async def request(
        self,
        message_type: str,
        content: Json,
        channel: Channel,
        timeout_s: float | None,
        subshell_id: str | None = None,
        sent: Callable[[str], None] = lambda message_id: None,
    ) -> Json:
        """The content of the reply. Raises TimeoutError; KernelDead if the conversation ends first."""
        message_id = self.send(channel, message_type, content, subshell_id=subshell_id)
        sent(message_id)
        future = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = future
        try:
            return await asyncio.wait_for(future, timeout_s)
        finally:
            self._waiting.pop(message_id, None)

    async def request_beside(self, message_type: str, content: Json, timeout_s: float) -> Json | None:
        """Like `request`, answered by a subshell (JEP 91) while the kernel executes; None: not supported."""
        if self._subshell_id is None:
            made = await self.request("create_subshell_request", {}, "control", timeout_s)
            if not isinstance(subshell_id := made.get("subshell_id"), str):
                return None
            self._subshell_id = subshell_id
        return await self.request(message_type, content, "shell", timeout_s, self._subshell_id)

    def end_subshell(self) -> None:
        """Delete the subshell, since the kernel keeps running."""
        if self._subshell_id is not None:
            self.send("control", "delete_subshell_request", {"subshell_id": self._subshell_id})

    async def shake_hands(self) -> KernelInfo:
        """Wait until the kernel answers on shell and is heard on iopub; then start listening."""
        info = kernel_info(await self.request("kernel_info_request", {}, "shell", None))
        await self.join()
        self.listen()
        return info

    async def join(self) -> None:
        """Wait until iopub, stdin and the heartbeat of a kernel that answers on shell are connected.

        The SUB socket joins late and misses what the kernel sends before that, so the kernel is asked until
        iopub delivers something. A kernel that sends no status for kernel_info_request is accepted after the
        last attempt. The heartbeat must connect, or a kernel that is stopped right away would never be
        noticed.
        """
        for wait_s in NUDGE_S:
            if await _happens(self._iopub_spoke, wait_s):
                break
            self.send("shell", "kernel_info_request", {})
        else:
            log.warning("the kernel answers, but its iopub channel is silent")
        await _happens(self._transport.may_ask, HANDS_S)
        await _happens(self._transport.met, HANDS_S)

    def listen(self) -> None:
        """Pass events to `heard` from now on."""
        self._listening = True
        self._numbering.begin()

    def mute(self) -> None:
        """Stop passing events to `heard`; requests still get their replies."""
        self._listening = False
        self._batch.clear()
        self._text.clear()

    # receiving

    def deliver(self, channel: Channel, parts: Parts) -> None:
        """Handle a message of the kernel (transport.Receiver)."""
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
            log.exception("handling a %s on %s failed", message.message_type, channel)

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
            if not self._text and not self._batch:
                self._catch_up()
            self._take_text(message)
            return
        self._streams = 0
        if message.message_type == "status":
            status = event_of(message)
            if status == Status("idle"):
                self._catch_up()
            if message.parent_id is not None and not self._codec.is_ours(message.parent_id):
                self._numbering.other(began=status == Status("busy"))
            if message.parent_type not in EXECUTES_NOTHING and message.parent_id is not None:
                self._take_status(message.parent_id, message.parent_type, status)
        elif message.message_type in ASIDE:
            self.flush()  # in order: everything the kernel sent before this message
            self._aside(
                Aside(
                    message.message_type,
                    message.parent_id,
                    lambda: content_of(message),
                    message.buffers,
                )
            )
        elif message.message_type == "execute_input":
            self._add(message.parent_id, event_of(message))
        elif message.message_type != "iopub_welcome":
            self._catch_up()
            self._add(message.parent_id, event_of(message))

    def take_child_text(self, text: str) -> None:
        """Take text that a child process of the kernel wrote, as output of the newest execution."""
        if self._newest is not None and self._listening and text:
            self._add(self._newest, Stream("stdout", text))
            self.flush()

    def _take_status(self, parent: str, parent_type: str | None, status: Event) -> None:
        self._add(parent, status)
        was_busy = bool(self._executing)
        if status == Status("busy") and parent_type in ("execute_request", None):
            self._executing -= self._answered  # whose idle was lost
            self._answered.clear()
            self._executing.add(parent)
            if not self._codec.is_ours(parent):
                self._newest = parent
        elif status == Status("idle"):
            self._executing.discard(parent)
            self._answered.discard(parent)
            if not self._executing:
                self._input_request = None
        if bool(self._executing) != was_busy:
            self.flush()
            self._turned(bool(self._executing))

    def _take_text(self, message: Message) -> None:
        self._streams += 1
        parent = message.parent_id
        if len(message.content) > LARGE:
            self._join()
            for stream in streams_of(message):
                self._batch.append((parent, stream))
                if len(self._batch) > PIECES_AT_ONCE:  # release these pieces before reading on
                    self.flush()
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

    def flush(self) -> bool:
        """Pass the batch on. Return True if only stream messages arrive, in a flood (transport.Receiver)."""
        self._join()
        flooded = self._streams >= FLOOD_MESSAGES
        if self._batch:
            batch, self._batch = self._batch, []
            if flooded:
                self._flooded_at = asyncio.get_running_loop().time()
            try:
                self._heard(batch)
            except Exception:
                log.exception("the listener failed on %d messages", len(batch))
        return flooded

    # ending

    def drain(self) -> None:
        """Process messages that have arrived but were not read yet."""
        self._transport.drain()

    def close(self, why: str, linger_ms: int = 0) -> None:
        """End the conversation. Open requests fail with KernelDead."""
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
