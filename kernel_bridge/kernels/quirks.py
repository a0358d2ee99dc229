"""How kernels known to misbehave are treated differently, each with its reason.

Keyed by the implementation that a kernel_info_reply names, or by what a kernelspec says where that is needed
before the kernel runs; the rest of the code asks, and knows no names.
"""

import os
from dataclasses import dataclass
from typing import Literal

from ..protocol.objects import KernelSpec


@dataclass(frozen=True, slots=True)
class Quirks:
    interrupt_mode: Literal["signal", "message"] | None = None  # instead of what the kernelspec says
    cannot: frozenset[str] = frozenset()  # of what `supports` would list


_NONE = Quirks()

_BY_IMPLEMENTATION = {
    # SIGINT kills it, and it leaves interrupt_request unanswered
    "xeus-python": Quirks(interrupt_mode="message", cannot=frozenset({"interrupt"})),
    # a signal kills it; interrupt_request works
    "Deno kernel": Quirks(interrupt_mode="message", cannot=frozenset({"stdin"})),
    # never asks for input
    "bash_kernel": Quirks(cannot=frozenset({"stdin"})),
}

# JeroMQ, the zmq of every kernel on the Java machine, has no unix sockets: what it calls ipc is a tcp port
_LANGUAGES_WITHOUT_IPC = frozenset({"java", "kotlin", "scala", "groovy", "clojure"})
# Deno takes ipc paths for host names, and ends
_COMMANDS_WITHOUT_IPC = frozenset({"deno", "java"})

_TRUE_DEBUGGERS = frozenset({"ipython", "xeus-python"})


def quirks_of(implementation: str | None) -> Quirks:
    return _BY_IMPLEMENTATION.get(implementation or "", _NONE)


def speaks_ipc(spec: KernelSpec) -> bool:
    """Whether a kernel can listen on unix sockets."""
    command = os.path.basename(spec.argv[0]).lower().removesuffix(".exe") if spec.argv else ""
    return spec.language.lower() not in _LANGUAGES_WITHOUT_IPC and command not in _COMMANDS_WITHOUT_IPC


def supports(implementation: str | None, features: tuple[str, ...]) -> list[str]:
    """What can be asked of a kernel. Wrappers inherit ipykernel's features: only known ones are believed."""
    able = ["interrupt", "complete", "inspect", "is_complete", "stdin"]
    if implementation in _TRUE_DEBUGGERS:
        able += [feature for feature in features if feature not in able]
    return [feature for feature in able if feature not in quirks_of(implementation).cannot]
