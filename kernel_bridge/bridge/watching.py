"""Watches a kernel that another process follows. Its runs are shown here, and neither executed nor stored.

A run that began earlier continues without a gap and without a double: its outputs so far are in the history,
with the number of the last message that they contain, and what the kernel sent before is skipped here.
"""

import asyncio
import contextlib
import uuid
from typing import TYPE_CHECKING

from ..history.journal import Journal
from ..history.records import Filter, OpenRun
from ..kernels.conversation import Conversation
from ..kernels.foreign import ForeignHost
from ..kernels.found import Found, locate
from ..kernels.records import Keeping, read_record
from ..kernels.session import KernelSession
from ..protocol.errors import BridgeError, HistoryDisabled
from ..runs.fold import Outputs
from ..runs.live import LiveOutputs
from ..runs.run import Run
from .kernel import FollowedKernel
from .wire import now

if TYPE_CHECKING:
    from .application import Bridge

SETTLE_S = 0.5  # the longest that the history is expected to lag behind the kernel
READ_S = 0.05  # between two looks at it, or at a kernel that restarts


async def watch(bridge: "Bridge", found: Found, journal: Journal | None) -> FollowedKernel:
    """Follow a kernel for the clients of `bridge`. `journal` has the outputs so far of what runs.

    Raises KernelUnreachable.
    """
    kernel = FollowedKernel(
        bridge.observers,
        lambda: None,
        Keeping(),
        lambda _: (LiveOutputs, bridge.settings.output_budget),
        lambda listener: KernelSession(_host(found), listener=listener),
    )
    session, budget, began = kernel.session, bridge.settings.output_budget, now()
    await session.listen(None, replies=False)
    stored = await _stored(journal, kernel, budget, began) if journal is not None else []
    for one in stored:
        if one.run.state == "running":
            run = _continued(kernel, one, budget)
            kernel.runs.add(run)
            kernel.runs.sent(run, run.message_id or run.id)
    heard = max((one.heard for one in stored if one.heard is not None), default=0)
    skipped = [message_id for message_id, number in session.held_numbers() if number <= heard]
    session.continue_(Conversation(identity=b"", session=uuid.uuid4().hex, seen=skipped, cut=True))
    bridge.kernels[kernel.id] = kernel
    kernel.publish()
    return kernel


async def restarted(found: Found) -> Found | None:
    """The kernel once its next process listens, if a kernel-bridge restarts it; None: it has ended.

    The record names the next launch before the process of this one ends.
    """
    before, path = found.record, str(found.path)
    while before is not None:
        record = await asyncio.to_thread(read_record, found.kernel_id, path)
        if record is None or record.launch == before.launch:
            return None
        if record.pid is not None:
            with contextlib.suppress(BridgeError):  # it does not listen yet, or has just ended
                again = await asyncio.to_thread(locate, path)
                await again.reach()
                return again
        await asyncio.sleep(READ_S)
    return None


def _host(found: Found) -> ForeignHost:
    """A host that leaves the kernel's process, files and record alone."""
    host = ForeignHost(found)
    if found.record is not None:
        host.epoch, host.cwd, host.pid = found.record.epoch, found.record.cwd, found.record.pid
        host.owner = found.record.present_owner
    return host


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


def _continued(kernel: FollowedKernel, stored: OpenRun, budget: int) -> Run:
    """The run as the history has it; without outputs if no number says what they contain."""
    before, options = stored.run, stored.options
    outputs = (before.outputs or []) if stored.heard is not None else []
    stream: tuple[str, int, str] | None = None
    if outputs and outputs[-1]["output_type"] == "stream":
        stream = (outputs[-1]["name"], stored.stream_length or 0, outputs[-1]["text"])
    run = kernel.new_run(
        before.source,
        before.id,
        origin="other",
        queued_at=before.queued_at,
        location=options.location if options is not None else None,
        times=stored.times,
    )
    run.outputs = Outputs.resumed(len(outputs), stream)
    run.live = LiveOutputs.of_stored(outputs, stored.stream_length or 0, budget)
    run.start((options and options.message_id) or before.id, before.started_at or before.queued_at)
    run.busy, run.execution_count = True, before.execution_count
    return run
