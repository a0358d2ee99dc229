"""How kernels known to misbehave are treated differently, each with its reason.

Keyed by the implementation that a kernel_info_reply names; the rest of the code asks, and knows no names.
"""

from dataclasses import dataclass
from typing import Literal


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
    # has no stdin, and inherits from ipykernel the claim of subshells and a debugger
    "bash": Quirks(cannot=frozenset({"stdin", "debugger", "kernel subshells"})),
}

_TRUE_DEBUGGERS = frozenset({"ipython", "xeus-python"})


def quirks_of(implementation: str | None) -> Quirks:
    return _BY_IMPLEMENTATION.get(implementation or "", _NONE)


def supports(implementation: str | None, features: tuple[str, ...]) -> list[str]:
    """What can be asked of a kernel. Wrappers inherit ipykernel's features: only known ones are believed."""
    able = ["interrupt", "complete", "inspect", "is_complete", "stdin"]
    if implementation in _TRUE_DEBUGGERS:
        able += [feature for feature in features if feature not in able]
    return [feature for feature in able if feature not in quirks_of(implementation).cannot]
