"""The errors that a command can answer with.

    BridgeError
      InvalidArgument            -32602
      RequestCancelled           -32800
      Untrusted
      DocumentNotOpen
      NothingToRun
      KernelError
        StartFailed
          KernelLaunchFailed
          KernelNotReady
          KernelRequired
        NoSuchKernelSpec
        NoSuchKernel
        KernelDead
        KernelUnreachable
        BadConnectionFile
        NotOurs
      HistoryError
        HistoryDisabled
        NoSuchRun
        ExportError
          ExportExists
          ExportFailed
          NothingToExport

A class at a leaf is a kind on the wire, its code -32803 where none is drawn; those above it are groups to
catch. Every message says what failed, with which value, and what to do. Where that depends on the front end,
the error has a `remedy` instead, which each front end adds to the message in words of its own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from .objects import KernelSpec

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_NOT_INITIALIZED = -32002
REQUEST_CANCELLED = -32800
REQUEST_FAILED = -32803

Specs = Annotated[list[KernelSpec], Meta(description="What can be started, the best first.")]
Stderr = Annotated[str, Meta(description="The tail of what the kernel wrote there.")]
ExitCode = Annotated[int, Meta(description="Of the kernel's process; negative: the signal.")]
Hint = Annotated[str, Meta(description="A command for a shell that mends it, where there is one.")]
Path = Annotated[str, Meta(description="The file.")]


class Remedy(StrEnum):
    """What helps against an error."""

    START_KERNEL = "startKernel"  # a new one instead
    RESTART_KERNEL = "restartKernel"  # the one that is dead, or start a new one
    CHOOSE_KERNEL = "chooseKernel"  # for the document or the run
    ATTACH_KERNEL = "attachKernel"  # to one that runs, or start one
    SHUT_DOWN_KERNEL = "shutDownKernel"  # unless it wakes
    CHOOSE_KERNEL_SPEC = "chooseKernelSpec"  # of those in `specs`, or install one
    LIST_RUNS = "listRuns"  # to find the one that is meant
    OVERWRITE = "overwrite"  # the file that is in the way


@dataclass(eq=False, repr=False)
class BridgeError(Exception):
    """Base of all errors that reach a client. A field of a subclass is a field of the wire's `data`."""

    code: ClassVar[int] = REQUEST_FAILED

    message: str
    remedy: Remedy | None = field(default=None, kw_only=True)

    def worded(self, words: Mapping[Remedy, str]) -> str:
        """The message, with the words for the remedy at the end of its first line."""
        if self.remedy is None:
            return self.message
        sentence, newline, below = self.message.partition("\n")  # below: what a kernel wrote
        return f"{sentence}; {words[self.remedy]}{newline}{below}"

    @property
    def data(self) -> dict[str, Any]:
        """The `data` of the JSON-RPC error: the kind, and the fields that have a value."""
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "message"}
        data = {camel(name): value for name, value in values.items() if value is not None}
        return {"kind": type(self).__name__, **msgspec.to_builtins(data)}


def camel(name: str) -> str:
    """The name of a field on the wire."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def kinds(group: type[BridgeError] = BridgeError) -> Iterator[type[BridgeError]]:
    """The kinds of a group: the classes at the leaves."""
    below = group.__subclasses__()
    for one in below:
        yield from kinds(one)
    if not below:
        yield group


class InvalidArgument(BridgeError):
    """An argument of a wrong type or shape; the message names the field and what was expected."""

    code = INVALID_PARAMS


class RequestCancelled(BridgeError):
    """The client cancelled the request, and what it had started has ended."""

    code = REQUEST_CANCELLED


class Untrusted(BridgeError):
    """The workspace is not trusted: nothing is started, attached or run."""


class DocumentNotOpen(BridgeError):
    """The document was not opened by the client."""


class NothingToRun(BridgeError):
    """The region holds no code."""


class KernelError(BridgeError):
    """A kernel cannot be used."""


class StartFailed(KernelError):
    """No kernel could be started."""


@dataclass(eq=False, repr=False, kw_only=True)
class KernelLaunchFailed(StartFailed):
    """The kernel's process could not be started or ended at once."""

    stderr: Stderr
    exit_code: ExitCode | None = None
    hint: Hint | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class KernelNotReady(StartFailed):
    """The kernel's process lives but did not answer within readyTimeout."""

    stderr: Stderr


@dataclass(eq=False, repr=False, kw_only=True)
class KernelRequired(StartFailed):
    """A run needs a kernel and none is there."""

    specs: Specs


@dataclass(eq=False, repr=False, kw_only=True)
class NoSuchKernelSpec(KernelError):
    """No kernelspec has that name; the message lists those there are."""

    specs: Specs


class NoSuchKernel(KernelError):
    """No kernel with that id is followed or found."""


class KernelDead(KernelError):
    """The kernel has ended; the message says why."""


class KernelUnreachable(KernelError):
    """The kernel does not answer."""


@dataclass(eq=False, repr=False, kw_only=True)
class BadConnectionFile(KernelError):
    """The connection file is missing, or says something impossible; the message names the key."""

    key: Annotated[str, Meta(description="The key of the file that is wrong.")] | None = None


class NotOurs(KernelError):
    """The kernel was started by another program, which alone can restart it."""


class HistoryError(BridgeError):
    """Runs cannot be read or exported."""


class HistoryDisabled(HistoryError):
    """The command needs the history, which is switched off or unusable."""


class NoSuchRun(HistoryError):
    """No run has that id, here or in the history."""


class ExportError(HistoryError):
    """No file was written."""


@dataclass(eq=False, repr=False, kw_only=True)
class ExportExists(ExportError):
    """The file exists and `overwrite` is not set."""

    path: Path


@dataclass(eq=False, repr=False, kw_only=True)
class ExportFailed(ExportError):
    """The notebook could not be written."""

    path: Path | None = None
    reason: Annotated[str, Meta(description="What was refused.")] | None = None


class NothingToExport(ExportError):
    """No run that ran matches."""
