"""What the journal keeps beside outputs, and how it stands in the database: JSON and UTF-8 as bytes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from ..protocol.objects import Kernel, Run
from ..protocol.vocabulary import RunState
from ..runs.nesting import cut

T = TypeVar("T")

StoredOutput = dict[str, Any]
"""An output as the database or a file has it; the text of a stream may be Pieces."""

PIECE = 256 * 1024  # characters of a chunk of text at most


@dataclass(frozen=True, slots=True)
class KernelRecord:
    """What the kernel of a run was when it ran."""

    name: str  # of the kernelspec
    display_name: str
    language: str
    cwd: str | None
    language_info: dict[str, Any] | None


@dataclass(slots=True)
class RunRecord:
    """A run with all that an export needs."""

    run: Run  # without outputs
    kernel: KernelRecord
    times: dict[str, str]  # JupyterLab's keys of metadata.execution
    outputs: Iterable[StoredOutput]  # all, nothing elided


class Pieces:
    """A text that may be too long to be held: iterating gives it in pieces, read anew each time."""

    def __init__(self, read: Callable[[], Iterator[str]]) -> None:
        self._read = read

    def __iter__(self) -> Iterator[str]:
        return self._read()

    def __str__(self) -> str:
        return "".join(self)


def whole(output: StoredOutput) -> StoredOutput:
    """The same output with its text in one string."""
    text = output.get("text")
    return output | {"text": str(text)} if isinstance(text, Pieces) else output


@dataclass(frozen=True, slots=True)
class Ran:
    """What tells which cell a run was of."""

    key: int
    source: str
    unit: str | None
    line: int | None  # where it stood then
    uri: str | None  # of its text document
    cell_id: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs are asked for: those for which everything that is given holds."""

    kernel_id: str | None = None
    uri: str | None = None  # of the document, or of the notebook that the document was a cell of
    text: str | None = None  # a part of the source, case-insensitive
    states: tuple[RunState, ...] | None = None
    since: datetime | None = None  # when it started, else when it was asked for
    until: datetime | None = None  # exclusive
    run_ids: tuple[str, ...] | None = None


def time_text(time: datetime) -> str:
    """A time as it stands in records, which so compare as text."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def kernel_record(kernel: Kernel) -> KernelRecord:
    return KernelRecord(kernel.name, kernel.display_name, kernel.language, kernel.cwd, kernel.language_info)


def encode(value: Any) -> bytes:
    """JSON as bytes."""
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, TypeError, msgspec.MsgspecError):
        # A lone surrogate, which JSON from a kernel can hold: written as an escape.
        return json.dumps(msgspec.to_builtins(value)).encode()
    except RecursionError:
        if not isinstance(value, dict | list):
            raise
        return encode(cut(value))


def encode_output(output: Mapping[str, Any]) -> Iterator[bytes]:
    """What `encode` gives, in pieces: no copy is made of a long text."""
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
    """What `encode` made; raises ValueError where the row is damaged."""
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
