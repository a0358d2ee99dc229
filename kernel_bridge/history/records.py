"""The journal's records apart from outputs, and their encoding as bytes: JSON and UTF-8."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from ..protocol.objects import Kernel, Run
from ..protocol.vocabulary import RunState
from ..runs.nesting import cut
from ..runs.run import Location

T = TypeVar("T")

StoredOutput = dict[str, Any]
"""An output as stored in the database or a file; the text of a stream may be Pieces."""

PIECE = 256 * 1024  # maximum characters in a chunk of text


@dataclass(frozen=True, slots=True)
class KernelRecord:
    """The kernel of a run, as it was at that time."""

    name: str  # of the kernelspec
    display_name: str
    language: str
    cwd: str | None
    language_info: dict[str, Any] | None


@dataclass(slots=True)
class RunRecord:
    """A run with everything that an export needs."""

    run: Run  # without outputs
    kernel: KernelRecord
    times: dict[str, str]  # JupyterLab's keys of metadata.execution
    outputs: Iterable[StoredOutput]  # complete, not elided


@dataclass(frozen=True, slots=True)
class Options:
    """What another bridge needs to execute or follow a run, and what the wire's Run lacks."""

    store_history: bool = True
    stop_on_error: bool = True
    allow_stdin: bool = True
    after: str | None = None  # the id of the run that it waits for, on another kernel
    message_id: str | None = None  # of its execute_request, if the run has another id
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that its bridge has left open, for the bridge that takes it over."""

    run: Run  # queued or running, with its outputs elided
    options: Options | None  # None: stored by an earlier version
    times: dict[str, str]  # JupyterLab's keys of metadata.execution
    heard: int | None  # the last kernel message in what its bridge stored of the kernel; None: not numbered
    stream_length: int | None  # characters in the last output, if that is a stream


class Pieces:
    """A text that may be too long for memory. Each iteration reads it again, in pieces."""

    def __init__(self, read: Callable[[], Iterator[str]]) -> None:
        self._read = read

    def __iter__(self) -> Iterator[str]:
        return self._read()

    def __str__(self) -> str:
        return "".join(self)


def whole(output: StoredOutput) -> StoredOutput:
    """The output with its text as one string."""
    text = output.get("text")
    return output | {"text": str(text)} if isinstance(text, Pieces) else output


@dataclass(frozen=True, slots=True)
class Ran:
    """What identifies the cell that a run belongs to."""

    key: int  # in the history; 0: it is not there
    source: str
    unit: str | None
    line: int | None  # of the code at that time
    uri: str | None  # of its text document
    cell_id: str | None
    id: str = ""
    started_at: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs are wanted: those that meet every given condition."""

    kernel_id: str | None = None
    uri: str | None = None  # of the document, or of the notebook that contains it as a cell
    text: str | None = None  # part of the source, ignoring case
    states: tuple[RunState, ...] | None = None
    since: datetime | None = None  # compared with the start time, or the queue time if it never started
    until: datetime | None = None  # exclusive
    run_ids: tuple[str, ...] | None = None


def time_text(time: datetime) -> str:
    """A time as stored in records, where it sorts as text."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def kernel_record(kernel: Kernel) -> KernelRecord:
    return KernelRecord(kernel.name, kernel.display_name, kernel.language, kernel.cwd, kernel.language_info)


def encode(value: Any) -> bytes:
    """JSON as bytes."""
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, TypeError, msgspec.MsgspecError):
        # A lone surrogate, which JSON from a kernel may contain, is written as an escape.
        return json.dumps(msgspec.to_builtins(value)).encode()
    except RecursionError:
        if not isinstance(value, dict | list):
            raise
        return encode(cut(value))


def encode_output(output: Mapping[str, Any]) -> Iterator[bytes]:
    """The result of `encode` in pieces, without copying a long text."""
    start = b"{"
    for key, value in output.items():
        yield start + encode(key) + b":"
        start = b","
        if key == "data" and isinstance(value, dict) and value:
            yield from encode_output(value)
        elif isinstance(value, str) and len(value) > PIECE:
            yield b'"'
            for at in range(0, len(value), PIECE):
                yield encode(value[at : at + PIECE])[1:-1]
            yield b'"'
        else:
            yield encode(value)
    yield b"}"


def decode(data: bytes, to: type[T]) -> T:
    """The inverse of `encode`. Raises ValueError: the row is damaged."""
    try:
        return msgspec.json.decode(data, type=to)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(data), to)


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def to_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
