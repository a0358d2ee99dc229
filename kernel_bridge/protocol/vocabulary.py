"""The part of the wire that `runs` uses too: states, outputs and changes.

This module uses only the standard library, so that `runs` and `source` can import it. Typed dictionaries cost
nothing at run time: the fold's objects are encoded as they are. An output is an nbformat 4.5 output with text
as one string. Sizes are bytes of UTF-8. An index counts from 0 in the outputs of a run.
"""

from typing import Any, Literal, NotRequired, TypedDict

RunEnd = Literal["ok", "error", "aborted", "cancelled", "lost"]
RunState = Literal["queued", "running", RunEnd]
RunOrigin = Literal["bridge", "other"]
Unit = Literal["range", "line", "statement", "cell", "above", "below", "all"]

MimeBundle = dict[str, Any]
"""MIME type -> text, base64, or JSON for JSON types; a BlobFile if the client asked for files."""


class BlobFile(TypedDict):
    """A binary MIME value as a file that holds the decoded bytes."""

    uri: str
    bytes: int


class Elided(TypedDict):
    """The part of a stream output that is over the budget."""

    omitted: int  # bytes after the text already sent, tail included
    tail: str  # the newest text, at most 4 KiB
    lines: NotRequired[
        int
    ]  # newlines among the omitted bytes; absent in output that an earlier version stored


class StreamOutput(TypedDict):
    """Text on stdout or stderr."""

    output_type: Literal["stream"]
    name: str
    text: str
    elided: NotRequired[Elided]


class DisplayData(TypedDict):
    """A displayed value."""

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
    """An exception that the code raised."""

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
    """Append `text` to the stream output at `index`."""

    kind: Literal["text"]
    index: int
    text: str


class LineChange(TypedDict):
    """Replace the text after the last newline of the stream output at `index`."""

    kind: Literal["line"]
    index: int
    text: str


class ReplaceChange(TypedDict):
    """Replace the output at `index`."""

    kind: Literal["replace"]
    index: int
    output: Output


class ClearChange(TypedDict):
    """Drop all outputs of the run."""

    kind: Literal["clear"]


class ElideChange(TypedDict):
    """Mark the stream output at `index` as over the budget. Replaces its previous `elide`."""

    kind: Literal["elide"]
    index: int
    omitted: int
    tail: str
    lines: int


Change = AppendChange | TextChange | LineChange | ReplaceChange | ClearChange | ElideChange
"""One change to the outputs that a client holds. Apply changes in order."""
