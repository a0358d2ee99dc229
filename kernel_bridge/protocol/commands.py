"""The commands of `workspace/executeCommand`: one argument type and one result type each.

`COMMANDS` is the whole table. Where a command has `kernel_id`, a client that shows kernels by document may
send `text_document` instead.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta

from .objects import (
    ExportFormat,
    ExportMode,
    InterruptOutcome,
    Kernel,
    KernelSpec,
    Natural,
    Position,
    Range,
    Run,
    TextDocument,
    Time,
    Wire,
)
from .vocabulary import RunState, Unit

Seconds = Annotated[float, Meta(gt=0)]
# What a process can be given: no NUL, and no `=` in the name of a variable.
Argument = Annotated[str, Meta(pattern=r"^[^\0]*$")]
VariableName = Annotated[str, Meta(pattern=r"^[^=\0]+$")]


class Nothing(Wire):
    """The empty object."""


class ListKernelSpecsParams(Wire):
    text_document: TextDocument | None = None


class ListKernelSpecsResult(Wire):
    specs: list[KernelSpec]


class ListKernelsResult(Wire):
    kernels: list[Kernel]


class StartKernelParams(Wire):
    """By `spec` (a kernelspec's name), by `python` (an interpreter), or the best for `text_document`."""

    spec: str | None = None
    python: str | None = None
    text_document: TextDocument | None = None
    cwd: Argument | None = None
    env: dict[VariableName, Argument] | None = None
    extra_arguments: list[Argument] | None = None
    transport: Literal["ipc", "tcp"] | None = None
    keep_alive: bool | None = None
    ready_timeout: Seconds | None = None


class AttachKernelParams(Wire):
    """By connection file (path, name or pattern) or id; neither: the newest kernel running."""

    connection_file: str | None = None
    kernel_id: str | None = None
    text_document: TextDocument | None = None


class BindKernelParams(Wire):
    text_document: TextDocument
    kernel_id: str | None


class RunParams(Wire):
    """What to run: `unit` of `text_document`, its `range`, or `code` as it is."""

    unit: Unit | None = None
    text_document: TextDocument | None = None
    range: Range | None = None
    position: Position | None = None
    code: str | None = None
    kernel_id: str | None = None
    wait: bool = False
    store_history: bool = True
    silent: bool = False
    stop_on_error: bool = True
    allow_stdin: bool = True


class RunResult(Wire):
    runs: list[Run]


class RunRef(Wire):
    run_id: str


class CancelRunResult(Wire):
    run: Run


class KernelRef(Wire):
    kernel_id: str | None = None
    text_document: TextDocument | None = None


class InterruptKernelResult(Wire):
    outcome: InterruptOutcome


class GetRunResult(Wire):
    run: Run
    seq: int  # of the last kernel-bridge/output notification that these outputs contain


class ReadOutputParams(Wire):
    """A slice of one stream output; `start` and `length` count characters (code points)."""

    run_id: str
    index: Natural
    start: Natural
    length: Natural


class ReadOutputResult(Wire):
    text: str
    total: int  # characters


class HistoryParams(Wire):
    """Filters; `before` is a run id (older runs than it), `text` a case-insensitive part of the source.

    `since` and `until` (exclusive) are about when a run started, or was asked for if it never did.
    """

    kernel_id: str | None = None
    text_document: TextDocument | None = None
    text: str | None = None
    states: list[RunState] | None = None
    since: Time | None = None
    until: Time | None = None
    limit: Annotated[int, Meta(ge=1)] = 100
    before: str | None = None


class HistoryResult(Wire):
    runs: list[Run]


class ExportParams(Wire):
    """Which runs (of a kernel, a document, a time, or by id; none: all of the history) and where to.

    Mode "document" writes the cells of `text_document` instead, each with the outputs of its newest run.
    """

    path: str
    format: ExportFormat | None = None
    mode: ExportMode = "runs"
    kernel_id: str | None = None
    text_document: TextDocument | None = None
    run_ids: list[str] | None = None
    since: Time | None = None
    until: Time | None = None
    overwrite: bool = False


class ExportResult(Wire):
    path: str
    cells: int
    format: ExportFormat


class ShowOutputParams(Wire):
    """The output at `index` of a run, as a picture or a page; without `index` all its text."""

    run_id: str
    index: Natural | None = None


class ShowOutputResult(Wire):
    uri: str  # of what was shown: a file, or kernel-bridge: where the client asks for such documents
    shown: bool  # false: the client has no window/showDocument, or did not show it


class AnswerInputParams(Wire):
    """What a run asks for; null: the person cancelled, and the kernel is interrupted."""

    run_id: str
    value: str | None = None


class ActParams(Wire):
    """Another command and its argument, asked for by a person."""

    command: str
    argument: dict[str, Any] = {}


COMMANDS: dict[str, tuple[type[Wire], type[Wire]]] = {
    "kernel-bridge.listKernelSpecs": (ListKernelSpecsParams, ListKernelSpecsResult),
    "kernel-bridge.listKernels": (Nothing, ListKernelsResult),
    "kernel-bridge.startKernel": (StartKernelParams, Kernel),
    "kernel-bridge.attachKernel": (AttachKernelParams, Kernel),
    "kernel-bridge.bindKernel": (BindKernelParams, Nothing),
    "kernel-bridge.run": (RunParams, RunResult),
    "kernel-bridge.cancelRun": (RunRef, CancelRunResult),
    "kernel-bridge.interruptKernel": (KernelRef, InterruptKernelResult),
    "kernel-bridge.restartKernel": (KernelRef, Kernel),
    "kernel-bridge.shutdownKernel": (KernelRef, Nothing),
    "kernel-bridge.detachKernel": (KernelRef, Nothing),
    "kernel-bridge.getRun": (RunRef, GetRunResult),
    "kernel-bridge.readOutput": (ReadOutputParams, ReadOutputResult),
    "kernel-bridge.history": (HistoryParams, HistoryResult),
    "kernel-bridge.export": (ExportParams, ExportResult),
    "kernel-bridge.showOutput": (ShowOutputParams, ShowOutputResult),
    "kernel-bridge.answerInput": (AnswerInputParams, Nothing),
    "kernel-bridge.act": (ActParams, Nothing),
}
"""Command -> (argument, result)."""
