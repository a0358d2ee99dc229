"""Actions of users, editors and the system on a bridge, chosen at random.

An operation is data: a name, and a seed for its choices among what exists at that moment. A list of
operations can therefore be replayed, also with some of them removed.
"""

import json
import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from tests.fuzz.scripts import document_text, script
from tests.server.client import Json

if TYPE_CHECKING:
    from tests.fuzz.session import Session

Dice = random.Random


@dataclass(frozen=True)
class Operation:
    """An action, and when the next one follows.

    `then`: at once ("now"), after a response of the server ("soon"), or after the response to this one
    ("answered").
    """

    name: str
    seed: int
    then: str


def generate(seed: int, length: int) -> list[Operation]:
    """The operations of a seed; a longer list begins with the shorter one."""
    dice = Dice(seed)
    names, weights = list(OPERATIONS), [weight for _, weight in OPERATIONS.values()]
    return [
        Operation(
            dice.choices(names, weights)[0],
            dice.getrandbits(32),
            dice.choices(("now", "soon", "answered"), (5, 3, 1))[0],
        )
        for _ in range(length)
    ]


# Documents


def open_document(session: "Session", dice: Dice) -> None:
    if len(session.client.documents) < 4:
        language = session.language
        name = f"{dice.randrange(1_000_000)}.{language}"
        session.client.open(document_text(language, dice), name, language)


def change_document(session: "Session", dice: Dice) -> None:
    if document := session.document(dice):
        lines = document.text.count("\n")
        start, end = sorted((dice.randint(0, lines), dice.randint(0, lines)))
        text = dice.choice(("x = 1\n", "# %%\n", "", "😀\n"))
        session.client.change(document, (start, 0), (end, 0), text)


def close_document(session: "Session", dice: Dice) -> None:
    if (document := session.document(dice)) and dice.random() < 0.3:
        session.client.close_document(document)
        del session.client.documents[document.uri]


# Runs

SILENT = "\n\n"
"""The end of a silent run's code, its only distinguishing mark."""


def run_code(session: "Session", dice: Dice) -> None:
    flags = {name: dice.random() < 0.5 for name in ("stopOnError", "allowStdin") if dice.random() < 0.2}
    flags |= {"wait": True} if dice.random() < 0.4 else {}
    code = script(session.language, dice)
    if dice.random() < 0.1:
        flags["silent"] = True
        code += SILENT
    session.command("run", code=code, **flags, **session.kernel(dice))


def run_unit(session: "Session", dice: Dice) -> None:
    if not (document := session.document(dice)):
        return
    unit = dice.choice(("line", "statement", "cell", "above", "below", "all", "range"))
    line = dice.randint(0, document.text.count("\n"))
    place: Json = {"position": {"line": line, "character": 0}}
    if unit == "range":
        place = {"range": document.range((min(line, 1), 0), (line, 0))}
    wait = dice.random() < 0.3
    session.command("run", unit=unit, textDocument=document.identifier, wait=wait, **place)


def cancel_run(session: "Session", dice: Dice) -> None:
    session.command("cancelRun", runId=session.run_id(dice))


def get_run(session: "Session", dice: Dice) -> None:
    session.command("getRun", runId=session.run_id(dice))


def read_output(session: "Session", dice: Dice) -> None:
    session.command(
        "readOutput", runId=session.run_id(dice), index=dice.choice((0, 0, 1)), start=0, length=100
    )


def answer_input(session: "Session", dice: Dice) -> None:
    session.command("answerInput", runId=session.run_id(dice), value=dice.choice((None, "typed")))


# Kernels


def start_kernel(session: "Session", dice: Dice) -> None:
    if session.living() >= 4:
        return
    bound = session.document(dice) if dice.random() < 0.6 else None
    options: Json = {} if bound is None else {"textDocument": bound.identifier}
    options |= {"keepAlive": True} if dice.random() < 0.1 else {}
    options |= {"transport": "tcp"} if dice.random() < 0.1 else {}
    options |= {"readyTimeout": 0.001} if dice.random() < 0.05 else {}
    spec = session.spec if dice.random() < 0.95 else "no-such-spec"
    session.command("startKernel", spec=spec, **options)


def of_kernel(command: str) -> "Act":
    def act(session: "Session", dice: Dice) -> None:
        session.command(command, **session.kernel(dice))

    return act


def attach_kernel(session: "Session", dice: Dice) -> None:
    bound = session.document(dice) if dice.random() < 0.5 else None
    named = {} if bound is None else {"textDocument": bound.identifier}
    if dice.random() < 0.1:
        session.command("attachKernel", connectionFile="no-such-*.json", **named)
    else:
        session.command("attachKernel", kernelId=session.kernel_id(dice), **named)


def bind_kernel(session: "Session", dice: Dice) -> None:
    if document := session.document(dice):
        kernel_id = session.kernel_id(dice) if dice.random() < 0.8 else None
        session.command("bindKernel", textDocument=document.identifier, kernelId=kernel_id)


def list_kernels(session: "Session", dice: Dice) -> None:
    session.command("listKernels")


def list_specs(session: "Session", dice: Dice) -> None:
    session.command("listKernelSpecs")


def kill_kernel(session: "Session", dice: Dice) -> None:
    if kernel := signal_kernel(session, dice, signal.SIGKILL):
        session.killed.add(kernel["id"])


def stop_kernel(session: "Session", dice: Dice) -> None:
    """Stop a kernel, or continue those that are stopped."""
    if session.stopped and dice.random() < 0.5:
        session.resume()
    elif kernel := signal_kernel(session, dice, signal.SIGSTOP):
        session.stopped.add(kernel["pid"])


def signal_kernel(session: "Session", dice: Dice, number: int) -> Json | None:
    """Send a signal to a kernel of this home, as another program might. Return the kernel."""
    kernels = [kernel for kernel in session.client.mirror.kernels.values() if kernel.get("pid")]
    if not kernels:
        return None
    kernel: Json = dice.choice(kernels)
    with suppress(psutil.Error, OSError):
        if psutil.Process(kernel["pid"]).environ().get("HOME") == str(session.home.path):
            os.kill(kernel["pid"], number)
            return kernel
    return None


# The past


def history(session: "Session", dice: Dice) -> None:
    filters: list[Json] = [
        {},
        {"limit": 2},
        {"text": "a"},
        {"before": session.run_id(dice)},
        session.kernel(dice),
    ]
    session.command("history", **dice.choice(filters))


def export(session: "Session", dice: Dice) -> None:
    name = f"{dice.randrange(5)}.{dice.choice(('ipynb', 'py', 'md'))}"
    which: list[Json] = [{}, {"runIds": [session.run_id(dice)]}, session.kernel(dice)]
    session.command("export", path=name, overwrite=dice.random() < 0.5, **dice.choice(which))


# The editor


def standard_request(session: "Session", dice: Dice) -> None:
    if not (document := session.document(dice)):
        return
    place = {"line": dice.randint(0, 12), "character": dice.choice((0, 1, 1000))}
    params: Json = {"textDocument": document.identifier, "position": place, "positions": [place]}
    params |= {"range": {"start": {"line": 0, "character": 0}, "end": place}, "context": {"diagnostics": []}}
    session.request(f"textDocument/{dice.choice(STANDARD)}", params)


STANDARD = (
    "hover",
    "completion",
    "codeAction",
    "codeLens",
    "inlayHint",
    "documentSymbol",
    "foldingRange",
    "selectionRange",
    "signatureHelp",
    "diagnostic",
    "definition",
)


def cancel_request(session: "Session", dice: Dice) -> None:
    if waiting := session.waiting():
        session.client.cancel(dice.choice(waiting))


def malformed(session: "Session", dice: Dice) -> None:
    command = dice.choice(
        ("run", "startKernel", "export", "history", "bindKernel", "getRun", "noSuchCommand")
    )
    field = dice.choice(("kernelId", "runId", "textDocument", "unit", "code", "path", "limit", "range"))
    value: Any = dice.choice((5, [], {}, "\0", -1, "x" * 1000, None, {"uri": "no uri at all"}))
    session.command(command, **{field: value})


def settings(session: "Session", dice: Dice) -> None:
    changed: list[Json] = [
        {"outputBudget": dice.choice((0, 100, 1_048_576))},
        {"coalesceMilliseconds": dice.choice((0, 16, 200))},
        {"trusted": dice.random() < 0.9},
        {"autoStart": dice.random() < 0.7},
        {"transport": dice.choice(("ipc", "tcp"))},
        {"features": {"inlayHints": True, "hover": dice.random() < 0.5}},
        {"readyTimeout": "soon", "noSuchSetting": 1},
    ]
    session.client.notify(
        "workspace/didChangeConfiguration", {"settings": {"kernel-bridge": dice.choice(changed)}}
    )


def stop_reading(session: "Session", dice: Dice) -> None:
    """The editor stops reading for a while, or resumes."""
    reading = session.client.reading
    (reading.clear if reading.is_set() else reading.set)()


def other_editor(session: "Session", dice: Dice) -> None:
    """From now on another editor acts, with its own bridge."""
    session.change_editor()


Act = Callable[["Session", Dice], None]
OPERATIONS: dict[str, tuple[Act, int]] = {
    "open": (open_document, 4),
    "change": (change_document, 4),
    "close": (close_document, 2),
    "run code": (run_code, 30),
    "run unit": (run_unit, 8),
    "cancelRun": (cancel_run, 6),
    "getRun": (get_run, 4),
    "readOutput": (read_output, 2),
    "answerInput": (answer_input, 2),
    "startKernel": (start_kernel, 6),
    "interruptKernel": (of_kernel("interruptKernel"), 4),
    "restartKernel": (of_kernel("restartKernel"), 3),
    "shutdownKernel": (of_kernel("shutdownKernel"), 2),
    "detachKernel": (of_kernel("detachKernel"), 3),
    "attachKernel": (attach_kernel, 5),
    "bindKernel": (bind_kernel, 4),
    "listKernels": (list_kernels, 2),
    "listKernelSpecs": (list_specs, 1),
    "kill kernel": (kill_kernel, 1),
    "stop kernel": (stop_kernel, 1),
    "history": (history, 3),
    "export": (export, 3),
    "standard": (standard_request, 10),
    "$/cancelRequest": (cancel_request, 5),
    "malformed": (malformed, 3),
    "settings": (settings, 3),
    "stop reading": (stop_reading, 4),
    "other editor": (other_editor, 2),
}
"""Name -> (action, weight)."""


def perform(session: "Session", operation: Operation) -> None:
    """Perform the operation without waiting for responses."""
    act, _ = OPERATIONS[operation.name]
    act(session, Dice(operation.seed))


def to_json(operations: list[Operation]) -> str:
    """One operation per line."""
    return "\n".join(json.dumps([operation.name, operation.seed, operation.then]) for operation in operations)
