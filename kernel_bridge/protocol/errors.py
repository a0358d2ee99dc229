"""The errors that a command can answer with (one tree).

Every message says what failed, with which value, and what to do. `data` is the error's JSON beside its kind.
"""

from typing import Any

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_NOT_INITIALIZED = -32002
REQUEST_CANCELLED = -32800
REQUEST_FAILED = -32803


class BridgeError(Exception):
    """Base of all errors that reach a client; the class name is the wire's `kind`."""

    code = REQUEST_FAILED

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data = data

    @property
    def kind(self) -> str:
        return type(self).__name__

    def to_wire(self) -> dict[str, Any]:
        """The JSON-RPC error object: `{code, message, data: {kind, …}}`."""
        return {"code": self.code, "message": self.message, "data": {"kind": self.kind, **self.data}}


class InvalidArgument(BridgeError):
    """An argument of a wrong type or shape; the message names the field and what was expected."""

    code = INVALID_PARAMS


class RequestCancelled(BridgeError):
    """The client cancelled the request, and what it had started has ended."""

    code = REQUEST_CANCELLED


class NoSuchKernelSpec(BridgeError):
    """No kernelspec has that name; the message lists those there are."""


class KernelLaunchFailed(BridgeError):
    """The kernel's process could not be started or ended at once. Data: exitCode?, stderr, hint?."""


class KernelNotReady(BridgeError):
    """The kernel's process lives but did not answer within readyTimeout."""


class NoSuchKernel(BridgeError):
    """No kernel with that id is followed or found."""


class KernelDead(BridgeError):
    """The kernel has ended; the message says why."""


class KernelUnreachable(BridgeError):
    """The kernel does not answer."""


class BadConnectionFile(BridgeError):
    """The connection file is missing, or says something impossible; the message names the key."""


class KernelRequired(BridgeError):
    """A run needs a kernel and none is there. Data: specs."""


class NothingToRun(BridgeError):
    """The region holds no code."""


class DocumentNotOpen(BridgeError):
    """The document was not opened by the client."""


class NoSuchRun(BridgeError):
    """No run has that id, here or in the history."""


class ExportExists(BridgeError):
    """The file exists and `overwrite` is not set."""


class ExportFailed(BridgeError):
    """The notebook could not be written."""


class NothingToExport(BridgeError):
    """No run that ran matches."""


class HistoryDisabled(BridgeError):
    """The command needs the history, which is switched off or unusable."""


class NotOurs(BridgeError):
    """The kernel was started by another program, which alone can restart it."""


class Untrusted(BridgeError):
    """The workspace is not trusted: nothing is started, attached or run."""
