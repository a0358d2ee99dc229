"""The part of the wire that runs speak too: a run's states, its outputs, and the changes to them.

Standard library only, so that `runs` and `source` can import it. Typed dictionaries cost nothing at run time:
the very objects that the fold makes are encoded. An output is an nbformat 4.5 output object with text as one
string; sizes are bytes of UTF-8, and an index counts from 0 in the outputs of a run.
"""

from typing import Any, Literal, NotRequired, TypedDict

RunEnd = Literal["ok", "error", "aborted", "cancelled", "lost"]
RunState = Literal["queued", "running", RunEnd]
RunOrigin = Literal["bridge", "other"]
Unit = Literal["range", "line", "statement", "cell", "above", "below", "all"]

MimeBundle = dict[str, Any]
"""MIME type -> text, base64, or JSON for JSON types; a BlobFile where the client asked for files."""


class BlobFile(TypedDict):
    """A binary MIME value as a file that holds the decoded bytes."""

    uri: str
    bytes: int


class Elided(TypedDict):
    """What a stream output over the budget leaves out."""

    omitted: int  # bytes after the text already sent, tail included
    tail: str  # the newest text, at most 4 KiB


class StreamOutput(TypedDict):
    """Text on stdout or stderr."""

    output_type: Literal["stream"]
    name: str
    text: str
    elided: NotRequired[Elided]


class DisplayData(TypedDict):
    """What was displayed."""

    output_type: Literal["display_data"]
    data: MimeBundle
    metadata: dict[str, Any]


class ExecuteResult(TypedDict):
    """The value of the last expression."""

    output_type: Literal["execute_result"]
    data: MimeBundle
    metadata: dict[str, Any]
    execution_count: NotRequired[int | None]


class ErrorOutput(TypedDict):
    """What was raised."""

    output_type: Literal["error"]
    ename: str
    evalue: str
    traceback: list[str]


Display = DisplayData | ExecuteResult
Output = StreamOutput | DisplayData | ExecuteResult | ErrorOutput


class AppendChange(TypedDict):
    """Add `output` at the end of the list."""

    kind: Literal["append"]
    output: Output


class TextChange(TypedDict):
    """Add `text` to the stream output at `index`."""

    kind: Literal["text"]
    index: int
    text: str


class LineChange(TypedDict):
    """Replace what follows the last newline of the stream output at `index`."""

    kind: Literal["line"]
    index: int
    text: str


class ReplaceChange(TypedDict):
    """Put `output` in the place of the one at `index`."""

    kind: Literal["replace"]
    index: int
    output: Output


class ClearChange(TypedDict):
    """Drop all outputs of the run."""

    kind: Literal["clear"]


class ElideChange(TypedDict):
    """The stream output at `index` is over the budget; replaces the last `elide` of that output."""

    kind: Literal["elide"]
    index: int
    omitted: int
    tail: str


Change = AppendChange | TextChange | LineChange | ReplaceChange | ClearChange | ElideChange
"""One step from the outputs a client has to those of the run; applied in order."""
