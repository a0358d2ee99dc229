"""What the journal keeps beside outputs, and how it stands in the database: JSON and UTF-8 as bytes."""

import json
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from ..protocol.objects import Kernel, Run

T = TypeVar("T")


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

    run: Run  # with all its outputs, nothing elided
    kernel: KernelRecord
    times: dict[str, str]  # JupyterLab's keys of metadata.execution


def kernel_record(kernel: Kernel) -> KernelRecord:
    return KernelRecord(kernel.name, kernel.display_name, kernel.language, kernel.cwd, kernel.language_info)


def encode(value: Any) -> bytes:
    """JSON as bytes."""
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, TypeError, msgspec.MsgspecError):
        # A lone surrogate, which JSON from a kernel can hold: written as an escape.
        return json.dumps(msgspec.to_builtins(value)).encode()


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
