"""The notifications and requests of the server, and the client capabilities that enable them."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from .objects import Kernel, Run, Wire
from .strict import describe, without_nulls

if TYPE_CHECKING:
    from .vocabulary import Change
else:  # see Output in objects
    Change = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/$defs/Change"})]

KERNEL = "kernel-bridge/kernel"
RUN = "kernel-bridge/run"
OUTPUT = "kernel-bridge/output"
STDIN = "kernel-bridge/stdin"

VERSION = 1


class ClientCapabilities(Wire):
    """`initialize.params.capabilities.experimental.kernelBridge`. Without it, only standard LSP is sent."""

    version: int = VERSION
    output: bool = False
    stdin: bool = False
    install: bool = False
    blobs: Literal["inline", "file"] = "inline"


def read_capabilities(raw: Any) -> tuple[ClientCapabilities | None, str | None]:
    """Return the client's capabilities, or None if there are none, and a warning if they are invalid."""
    if raw is None:
        return None, None
    try:
        return msgspec.convert(without_nulls(raw, ClientCapabilities), ClientCapabilities), None
    except msgspec.ValidationError as error:
        problem = describe(error, ClientCapabilities)
        return None, f"capabilities.experimental.kernelBridge: {problem}; the whole object is ignored"


class KernelNotification(Wire):
    """kernel-bridge/kernel: a kernel changed its state, epoch or queue length."""

    kernel: Kernel


class RunNotification(Wire):
    """kernel-bridge/run: a run changed its state. Never has outputs."""

    run: Run


class OutputNotification(Wire):
    """kernel-bridge/output: the outputs of a run changed. `seq` counts 1, 2, 3, … for each run."""

    run_id: str
    kernel_id: str
    seq: int
    changes: list[Change]


class StdinRequest(Wire):
    """kernel-bridge/stdin, a request to the client."""

    run_id: str
    kernel_id: str
    prompt: str
    password: bool


class StdinAnswer(Wire):
    """The client's response to kernel-bridge/stdin. It is null if the user cancelled."""

    value: str


NOTIFICATIONS: dict[str, type[Wire]] = {
    KERNEL: KernelNotification,
    RUN: RunNotification,
    OUTPUT: OutputNotification,
}
