"""The objects of the wire contract: kernelspecs, kernels, runs, outputs and their changes.

Field names are snake_case here and camelCase on the wire. Fields that are None are left out there.
Times are ISO 8601 UTC with a `Z`; sizes are bytes.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Natural = Annotated[int, Meta(ge=0)]
Time = Annotated[datetime, Meta(tz=True)]
"""A time that a client sends: ISO 8601 with a zone."""


class Wire(Struct, rename="camel", omit_defaults=True, kw_only=True):
    """Base of every wire type: camelCase names, None left out, unknown fields ignored."""


class Position(Wire):
    """LSP position; `character` counts in the negotiated position encoding."""

    line: Natural
    character: Natural


class Range(Wire):
    """LSP range, end exclusive."""

    start: Position
    end: Position


class TextDocument(Wire):
    """The document that a command speaks of."""

    uri: str
    version: int | None = None


KernelState = Literal["starting", "idle", "busy", "restarting", "dead", "unreachable"]
KernelOrigin = Literal["started", "attached", "found"]
Transport = Literal["ipc", "tcp", "websocket"]
RunState = Literal["queued", "running", "ok", "error", "aborted", "cancelled", "lost"]
Unit = Literal["range", "line", "statement", "cell", "above", "below", "all"]
ExportFormat = Literal["ipynb", "py", "md", "html"]
ExportMode = Literal["runs", "document"]
InterruptOutcome = Literal["interrupted", "ignored", "died"]


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
    problem: str | None = None  # why it is not usable, and the command that mends it
    reason: str | None = None  # why it stands where it stands in the list


class Kernel(Wire):
    """A kernel that the bridge follows, or has found running."""

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
    reason: str | None = None  # why it is dead or unreachable, with the tail of its stderr
    connection_file: str | None = None
    server: str | None = None
    pid: int | None = None
    protocol_version: str | None = None
    implementation: str | None = None
    implementation_version: str | None = None
    language_info: dict[str, Any] | None = None
    supports: list[str] | None = None
    documents: list[str] | None = None  # of a found kernel: the uris that the last bridge had bound to it


class RunError(Wire):
    """What a run raised."""

    ename: str
    evalue: str
    traceback: list[str]
    line: int | None = None  # 0-based, in textDocument


class Elided(Wire):
    """What a stream output over the budget leaves out."""

    omitted: int  # bytes after the text already sent, tail included
    tail: str  # the newest text, at most 4 KiB


class Summary(Wire):
    """A run in a few words, for a person."""

    text: str  # on one line: its value, what it raised, why it did not run; empty before it has ended
    state: str  # what it does or how it ended: "running", "ok", "interrupted", …
    duration: str | None = None  # of an ended run: "12 ms", "3.4 s", "2 min 5 s", "1 h 2 min"


Output = dict[str, Any]
"""An nbformat 4.5 output object with text as one string; a stream over the budget has `elided`."""


class Run(Wire):
    """One execution of a piece of source on a kernel."""

    id: str
    kernel_id: str
    epoch: int
    source: str
    origin: Literal["bridge", "other"]
    state: RunState
    queued_at: str
    summary: Summary | None = None
    text_document: TextDocument | None = None
    range: Range | None = None
    unit: Unit | None = None  # what of the document it was
    notebook_document: TextDocument | None = None  # whose cell it was
    cell_id: str | None = None  # of that cell, in its notebook's file
    execution_count: int | None = None
    started_at: str | None = None
    ended_at: str | None = None
    error: RunError | None = None
    reason: str | None = None
    next_input: str | None = None
    degraded: bool | None = None
    lost_messages: int | None = None  # how many messages the kernel dropped, by gaps in its message ids
    missing_bytes: int | None = None  # about how much of its output the history could not keep
    outputs: list[Output] | None = None  # only where asked for


class AppendChange(Wire, tag_field="kind", tag="append"):
    """Add `output` at the end of the list."""

    output: Output


class TextChange(Wire, tag_field="kind", tag="text"):
    """Add `text` to the stream output at `index`."""

    index: int
    text: str


class LineChange(Wire, tag_field="kind", tag="line"):
    """Replace what follows the last newline of the stream output at `index`."""

    index: int
    text: str


class ReplaceChange(Wire, tag_field="kind", tag="replace"):
    """Put `output` in the place of the one at `index`."""

    index: int
    output: Output


class ClearChange(Wire, tag_field="kind", tag="clear"):
    """Drop all outputs of the run."""


class ElideChange(Wire, tag_field="kind", tag="elide"):
    """The stream output at `index` is over the budget; replaces the last `elide` of that output."""

    index: int
    omitted: int
    tail: str


Change = AppendChange | TextChange | LineChange | ReplaceChange | ClearChange | ElideChange
"""One step from the outputs a client has to the outputs the run has; applied in order."""
