"""A followed kernel as its baton, and back: all that its next process must know to continue at a message.

The outputs of a run that is in the history are not in the baton: the next process reads them there.
"""

from collections.abc import Mapping

import msgspec

from ..handover.messages import Baton, Prompt
from ..history.journal import Journal
from ..history.records import OpenRun
from ..kernels.quirks import quirks_of
from ..runs.events import InputRequest
from ..runs.fold import Outputs
from ..runs.frozen import FrozenRun, freeze, thaw
from ..runs.live import LiveOutputs
from ..runs.run import DETACHED, Run
from .kernel import FollowedKernel

MOST_ENDED = 20  # runs that have ended but may still change, without those that show displays


def part(kernel: FollowedKernel) -> Baton:
    """Stop following the kernel, at a message. Nothing is received from it, or taken for it, any more."""
    kernel.leaving = DETACHED
    conversation = kernel.session.part()  # receives what has arrived
    kernel.grace.end()
    ended = [run for run in kernel.runs.all() if run.ended]
    newest = ended[-MOST_ENDED:]
    lasting = [run for run in ended if run in newest or run.outputs.display_ids or not run.kept]
    open_runs, running, asked = kernel.runs.open(), kernel.queue.running, kernel.prompts.opened()
    for run in open_runs:
        kernel.prompts.withdraw(run)
    return Baton(
        kernel_id=kernel.id,
        conversation=conversation,
        runs=[freeze(run, with_live=not run.kept) for run in (*lasting, *open_runs)],
        histories=kernel.publication.histories([*lasting, *open_runs]),
        waiting=[run.id for run in kernel.queue.waiting],
        running=running.id if running is not None else None,
        prompt=Prompt(asked[0], asked[1].prompt, asked[1].password) if asked is not None else None,
    )


def with_losses(baton: Baton, kernel: FollowedKernel) -> Baton:
    """The baton, with what the history lost of its runs after the kernel was parted from."""
    runs = [(kernel.runs.get(frozen.id), frozen) for frozen in baton.runs]
    again = [
        freeze(run, with_live=frozen.live is not None) if run and run.missing_bytes else frozen
        for run, frozen in runs
    ]
    return msgspec.structs.replace(baton, runs=again)


def resume(
    kernel: FollowedKernel, baton: Baton, stored: Mapping[str, OpenRun], journals: Mapping[str, Journal]
) -> dict[str, str]:
    """Put the runs of a baton into a kernel that has joined. Its session continues next.

    `stored`: those that are in a journal, and `journals`: which one. Returns the ids of runs that follow
    another one, with its id.
    """
    runs = {frozen.id: _thawed(kernel, frozen, stored.get(frozen.id)) for frozen in baton.runs}
    waiting = [runs[id] for id in baton.waiting]
    for run in runs.values():
        run.answers = run.answers and _hands_over(baton)
    kernel.adopt(list(runs.values()), runs.get(baton.running or ""), waiting, journals)
    ask_again(kernel, baton)
    return {frozen.id: frozen.after for frozen in baton.runs if frozen.after is not None}


def ask_again(kernel: FollowedKernel, baton: Baton) -> None:
    """Ask this process's clients for the open input()."""
    run = kernel.runs.get(baton.prompt.run_id) if baton.prompt is not None else None
    if run is not None and baton.prompt is not None:
        request = InputRequest(baton.prompt.prompt, baton.prompt.password)
        kernel.prompts.ask(kernel.session, run, request, patient=True)


def _hands_over(baton: Baton) -> bool:
    """Whether replies and prompts come to the taker."""
    info = baton.conversation.info
    return quirks_of(info.implementation if info is not None else None).hands_over


def _thawed(kernel: FollowedKernel, frozen: FrozenRun, stored: OpenRun | None) -> Run:
    if frozen.live is not None:
        return thaw(frozen, LiveOutputs.restored(frozen.live))
    outputs = (stored.run.outputs or []) if stored is not None else []
    length = (stored.stream_length or 0) if stored is not None else 0
    run = thaw(frozen, kernel.stored_live(outputs, length))
    folded = frozen.outputs
    if (len(outputs), length) != (folded.count, folded.stream[1].length if folded.stream is not None else 0):
        run.outputs = Outputs.resumed(len(outputs), None)  # the history misses a part, which it has reported
    run.kept = stored is not None
    return run
