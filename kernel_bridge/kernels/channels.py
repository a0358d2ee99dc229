"""The conversation with one kernel process: requests, replies, and messages on iopub and stdin.

Filters for the listener: statuses of requests that execute nothing are dropped, and consecutive stream
messages are joined. Each epoch of a kernel has its own conversation.
"""

import asyncio
import logging
from collections.abc import Callable

from ..protocol.errors import KernelDead
from ..runs.events import Aside, Event, Json, Status, Stream
from .batch import Batch, Heard
from .conversation import Conversation
from .executions import EXECUTES_NOTHING, Executions
from .held import Held
from .messages import Codec, KernelInfo, Message, content_of, event_of, kernel_info
from .numbering import Numbering
from .transport import Beat, Channel, Connect, Parts, happens

log = logging.getLogger(__name__)

NUDGE_S = (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0)  # waits for iopub between kernel_info_requests
HANDS_S = 1.0  # time for the handshakes of stdin and of the heartbeat, each, once the kernel answers
HEAR_S = 2.0  # how long a giver may lag behind its taker
REPLIES_S = 0.02  # time for replies on their way to the giver; zmq notices the taker within 1 ms

ASIDE = frozenset({"comm_open", "comm_msg", "comm_close", "debug_event"})


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
        self._aside = aside
        self._turned = turned
        self.beat = beat
        self._catch_up = catch_up
        self._codec = Codec()
        self._numbering = Numbering()
        self._asked_on_control = 0  # requests without a reply yet
        self._waiting: dict[str, asyncio.Future[Json]] = {}  # message id of a request -> content of its reply
        self._published: dict[str | None, asyncio.Event] = {}  # requests whose statuses are awaited
        self._executions = Executions()
        self._input_request: bytes | None = None  # header of the open input_request
        self._batch = Batch(heard)
        self._subshell_id: str | None = None  # of the thread that replies while the kernel executes
        self._iopub_spoke = asyncio.Event()
        self._listening = False
        self._last = ""  # id of the last message on iopub
        self._noted: list[str] | None = None  # ids of what has arrived since `note_messages`
        self._first: str | None = None  # the first one that the taker has
        self._seen: set[str] = set()  # ids that the giver has had, and that are still to arrive here
        self._awaited: tuple[str, asyncio.Event] | None = None
        self._transport = connect(self)

    @property
    def identity(self) -> bytes:
        """Where the kernel sends replies and prompts."""
        return self._transport.identity

    @property
    def session(self) -> str:
        """The session in the headers of our messages."""
        return self._codec.session

    @property
    def heard(self) -> int | None:
        """The number of the last message on iopub; None: this kernel's messages are not numbered."""
        return self._numbering.number_of(self._last)

    @property
    def executing(self) -> bool:
        """Whether the kernel is executing code, for any client."""
        return bool(self._executions.running)

    @property
    def spoke(self) -> bool:
        """Whether any message with a valid signature has arrived on iopub."""
        return self._iopub_spoke.is_set()

    @property
    def lost(self) -> int:
        """How many messages of the kernel were lost since `take_lost`."""
        return self._numbering.lost(self._asked_on_control)

    def take_lost(self) -> int:
        """How many messages of the kernel were lost since the last call."""
        return self._numbering.take_lost(self._asked_on_control)

    @property
    def flooded(self) -> bool:
        """Whether output is, or was within FLOODED_S, arriving as a flood."""
        return self._batch.flooded

    def presume_busy(self, request: str) -> None:
        """Assume that the kernel executes something whose start was missed, until it answers that request."""
        self._published.setdefault(request, asyncio.Event())
        self._executions.presume()

    def await_idle(self) -> bool:
        """Whether the kernel executes a request whose id is known: its idle will come."""
        if self._executions.known:
            self._executions.confirm_known()
        return self._executions.known

    async def confirm_idle(self, request: str) -> None:
        """The kernel has answered this request on shell, so that what it executed when it was asked is over.

        What it has published before may still be on its way.
        """
        await happens(self._published[request], HANDS_S)
        self._published.pop(request, None)
        if self._executions.confirm_idle():
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
        message_id: str | None = None,
    ) -> str:
        """Send a message at once and return its id. `parent` is the header of the message it replies to."""
        message_id, parts = self._codec.encode(
            message_type, content, subshell_id=subshell_id, parent=parent, message_id=message_id
        )
        self._transport.send(channel, parts)
        if channel == "control":
            self._asked_on_control += 1
        return message_id

    def execute(self, code: str, message_id: str, **options: bool) -> None:
        """Send an execute_request with that id. `options` are its boolean fields."""
        self._executions.sent(message_id)
        content = {"code": code, "user_expressions": {}, **options}
        self.send("shell", "execute_request", content, message_id=message_id)

    def answer_input(self, value: str) -> None:
        """Answer the open input_request, if there is one.

        Without one, the kernel would use the answer for its next prompt. During a hand-over the taker asks
        again. Follows the Jupyter messaging specification, "Messages on the stdin (ROUTER/DEALER) channel".
        """
        if self._input_request is not None and self._noted is None:
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
            if await happens(self._iopub_spoke, wait_s):
                break
            self.send("shell", "kernel_info_request", {})
        else:
            log.warning("the kernel answers, but its iopub channel is silent")
        await happens(self._transport.may_ask, HANDS_S)
        await happens(self._transport.met, HANDS_S)

    def listen(self) -> None:
        """Pass events to `heard` from now on."""
        self._listening = True
        self._numbering.begin()

    def mute(self) -> None:
        """Stop passing events to `heard`; requests still get their replies."""
        self._listening = False
        self._batch.clear()

    # receiving

    def deliver(self, channel: Channel, parts: Parts) -> None:
        """Handle a message of the kernel (transport.Receiver)."""
        message = self._codec.decode(parts)
        if message is None:
            return
        if channel == "iopub":
            if self._noted is not None:
                self._note(message.message_id)
            if self._seen and message.message_id in self._seen:
                self._seen.discard(message.message_id)
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
                    self._last = message.message_id
            elif channel == "stdin":
                if self._listening and message.message_type == "input_request":
                    self._input_request = message.header
                    self._batch.add(message.parent_id, event_of(message))
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
                self._executions.answered.add(message.parent_id)
            self._batch.add(message.parent_id, event_of(message))

    def _hear(self, message: Message) -> None:
        if message.message_type == "stream":
            if self._batch.empty:
                self._catch_up()
            self._batch.add_stream(message)
            return
        self._batch.end_flood()
        if message.message_type == "status":
            status = event_of(message)
            if status == Status("idle"):
                self._catch_up()
            if message.parent_id is not None and not self._is_ours(message.parent_id):
                self._numbering.other(began=status == Status("busy"))
            if message.parent_id in self._published:
                self._published[message.parent_id].set()
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
            self._batch.add(message.parent_id, event_of(message))
        elif message.message_type != "iopub_welcome":
            self._catch_up()
            self._batch.add(message.parent_id, event_of(message))

    def take_child_text(self, text: str) -> None:
        """Take text that a child process of the kernel wrote, as output of the newest execution."""
        newest = self._executions.newest
        if newest is not None and self._listening and text:
            self._batch.add(newest, Stream("stdout", text))
            self.flush()

    def _is_ours(self, message_id: str) -> bool:
        return message_id in self._executions.ours or self._codec.is_ours(message_id)

    def _take_status(self, parent: str, parent_type: str | None, status: Event) -> None:
        self._batch.add(parent, status)
        was_busy = self.executing
        if status == Status("busy") and parent_type in ("execute_request", None):
            self._executions.began(parent, other=not self._is_ours(parent))
        elif status == Status("idle"):
            self._executions.ended(parent)
            if not self.executing:
                self._input_request = None
        if self.executing != was_busy:
            self.flush()
            self._turned(self.executing)

    def flush(self) -> bool:
        """Pass the batch on. Return True if only stream messages arrive, in a flood (transport.Receiver)."""
        return self._batch.flush()

    # handing over (conversation.py)

    def note_messages(self) -> None:
        """A hand-over begins: note what arrives."""
        self._noted = []

    def forget_messages(self) -> None:
        """The hand-over has failed, and what has arrived need not be noted."""
        self._noted = None

    def _note(self, message_id: str) -> None:
        assert self._noted is not None
        self._noted.append(message_id)
        if self._awaited is not None and message_id == self._awaited[0]:
            self._awaited[1].set()

    async def hear_until(self, first: str | None, hands_over: bool) -> None:
        """Wait for the first message that the taker has, and for replies that were on their way here."""
        self._first = first
        if first is not None and first not in (self._noted or ()):
            self._awaited = first, asyncio.Event()
            await happens(self._awaited[1], HEAR_S)
        if hands_over:
            await asyncio.sleep(REPLIES_S)

    def part(self, info: KernelInfo | None) -> Conversation:
        """Handle what has arrived, and stop listening."""
        self._transport.empty()
        self.flush()
        self._listening = False
        seen = self._noted or []
        return Conversation(
            identity=self.identity,
            session=self.session,
            **self._executions.state(),
            input_request=self._input_request,
            info=info,
            numbering=self._numbering.state(),
            asked_on_control=self._asked_on_control,
            seen=seen[seen.index(self._first) :] if self._first in seen else seen,
        )

    def continue_(self, conversation: Conversation, held: Held) -> None:
        """Continue another process's conversation: first with what was held meanwhile."""
        self._codec = held.codec
        self._codec.continue_session(conversation.session)
        self._numbering = Numbering.continued(conversation.numbering, conversation.asked_on_control)
        self._asked_on_control = 1 if held.asked is not None else 0
        self._executions = Executions.continued(conversation)
        self._input_request = conversation.input_request
        self._listening = True
        self._iopub_spoke.set()
        self._seen = set(conversation.seen)
        for channel, parts in held.unseen(self._seen):
            self.deliver(channel, parts)
        held.correct(self._numbering, conversation.cut)
        self.flush()

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
