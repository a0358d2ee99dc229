"""The objects of the wire contract: kernelspecs, kernels and runs. Outputs and changes are in `vocabulary`.

Field names are snake_case here and camelCase on the wire. Fields that are None are omitted there.
Times are ISO 8601 UTC with a `Z`; sizes are bytes.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct

from .vocabulary import RunOrigin, RunState, Unit

if TYPE_CHECKING:
    from .vocabulary import Output
else:  # msgspec does not support a union of typed dictionaries; the schema refers to it by name
    Output = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/$defs/Output"})]

Natural = Annotated[int, Meta(ge=0)]
Time = Annotated[datetime, Meta(tz=True)]
"""A time from a client: ISO 8601 with a zone."""


class Wire(Struct, rename="camel", omit_defaults=True, kw_only=True):
    """Base of every wire type: camelCase names, None omitted, unknown fields ignored."""


class Position(Wire):
    """LSP position; `character` counts in the negotiated position encoding."""

    line: Natural
    character: Natural


class Range(Wire):
    """LSP range, end exclusive."""

    start: Position
    end: Position


class TextDocument(Wire):
    """The document that a command refers to."""

    uri: str
    version: int | None = None


KernelState = Literal["starting", "idle", "busy", "restarting", "dead", "unreachable"]
KernelOrigin = Literal["started", "attached", "found"]
Transport = Literal["ipc", "tcp", "websocket"]
ExportFormat = Literal["ipynb", "py", "md", "html"]
ExportMode = Literal["runs", "document"]
ExportMedia = Literal["files", "inline"]
InterruptOutcome = Literal["interrupted", "ignored", "died"]


class KernelInstall(Wire):
    """What makes an environment usable: ipykernel, installed by the tool that manages the environment."""

    python: str  # the interpreter
    command: str  # for a shell


class KernelSpec(Wire):
    """A kernel that can be started: an installed kernelspec, or an interpreter that has none."""

    name: str
    display_name: str
    language: str
    argv: list[str]
    interrupt_mode: Literal["signal", "message"]
    source: Literal["kernelspec", "environment"]
    usable: bool
    resource_dir: str | None = None
    metadata: dict[str, Any] | None = None
    python: str | None = None  # the interpreter, for source "environment"
    problem: str | None = None  # why it is not usable, and the command that fixes it
    install: KernelInstall | None = None  # what installKernel would do to make it usable
    reason: str | None = None  # why it is ranked here
    fits: bool | None = None  # it runs the language of the document that was asked about


class KernelPackage(Wire):
    """A project that brings a kernel for a language."""

    name: str
    command: str  # for a shell; the language itself is installed already


class Owner(Wire):
    """The program that uses a kernel through a kernel-bridge: an editor or a terminal."""

    name: str
    pid: int


class Kernel(Wire):
    """A kernel that the bridge follows or has found running."""

    id: str  # the Jupyter kernel id; the same across restarts
    epoch: int  # 1 at start, +1 at every restart
    name: str
    display_name: str
    language: str
    state: KernelState
    origin: KernelOrigin
    keep_alive: bool
    transport: Transport
    queued: int
    cwd: str | None = None
    reason: str | None = (
        None  # why it is dead or unreachable, with the tail of its stderr; or what it waits for
    )
    connection_file: str | None = None
    server: str | None = None
    pid: int | None = None
    protocol_version: str | None = None
    implementation: str | None = None
    implementation_version: str | None = None
    language_info: dict[str, Any] | None = None
    supports: list[str] | None = None
    documents: list[str] | None = None  # URIs of its documents; of a found kernel, those of its last bridge
    started_at: str | None = None  # of its process; of another program's kernel, of its connection file
    owner: Owner | None = None  # whose kernel-bridge started it or took it back, while that bridge follows it
    recorded: bool | None = None  # the recorder follows it


class RunError(Wire):
    """The exception that a run raised."""

    ename: str
    evalue: str
    traceback: list[str]
    line: int | None = None  # 0-based, in textDocument
    hint: str | None = None  # what to do about it, for errors with a certain remedy


class Summary(Wire):
    """A run in one line, for display."""

    text: str  # its value, its error or why it did not run; empty until it ends
    state: str  # "running", "ok", "interrupted", …
    duration: str | None = None  # of an ended run: "12 ms", "3.4 s", "2 min 5 s", "1 h 2 min"


class Run(Wire):
    """One execution of a piece of source on a kernel."""

    id: str  # the message id of its execute_request: the same wherever the kernel is followed
    kernel_id: str
    epoch: int
    source: str
    origin: RunOrigin
    state: RunState
    queued_at: str
    summary: Summary | None = None
    text_document: TextDocument | None = None
    range: Range | None = None
    unit: Unit | None = None  # the requested unit
    notebook_document: TextDocument | None = None  # if text_document is a cell of it
    cell_id: str | None = None  # the id of that cell in the notebook file
    execution_count: int | None = None
    started_at: str | None = None
    ended_at: str | None = None
    error: RunError | None = None
    reason: str | None = None
    next_input: str | None = None  # the kernel's proposal; never applied unasked
    next_input_replaces: bool | None = None  # true: it replaces the code that ran (%load)
    interrupted: bool | None = None  # an interrupt that a client asked for was sent while it ran
    degraded: bool | None = None
    lost_messages: int | None = None  # that never arrived, counted by gaps in their ids
    missing_bytes: int | None = None  # approximate output that the history could not keep
    detached: bool | None = None  # lost because the bridge left its kernel; open again once that is attached
    outputs: list[Output] | None = None  # only in results that include outputs
