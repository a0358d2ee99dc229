"""The errors that a command can return.

    BridgeError
      InvalidArgument            -32602
      RequestCancelled           -32800
      Untrusted
      DocumentNotOpen
      NothingToRun
      NotInserted
      KernelError
        StartFailed
          KernelLaunchFailed
          KernelNotReady
          KernelRequired
        InstallFailed
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
          FileChanged
          NothingToExport

A leaf class is a kind on the wire, with code -32803 unless another is listed. The classes above it are groups
to catch. Every message names what failed, the value, and what to do. If the advice depends on the front end,
the error has a `remedy` instead, which each front end adds to the message in its own words.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from .objects import KernelInstall, KernelPackage, KernelSpec

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_NOT_INITIALIZED = -32002
REQUEST_CANCELLED = -32800
REQUEST_FAILED = -32803

REPORT_BUG = (
    "this is a bug in kernel-bridge; please report it: https://github.com/kernel-bridge/kernel-bridge/issues"
)

Specs = Annotated[list[KernelSpec], Meta(description="The kernels that can be started, the best first.")]
Package = Annotated[KernelPackage, Meta(description="What brings a kernel for the language, which has none.")]
Install = Annotated[
    KernelInstall, Meta(description="What makes the project's environment usable, if the user agrees.")
]
Stderr = Annotated[str, Meta(description="The tail of the kernel's stderr.")]
ExitCode = Annotated[int, Meta(description="The exit code of the kernel's process; negative: a signal.")]
Hint = Annotated[str, Meta(description="A shell command that fixes the problem, if one exists.")]
Path = Annotated[str, Meta(description="The path of the file.")]


class Remedy(StrEnum):
    """The advice for an error."""

    START_KERNEL = "startKernel"  # start a new one instead
    RESTART_KERNEL = "restartKernel"  # restart the dead one, or start a new one
    CHOOSE_KERNEL = "chooseKernel"  # for the document or the run
    ATTACH_KERNEL = "attachKernel"  # attach to a running one, or start one
    SHUT_DOWN_KERNEL = "shutDownKernel"  # if it stays unresponsive
    INSTALL_KERNEL = "installKernel"  # install ipykernel into the environment, or choose another kernel
    CHOOSE_KERNEL_SPEC = "chooseKernelSpec"  # choose from `specs`, or install a kernel
    LIST_RUNS = "listRuns"  # to find the right id
    OVERWRITE = "overwrite"  # the existing file
    WRITE_BACK = "writeBack"  # write the outputs into the document as it is now


@dataclass(eq=False, repr=False)
class BridgeError(Exception):
    """Base of all errors that reach a client. A subclass's fields are fields of `data` on the wire."""

    code: ClassVar[int] = REQUEST_FAILED

    message: str
    remedy: Remedy | None = field(default=None, kw_only=True)

    def worded(self, words: Mapping[Remedy, str]) -> str:
        """The message, with the remedy's words appended to its first line."""
        if self.remedy is None:
            return self.message
        sentence, newline, below = self.message.partition("\n")  # below: output of the kernel
        return f"{sentence}; {words[self.remedy]}{newline}{below}"

    @property
    def data(self) -> dict[str, Any]:
        """The `data` of the JSON-RPC error: the kind, and the fields that have a value."""
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "message"}
        data = {camel(name): value for name, value in values.items() if value is not None}
        return {"kind": type(self).__name__, **msgspec.to_builtins(data)}


def camel(name: str) -> str:
    """Return the name of a field on the wire."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def kinds(group: type[BridgeError] = BridgeError) -> Iterator[type[BridgeError]]:
    """Yield the kinds of a group: its leaf classes."""
    below = group.__subclasses__()
    for one in below:
        yield from kinds(one)
    if not below:
        yield group


class InvalidArgument(BridgeError):
    """An argument has a wrong type or shape. The message names the field and what was expected."""

    code = INVALID_PARAMS


class RequestCancelled(BridgeError):
    """The client cancelled the request, and everything it started has ended."""

    code = REQUEST_CANCELLED


class Untrusted(BridgeError):
    """The workspace is not trusted, so nothing is started, attached or run."""


class DocumentNotOpen(BridgeError):
    """The client has not opened the document."""


class NothingToRun(BridgeError):
    """The region holds no code."""


class NotInserted(BridgeError):
    """The kernel's proposal was not inserted: there is none, or no place for it, or the editor refused."""


class KernelError(BridgeError):
    """A kernel cannot be used."""


class StartFailed(KernelError):
    """No kernel could be started."""


@dataclass(eq=False, repr=False, kw_only=True)
class KernelLaunchFailed(StartFailed):
    """The kernel's process could not be started, or ended immediately."""

    stderr: Stderr
    exit_code: ExitCode | None = None
    hint: Hint | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class KernelNotReady(StartFailed):
    """The kernel's process did not respond within readyTimeout, and was ended."""

    stderr: Stderr


@dataclass(eq=False, repr=False, kw_only=True)
class KernelRequired(StartFailed):
    """A run needs a kernel and has none."""

    specs: Specs
    package: Package | None = None
    install: Install | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class InstallFailed(KernelError):
    """ipykernel was not installed. The message has the last lines that the installer wrote."""

    command: Annotated[list[str], Meta(description="The command that failed; empty if none was run.")]
    output: Annotated[str, Meta(description="What all commands wrote.")]
    exit_code: Annotated[int, Meta(description="Its exit code; negative: a signal.")] | None = None
    hint: Hint | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class NoSuchKernelSpec(KernelError):
    """No kernelspec has that name. The message lists the available ones."""

    specs: Specs


class NoSuchKernel(KernelError):
    """No kernel has that id, or none is bound to the document."""


class KernelDead(KernelError):
    """The kernel has ended. The message names the reason."""


class KernelUnreachable(KernelError):
    """The kernel does not respond."""


@dataclass(eq=False, repr=False, kw_only=True)
class BadConnectionFile(KernelError):
    """The connection file is missing or invalid. The message names the key."""

    key: Annotated[str, Meta(description="The missing or invalid key.")] | None = None


class NotOurs(KernelError):
    """Another program started the kernel, and only that program can restart it."""


class HistoryError(BridgeError):
    """Runs cannot be read or exported."""


class HistoryDisabled(HistoryError):
    """The command needs the history, which is disabled or unusable."""


class NoSuchRun(HistoryError):
    """No run has that id, in memory or in the history."""


class ExportError(HistoryError):
    """No file was written."""


@dataclass(eq=False, repr=False, kw_only=True)
class ExportExists(ExportError):
    """The file exists and `overwrite` is not set."""

    path: Path


@dataclass(eq=False, repr=False, kw_only=True)
class ExportFailed(ExportError):
    """The notebook could not be created or written."""

    path: Path | None = None
    reason: Annotated[str, Meta(description="Why the export failed.")] | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class FileChanged(ExportError):
    """Another program changed or removed the notebook that the export would write back."""

    path: Path


class NothingToExport(ExportError):
    """No matching run was executed."""
