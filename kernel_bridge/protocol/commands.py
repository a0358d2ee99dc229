"""The commands of `workspace/executeCommand`: one argument type and one result type each.

`COMMANDS` is the complete table. A client that shows kernels by document may send `text_document` instead of
`kernel_id`.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta

from .objects import (
    ExportFormat,
    ExportMedia,
    ExportMode,
    InterruptOutcome,
    Kernel,
    KernelPackage,
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
# Limits of the operating system: no NUL, and no `=` in the name of a variable.
Argument = Annotated[str, Meta(pattern=r"^[^\0]*$")]
VariableName = Annotated[str, Meta(pattern=r"^[^=\0]+$")]


class Nothing(Wire):
    """The empty object."""


class ListKernelSpecsParams(Wire):
    text_document: TextDocument | None = None
    position: Position | None = None  # in the code that needs a kernel


class ListKernelSpecsResult(Wire):
    specs: list[KernelSpec]
    package: KernelPackage | None = None  # brings a kernel for the document's language, which has none


class ListKernelsResult(Wire):
    kernels: list[Kernel]


class StartKernelParams(Wire):
    """Start `spec` (a kernelspec's name), `python` (an interpreter) or the best kernel for the document."""

    spec: str | None = None
    python: str | None = None
    text_document: TextDocument | None = None
    position: Position | None = None  # in the code that needs a kernel
    cwd: Argument | None = None
    env: dict[VariableName, Argument] | None = None
    extra_arguments: list[Argument] | None = None
    transport: Literal["ipc", "tcp"] | None = None
    keep_alive: bool | None = None
    ready_timeout: Seconds | None = None


class InstallKernelParams(Wire):
    """Install ipykernel into the environment of an interpreter."""

    python: str


class InstallKernelResult(Wire):
    python: str
    command: list[str]  # the last one that ran
    output: str  # of all commands


class AttachKernelParams(Wire):
    """Attach by connection file (path, name or pattern) or id. By default, to the newest running kernel."""

    connection_file: str | None = None
    kernel_id: str | None = None
    text_document: TextDocument | None = None


class BindKernelParams(Wire):
    text_document: TextDocument
    kernel_id: str | None


class RunParams(Wire):
    """Run a `unit` or `range` of `text_document`, or the given `code`."""

    unit: Unit | None = None
    text_document: TextDocument | None = None
    range: Range | None = None
    position: Position | None = None
    code: str | None = None
    cells: list[str] | None = None  # URIs of cells of the notebook `text_document`, for unit "cell"
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
    """A kernel: that id, or the one that `text_document` has for the code at `position`."""

    kernel_id: str | None = None
    text_document: TextDocument | None = None
    position: Position | None = None


class InterruptKernelResult(Wire):
    outcome: InterruptOutcome


class GetRunResult(Wire):
    run: Run
    seq: int  # of the last kernel-bridge/output notification that these outputs include


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
    """Filters. `before` is a run id: only older runs match. `text` is part of the source, ignoring case.

    `since` and `until` (exclusive) compare with the start of a run, or with `queued_at` if it never started.
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


class ResultsParams(Wire):
    """An open document. `path`: take the outputs from this notebook file instead of the runs."""

    text_document: TextDocument
    path: str | None = None


class Result(Wire):
    """The newest run of a place in a document."""

    run: Run  # with outputs
    seq: int  # of the last kernel-bridge/output notification that these outputs include
    range: Range  # of its code now
    stale: bool  # the code there is no longer what ran


class ResultsResult(Wire):
    results: list[Result]  # from top to bottom


class OpenNotebookParams(Wire):
    """The notebook file to show as text: with percent cells ("py"), or as Markdown with fences ("md")."""

    path: str
    format: Literal["py", "md"] = "py"


class OpenNotebookResult(Wire):
    text: str
    language_id: str  # of the text
    digest: str  # of the file's bytes


class ExportParams(Wire):
    """The runs to export (by kernel, document, time or id; default: the whole history) and the target.

    Mode "document" writes the cells of `text_document` instead, each with the outputs of its newest run.
    `digest` is that of the notebook to write into as the client knows it, such as the document's own.
    """

    path: str
    format: ExportFormat | None = None
    mode: ExportMode = "runs"
    media: ExportMedia = "files"
    kernel_id: str | None = None
    text_document: TextDocument | None = None
    run_ids: list[str] | None = None
    since: Time | None = None
    until: Time | None = None
    overwrite: bool = False
    digest: str | None = None


class ExportResult(Wire):
    path: str
    cells: int
    format: ExportFormat
    digest: str | None = None  # of the file's bytes, if it is the document's own notebook


class ShowOutputParams(Wire):
    """Show the output at `index` as an image or page. Without `index`, show all text of the run."""

    run_id: str
    index: Natural | None = None


class ShowOutputResult(Wire):
    uri: str  # a file, or kernel-bridge: if the client requests such documents
    shown: bool  # false: the client does not support window/showDocument, or refused


class InsertNextInputResult(Wire):
    uri: str  # of the document


class AnswerInputParams(Wire):
    """The input that a run asked for. If null, the kernel is interrupted: the user cancelled."""

    run_id: str
    value: str | None = None


class ActParams(Wire):
    """Another command and its argument, requested by the user."""

    command: str
    argument: dict[str, Any] = {}


COMMANDS: dict[str, tuple[type[Wire], type[Wire]]] = {
    "kernel-bridge.listKernelSpecs": (ListKernelSpecsParams, ListKernelSpecsResult),
    "kernel-bridge.listKernels": (Nothing, ListKernelsResult),
    "kernel-bridge.startKernel": (StartKernelParams, Kernel),
    "kernel-bridge.installKernel": (InstallKernelParams, InstallKernelResult),
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
    "kernel-bridge.results": (ResultsParams, ResultsResult),
    "kernel-bridge.openNotebook": (OpenNotebookParams, OpenNotebookResult),
    "kernel-bridge.export": (ExportParams, ExportResult),
    "kernel-bridge.showOutput": (ShowOutputParams, ShowOutputResult),
    "kernel-bridge.insertNextInput": (RunRef, InsertNextInputResult),
    "kernel-bridge.answerInput": (AnswerInputParams, Nothing),
    "kernel-bridge.act": (ActParams, Nothing),
}
"""Command -> (argument, result)."""
