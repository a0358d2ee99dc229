"""The LSP Commands that code actions and lenses carry: each is `kernel-bridge.act` around one of ours."""

from typing import Any

from ...escapes import one_line

Command = dict[str, Any]


def act(title: str, command: str, argument: dict[str, Any]) -> Command:
    """`kernel-bridge.<command>` with that argument, asked for by a person."""
    asked = {"command": f"kernel-bridge.{command}", "argument": argument}
    return {"title": one_line(title), "command": "kernel-bridge.act", "arguments": [asked]}


def run_unit(uri: str, unit: str, position: dict[str, int]) -> dict[str, Any]:
    """The argument of `run` for a unit of a document."""
    return {"textDocument": {"uri": uri}, "unit": unit, "position": position}


def interrupt(uri: str) -> Command:
    """Interrupts the kernel of a document."""
    return act("Interrupt", "interruptKernel", {"textDocument": {"uri": uri}})
