"""The events that a kernel reports, as a closed union (Jupyter messaging specification, version 5).

kernels/messages makes them from raw messages, for the fold and the queue. MIME bundles and metadata are JSON
objects as the kernel sent them; `transient` is already unpacked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]

END_OF_INPUT = "\x04"
"""The answer at the end of input, by jupyter_console's convention: ipykernel raises EOFError, like Python."""


@dataclass(slots=True)
class Stream:
    """Text on stdout or stderr."""

    name: str
    text: str


@dataclass(slots=True)
class DisplayData:
    data: Json
    metadata: Json
    display_id: str | None = None


@dataclass(slots=True)
class UpdateDisplayData:
    data: Json
    metadata: Json
    display_id: str | None = None


@dataclass(slots=True)
class ExecuteResult:
    data: Json
    metadata: Json
    execution_count: int | None = None
    display_id: str | None = None


@dataclass(slots=True)
class Error:
    ename: str
    evalue: str
    traceback: list[str]


def death(reason: str) -> Error:
    """The error of a run whose kernel died. Named like nbclient's; `reason` may have several lines."""
    ename = "DeadKernelError"
    first, *rest = reason.split("\n")
    return Error(ename, first, [f"{ename}: {first}", *rest])


@dataclass(slots=True)
class ClearOutput:
    wait: bool


OutputEvent = Stream | DisplayData | UpdateDisplayData | ExecuteResult | Error | ClearOutput
"""The input of the fold."""


@dataclass(slots=True)
class Status:
    """execution_state: busy, idle or starting; other values are passed on unchanged."""

    state: str


@dataclass(slots=True)
class ExecuteInput:
    code: str
    execution_count: int | None


@dataclass(slots=True)
class ExecuteReply:
    """`status` is None if the kernel sent none; "abort" is read as "aborted"."""

    status: Literal["ok", "error", "aborted"] | None
    execution_count: int | None = None
    error: Error | None = None
    next_input: str | None = None  # payload set_next_input
    next_input_replaces: bool = False  # the code that ran; else it is a new cell
    pages: list[Json] = field(default_factory=list)  # payload page: the MIME bundle of each
    ends_kernel: bool = False  # payload ask_exit: the code has called exit()


@dataclass(slots=True)
class InputRequest:
    prompt: str
    password: bool

    def typed(self, value: str) -> Stream | None:
        """The prompt and the answer, as a terminal would have echoed them; None for a password."""
        answer = "" if value == END_OF_INPUT else value
        return None if self.password else Stream("stdout", f"{self.prompt}{answer}\n")


@dataclass(slots=True)
class Other:
    """A message of unknown type, irrelevant to runs."""

    message_type: str


Event = OutputEvent | Status | ExecuteInput | ExecuteReply | InputRequest | Other
"""Everything that a kernel can report about one execution."""


@dataclass(slots=True)
class Aside:
    """A message that is not about a run: comm_open, comm_msg, comm_close, debug_event.

    `parent` is the message id of the request that caused it. `content` is parsed on access.
    """

    message_type: str
    parent: str | None
    read_content: Callable[[], Json]
    buffers: Sequence[memoryview] = ()

    @property
    def content(self) -> Json:
        return self.read_content()
