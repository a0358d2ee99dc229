"""Kernels known to misbehave, and how each is handled.

Keyed by the implementation in a kernel_info_reply, or by the kernelspec if it is needed before the kernel
runs. The rest of the code asks here and knows no kernel names.
"""

import os
import re
import sys
from dataclasses import dataclass
from typing import Literal

from ..protocol.objects import KernelSpec


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a kernel differs from the Jupyter messaging specification, or from its own claims."""

    interrupt_mode: Literal["signal", "message"] | None = None  # overrides the kernelspec's
    cannot: frozenset[str] = frozenset()  # removed from what `supports` lists
    rest_after_error_s: float = 0.0  # how long nothing is sent after an error
    believed: bool = False  # whether its supported_features are true; wrappers inherit ipykernel's
    wake_after_signal: bool = False  # it notices an interrupt only when the next message arrives
    wake_after_reply: bool = False  # its iopub may stall until control sends something there
    answers_busy: bool = False  # on shell, too: an answer does not say that it is free
    hands_over: bool = False  # a new connection takes over an identity (zmq's ROUTER_HANDOVER)


_NONE = Quirks()

_BY_IMPLEMENTATION = {
    # Its event loop, asleep in a top-level `await`, notices the signal only when the next message arrives:
    # tornado's add_callback mistakes the signal handler for a callback of the loop itself. After an exception
    # in its iopub thread (caused by text that is not valid UTF-8), zmq reports nothing new there until
    # another thread sends.
    "ipython": Quirks(believed=True, wake_after_signal=True, wake_after_reply=True, hands_over=True),
    # SIGINT kills it, and it does not answer interrupt_request.
    "xeus-python": Quirks(interrupt_mode="message", cannot=frozenset({"interrupt"}), believed=True),
    # A signal kills it. interrupt_request works, except for code that awaits a promise.
    "Deno kernel": Quirks(interrupt_mode="message"),
    # It answers requests on shell while it executes.
    "async-kernel": Quirks(answers_busy=True),
    # These never ask for input.
    "bash_kernel": Quirks(cannot=frozenset({"stdin"})),
    "Gnuplot Kernel": Quirks(cannot=frozenset({"stdin"})),
    # It aborts everything that arrives within 200 ms of an error, and never asks for input.
    "tslab": Quirks(cannot=frozenset({"stdin"}), rest_after_error_s=0.25),
}

# JeroMQ, the zmq of all kernels on the Java platform, has no unix sockets: its ipc is a tcp port.
_LANGUAGES_WITHOUT_IPC = frozenset({"java", "kotlin", "scala", "groovy", "clojure"})
# Deno takes ipc paths for host names and exits; tslab puts a colon before the port, as for tcp.
_COMMANDS_WITHOUT_IPC = frozenset({"deno", "java", "tslab"})

# xeus reads the bound address into a buffer of 32 bytes ("Invalid argument"): 25 remain after "ipc://".
_XEUS = re.compile(r"x(python|cpp|r|lua|sqlite|octave|javascript|haskell)\w*")
_LONGEST_PATH_BYTES = 103 if sys.platform == "darwin" else 107  # of a unix socket, by the size of sockaddr_un
_LONGEST_XEUS_PATH_BYTES = 31 - len("ipc://")


def quirks_of(implementation: str | None) -> Quirks:
    return _BY_IMPLEMENTATION.get(implementation or "", _NONE)


def speaks_ipc(spec: KernelSpec) -> bool:
    """Whether a kernel can listen on unix sockets."""
    command = os.path.basename(spec.argv[0]).lower().removesuffix(".exe") if spec.argv else ""
    return spec.language.lower() not in _LANGUAGES_WITHOUT_IPC and command not in _COMMANDS_WITHOUT_IPC


def captures_descriptors(spec: KernelSpec) -> bool:
    """Whether the process publishes what is written to its descriptors 1 and 2 (ipykernel).

    Not if another program, such as `conda run`, starts the kernel as its child.
    """
    is_python = bool(spec.argv) and "python" in os.path.basename(spec.argv[0]).lower()
    return is_python and any(
        "ipykernel_launcher" in argument or argument == "ipykernel" for argument in spec.argv[1:4]
    )


def longest_ipc_path(spec: KernelSpec) -> int:
    """The longest path, in bytes, that a kernel's unix socket may have."""
    if any(_XEUS.fullmatch(os.path.basename(argument)) for argument in spec.argv[:3]):
        return _LONGEST_XEUS_PATH_BYTES
    return _LONGEST_PATH_BYTES


def supports(implementation: str | None, features: tuple[str, ...]) -> list[str]:
    """What can be requested of a kernel. `features` are those it claims."""
    quirks = quirks_of(implementation)
    able = ["interrupt", "complete", "inspect", "is_complete", "stdin"]
    if quirks.believed:
        able += [feature for feature in features if feature not in able]
    return [feature for feature in able if feature not in quirks.cannot]
