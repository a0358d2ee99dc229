"""How kernels known to misbehave are treated differently, each with its reason.

Keyed by the implementation that a kernel_info_reply names, or by what a kernelspec says where that is needed
before the kernel runs; the rest of the code asks, and knows no names.
"""

import os
import re
import sys
from dataclasses import dataclass
from typing import Literal

from ..protocol.objects import KernelSpec


@dataclass(frozen=True, slots=True)
class Quirks:
    interrupt_mode: Literal["signal", "message"] | None = None  # instead of what the kernelspec says
    cannot: frozenset[str] = frozenset()  # of what `supports` would list
    rest_after_error_s: float = 0.0  # how long after an error nothing is sent
    believed: bool = False  # in its supported_features, which wrappers inherit from ipykernel
    wake_after_signal: bool = False  # it sees an interrupt only when the next message comes
    wake_after_reply: bool = False  # its iopub may have fallen asleep, until control says something there


_NONE = Quirks()

_BY_IMPLEMENTATION = {
    # its event loop, asleep in a top-level `await`, sees the signal when the next message comes: tornado's
    # add_callback takes the signal handler for a callback of the loop itself; after an exception in its iopub
    # thread (of text that has no UTF-8), zmq tells that of nothing new before yet another thread sends
    "ipython": Quirks(believed=True, wake_after_signal=True, wake_after_reply=True),
    # SIGINT kills it, and it leaves interrupt_request unanswered
    "xeus-python": Quirks(interrupt_mode="message", cannot=frozenset({"interrupt"}), believed=True),
    # a signal kills it; interrupt_request works, but for code that waits for a promise
    "Deno kernel": Quirks(interrupt_mode="message"),
    # never ask for input
    "bash_kernel": Quirks(cannot=frozenset({"stdin"})),
    "Gnuplot Kernel": Quirks(cannot=frozenset({"stdin"})),
    # aborts whatever comes within 200 ms of an error; never asks for input
    "tslab": Quirks(cannot=frozenset({"stdin"}), rest_after_error_s=0.25),
}

# JeroMQ, the zmq of every kernel on the Java machine, has no unix sockets: what it calls ipc is a tcp port
_LANGUAGES_WITHOUT_IPC = frozenset({"java", "kotlin", "scala", "groovy", "clojure"})
# Deno takes ipc paths for host names, and ends; tslab puts a colon before the port, as for tcp
_COMMANDS_WITHOUT_IPC = frozenset({"deno", "java", "tslab"})

# xeus reads the address that it has bound into 32 bytes ("Invalid argument"): what follows "ipc://" has 25
_XEUS = re.compile(r"x(python|cpp|r|lua|sqlite|octave|javascript|haskell)\w*")
_LONGEST_PATH_BYTES = 103 if sys.platform == "darwin" else 107  # of a unix socket, by the size of sockaddr_un
_LONGEST_XEUS_PATH_BYTES = 31 - len("ipc://")


def quirks_of(implementation: str | None) -> Quirks:
    return _BY_IMPLEMENTATION.get(implementation or "", _NONE)


def speaks_ipc(spec: KernelSpec) -> bool:
    """Whether a kernel can listen on unix sockets."""
    command = os.path.basename(spec.argv[0]).lower().removesuffix(".exe") if spec.argv else ""
    return spec.language.lower() not in _LANGUAGES_WITHOUT_IPC and command not in _COMMANDS_WITHOUT_IPC


def longest_ipc_path(spec: KernelSpec) -> int:
    """How many bytes the path of a kernel's unix socket may have."""
    if any(_XEUS.fullmatch(os.path.basename(argument)) for argument in spec.argv[:3]):
        return _LONGEST_XEUS_PATH_BYTES
    return _LONGEST_PATH_BYTES


def supports(implementation: str | None, features: tuple[str, ...]) -> list[str]:
    """What can be asked of a kernel; `features` are those that it claims."""
    quirks = quirks_of(implementation)
    able = ["interrupt", "complete", "inspect", "is_complete", "stdin"]
    if quirks.believed:
        able += [feature for feature in features if feature not in able]
    return [feature for feature in able if feature not in quirks.cannot]
