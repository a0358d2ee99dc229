"""Commands of code actions and code lenses. They report their outcome to the user."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from ...escapes import one_line
from ...protocol.commands import ActParams, ExportResult, InterruptKernelResult, RunResult
from ...protocol.errors import InvalidArgument
from ...protocol.objects import Kernel
from ..answering import Answer, answer_early, described
from ..peer import ERROR
from ..registry import server
from ..remedies import ACTIONS
from .context import Context
from .showing import show

PATIENCE_S = 5.0
"""How long a command may delay its answer. Emacs blocks until the answer arrives, and gives up after 10 s."""

TAKEN_S = 0.2
"""The pause after an answer. lsp-mode up to 9.0 loses messages that it reads together with the awaited
answer, and jsonrpc.el of Emacs 28 leaves them unprocessed until more arrive (both exit their reader with a
`throw`). Emacs may delay a read by 70 ms to batch input (process-adaptive-read-buffering)."""

Command = dict[str, Any]  # an LSP Command


def act(title: str, command: str, argument: dict[str, Any]) -> Command:
    """A command that runs `kernel-bridge.<command>` with that argument on behalf of the user."""
    asked = {"command": f"kernel-bridge.{command}", "argument": argument}
    return {"title": one_line(title), "command": "kernel-bridge.act", "arguments": [asked]}


def run_unit(uri: str, unit: str, position: dict[str, int]) -> dict[str, Any]:
    """The argument of `run` for one unit of a document."""
    return {"textDocument": {"uri": uri}, "unit": unit, "position": position}


def interrupt(uri: str) -> Command:
    """A command that interrupts the kernel of a document."""
    return act("Interrupt", "interruptKernel", {"textDocument": {"uri": uri}})


@server.command("kernel-bridge.act")
def perform(context: Context, params: ActParams) -> Any:
    """Run another command, and report its outcome to the user (protocol.md, "act")."""
    try:
        if params.command == "kernel-bridge.act":
            raise InvalidArgument("kernel-bridge.act: field command: must be another command")
        result = context.execute(params.command, params.argument)
    except Exception as error:
        return _reported(context, error, TAKEN_S)
    return _finish(context, result) if asyncio.iscoroutine(result) else _reported(context, result, TAKEN_S)


async def _finish(context: Context, coroutine: Coroutine[Any, Any, Any]) -> Answer:
    pause_s = TAKEN_S

    def answer() -> None:
        nonlocal pause_s
        answer_early(None)
        context.peer.pause(TAKEN_S)
        pause_s = 0

    waiting = None
    if not context.client.shows_runs:
        waiting = asyncio.get_running_loop().call_later(PATIENCE_S, answer)
    try:
        outcome = await coroutine
    except Exception as error:
        outcome = error
    finally:
        if waiting is not None:
            waiting.cancel()
    return _reported(context, outcome, pause_s)


def _reported(context: Context, outcome: Any, pause_s: float) -> Answer:
    """The answer with this result or error. The user sees the outcome once the answer is written."""
    follows = outcome.then if isinstance(outcome, Answer) else None
    result = outcome.result if isinstance(outcome, Answer) else outcome

    def then() -> None:
        if pause_s and not context.client.shows_runs:
            context.peer.pause(pause_s)
        _report(context, result)
        if follows is not None:
            follows()

    return Answer(then, error=result) if isinstance(result, Exception) else Answer(then, result)


def _report(context: Context, result: Any) -> None:
    if isinstance(result, Exception):
        context.peer.show(ERROR, described(result, ACTIONS)[1])
    elif isinstance(result, RunResult):
        context.messages.asked_for(result.runs)
    elif isinstance(result, ExportResult):
        uri = Path(result.path).as_uri()
        showing = show(context, uri, external=result.format == "html")
        context.peer.spawn(showing, f"show {result.path}")
    elif isinstance(result, InterruptKernelResult):
        context.messages.interrupted(result.outcome)
    elif isinstance(result, Kernel):
        context.messages.ready(result)
