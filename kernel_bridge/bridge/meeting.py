"""Meets a kernel that another process follows, in the middle of a run.

The run continues here without a gap and without a double: its outputs so far are in the history, with the
number of the last message that they contain, and what the kernel sent before is skipped.
"""

import asyncio
import uuid

from ..history.journal import Journal
from ..history.records import Filter, OpenRun
from ..kernels.conversation import Conversation
from ..protocol.errors import HistoryDisabled
from ..runs.fold import Outputs
from ..runs.run import Run
from .kernel import FollowedKernel
from .wire import now

SETTLE_S = 0.5  # the longest that the history is expected to lag behind the kernel
READ_S = 0.05  # between two looks at it


async def meet(kernel: FollowedKernel, journal: Journal | None) -> None:
    """Follow a kernel beside the process that it belongs to, from the middle of what it runs.

    `journal`: that process's history. Raises KernelUnreachable.
    """
    session, budget, began = kernel.session, kernel.stored_budget_bytes, now()
    await session.listen(None, replies=False)
    stored = await _stored(journal, kernel, budget, began) if journal is not None else []
    kernel.adopt([_continued(kernel, one) for one in stored if one.run.state == "running"], None, [], {})
    heard = max((one.heard for one in stored if one.heard is not None), default=0)
    skipped = [message_id for message_id, number in session.held_numbers() if number <= heard]
    executing = [run.message_id for run in kernel.runs.open() if run.message_id is not None]
    conversation = Conversation(
        identity=b"", session=uuid.uuid4().hex, executing=executing, seen=skipped, cut=True
    )
    kernel.continue_(conversation, takes=False)


async def _stored(journal: Journal, kernel: FollowedKernel, budget: int, began: str) -> list[OpenRun]:
    """What runs, or has ended since `began`, once the history has caught up with the first held message."""
    clock = asyncio.get_running_loop().time
    until = clock() + SETTLE_S
    first = min((number for _, number in kernel.session.held_numbers()), default=0)
    running, ended = (
        Filter(kernel_id=kernel.id, states=states) for states in (("running",), ("ok", "error"))
    )
    while True:
        try:
            runs = await journal.history(ended, limit=1) + await journal.history(running)
            recent = [run.id for run in runs if run.ended_at is None or run.ended_at >= began]
            found = await journal.resume(recent, budget)
        except HistoryDisabled:  # the user has been warned
            return []
        if clock() > until or all((one.heard or 0) >= first - 1 for one in found):
            return found
        await asyncio.sleep(READ_S)


def _continued(kernel: FollowedKernel, stored: OpenRun) -> Run:
    """The run as the history has it; without outputs if no number says what they contain."""
    before, options = stored.run, stored.options
    outputs = (before.outputs or []) if stored.heard is not None else []
    stream: tuple[str, int, str] | None = None
    if outputs and (last := outputs[-1])["output_type"] == "stream":
        tail = last["elided"]["tail"] if "elided" in last else last["text"]
        stream = (last["name"], stored.stream_length or 0, tail)
    run = kernel.new_run(
        before.source,
        before.id,
        origin="other",
        queued_at=before.queued_at,
        location=options.location if options is not None else None,
        times=stored.times,
    )
    run.outputs = Outputs.resumed(len(outputs), stream)
    run.live = kernel.stored_live(outputs, stored.stream_length or 0)
    run.start((options and options.message_id) or before.id, before.started_at or before.queued_at)
    run.busy, run.execution_count = True, before.execution_count
    run.kept = False  # only its owner writes
    return run
