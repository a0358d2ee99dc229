"""One run: its fields, its states and its end (protocol.md, "Objects").

Times are passed in by the caller; nothing here reads a clock.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..protocol.vocabulary import RunOrigin, RunState, Unit

if TYPE_CHECKING:  # imported long before there is a run
    from .events import Error, ExecuteReply
    from .fold import Outputs
    from .live import LiveOutputs


ENDED_BY_CODE = "ended by the code"
"""Why a kernel is dead, and what was queued cancelled, after a run that called exit()."""
DETACHED = "the kernel was detached"
"""Why a run is lost, and what was queued cancelled, on a kernel that was left running."""


@dataclass(frozen=True, slots=True)
class Location:
    """The origin of a run's source: a document, its version, and a range in LSP positions."""

    uri: str
    version: int | None = None
    range: tuple[tuple[int, int], tuple[int, int]] | None = None
    span: tuple[int, int] | None = None  # the range as indices into the text of an open document
    lines: str = ""  # the whole lines that the span touches, as they were
    unit: Unit | None = None  # the unit of the document
    notebook: tuple[str, int | None] | None = None  # URI and version, if the document is a cell of a notebook
    cell_id: str | None = None  # of that cell, in the notebook's file


@dataclass(slots=True, eq=False)
class Run:
    """One execution of a source on a kernel: queued, running, then one of five end states. It ends once."""

    id: str
    kernel_id: str
    epoch: int
    source: str
    queued_at: str
    outputs: "Outputs"
    live: "LiveOutputs"
    location: Location | None = None
    origin: RunOrigin = "bridge"
    silent: bool = False
    kept: bool = False  # stored in the history
    store_history: bool = True
    stop_on_error: bool = True
    allow_stdin: bool = True
    after: "Run | None" = None  # the one before it, if their submission is on several kernels
    bypassed: bool = False  # cancelled by itself: what is after it waits for the run before it

    state: RunState = "queued"
    message_id: str | None = None  # of its execute_request
    execution_count: int | None = None
    started_at: str | None = None
    ended_at: str | None = None
    error: "Error | None" = None
    error_line: int | None = None  # 0-based, in the document
    hint: str | None = None  # what to do about the error
    reason: str | None = None
    next_input: str | None = None
    next_input_replaces: bool = False
    degraded: bool = False
    interrupted: bool = False  # an interrupt that a client asked for was sent while it ran
    lost_messages: int = 0
    missing_bytes: int = 0  # of its output, lost by the history
    busy: bool = False  # the kernel has started it
    answers: bool = True  # its execute_reply can arrive; not if another process sent its request
    reply: "ExecuteReply | None" = None
    idle: bool = False
    times: dict[str, str] = field(default_factory=dict)  # keyed as in JupyterLab's metadata.execution

    @property
    def ended(self) -> bool:
        return self.state not in ("queued", "running")

    @property
    def complete(self) -> bool:
        """Whether everything that ends a run has arrived: idle and, for our own runs, the reply."""
        return self.idle and (self.reply is not None or self.origin == "other" or not self.answers)

    @property
    def detached(self) -> bool:
        """Whether it was lost because its kernel was detached. The code may still run there."""
        return self.state == "lost" and self.reason == DETACHED

    @property
    def size_bytes(self) -> int:
        """The rough size in memory."""
        return len(self.source) + self.outputs.size_bytes + self.live.size_bytes

    @property
    def ends_kernel(self) -> bool:
        """Whether its reply says that the code has ended the kernel."""
        return self.reply is not None and self.reply.ends_kernel

    def start(self, message_id: str | None, now: str) -> None:
        self.state = "running"
        self.message_id = message_id
        self.started_at = now

    def end(self, state: RunState, now: str, reason: str | None = None) -> None:
        self.state = state
        self.ended_at = now
        self.reason = reason

    def take_reply(self, reply: "ExecuteReply", now: str) -> None:
        """Take the execute_reply. Some kernels raise without an iopub error (calysto_scheme)."""
        self.reply = reply
        self.times.setdefault("shell.execute_reply", now)
        if reply.execution_count is not None:
            self.execution_count = reply.execution_count
        if self.error is None:
            self.error = reply.error
        self.next_input = reply.next_input
        self.next_input_replaces = reply.next_input_replaces

    def outcome(self) -> RunState:
        """The end state that the kernel's reply implies.

        Without a status in the reply (jjava omits it), or without a reply, a published error decides.
        """
        if self.reply is not None and self.reply.status is not None:
            return self.reply.status
        return "error" if self.error is not None else "ok"
