"""`run --detach`: the command ends once the recorder has taken over its kernels, with all that is queued."""

import argparse
import asyncio

from ...bridge.submission import Submission
from ...handover.address import SUPPORTED
from ...plurals import count
from ...protocol.commands import RunResult
from ..exits import OK, UsageError
from ..terminal.observer import Terminal

ID_LENGTH = 8  # characters of a run's id that are shown

LATER = {
    "export": "once it has run, `kernel-bridge export OUT --file FILE --document` writes its outputs",
    "in_place": (
        "once it has run, `kernel-bridge export FILE --file FILE --document --overwrite` writes its outputs"
    ),
    "resume": "start over without it, or leave out --detach",
    "timeout": "`kernel-bridge interrupt` interrupts it",
}
"""The options that need the command to wait for the code, and what to do instead."""


def check_detachable(options: argparse.Namespace) -> None:
    """Raises UsageError: another option needs the command to wait, or this platform has no recorder."""
    if not SUPPORTED:
        raise UsageError("--detach needs the recorder, which this platform does not have; use --keep-alive")
    for name, instead in LATER.items():
        if getattr(options, name, None):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"--detach does not wait for the code, which {option} needs; {instead}")


class Detaching(Terminal):
    """Shows progress, but no outputs. An input() waits for a client that attaches later."""

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        await asyncio.get_running_loop().create_future()
        return None


def report(submission: Submission, name: str, as_json: bool) -> int:
    """Print where the code runs, after the hand-over.

    Raises UsageError: no recorder follows a kernel, so nothing that is queued on it will run.
    """
    from ..kernels import called, short_id, suggest  # imports rich, which is slow
    from ..specs import print_json
    from ..terminal.tables import Text, print_text

    kernels = [(kernel.to_wire(), kernel.recorded) for kernel in dict.fromkeys(submission.kernels)]
    for kernel, recorded in kernels:
        if not recorded:
            raise UsageError(
                f"no recorder has taken over {called(kernel)}: it keeps running, but its output is lost, and "
                f"nothing that is queued runs; `kernel-bridge run FILE --attach {short_id(kernel)}` waits"
            )
    if as_json:
        return print_json(RunResult(runs=submission.queued))
    for kernel, _ in kernels:
        runs = [run for run in submission.queued if run.kernel_id == kernel.id]
        id = short_id(kernel)
        print_text(Text(f"running {name} ({count(len(runs), 'cell')}) on {called(kernel)}"))
        suggest(
            {
                "watch it": f"kernel-bridge watch {id} --from {runs[0].id[:ID_LENGTH]}",
                "list its runs": f"kernel-bridge history --kernel {id}",
                "export its runs": f"kernel-bridge export OUT --kernel {id}",
                "stop it": f"kernel-bridge stop {id}",
            }
        )
    return OK
