"""Continues the runs of a kernel whose bridge or recorder was killed, with what the history has of them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ..history.journal import Journal
from ..history.records import OpenRun
from ..kernels.conversation import cut_off
from ..kernels.records import Record, read_record, record_path
from ..kernels.sent import last_sent
from ..presence import Presence
from ..protocol.errors import HistoryDisabled
from ..runs.fold import Outputs
from ..runs.run import Run
from .handing import JournalAt
from .kernel import FollowedKernel

log = logging.getLogger(__name__)

TURN_S = 6.0  # how long another process may need to revive the kernel
RETRY_S = 0.02


async def revive(kernel: FollowedKernel, journal_at: JournalAt) -> bool:
    """Follow a kernel whose last follower is gone, and continue the runs that it left in its history.

    Return False if another process has done so meanwhile. Raises KernelUnreachable, OSError.
    """
    async with _turn(kernel.id):
        record = await asyncio.to_thread(read_record, kernel.id, kernel.session.host.connection_file or "")
        if record is None or not record.is_deserted:
            return False
        await _revive(kernel, record, journal_at)
        return True


@asynccontextmanager
async def _turn(kernel_id: str) -> AsyncIterator[None]:
    """One process at a time: an editor starts its server again while the keepers start the recorder."""
    path = Path(record_path(kernel_id)).with_suffix(".lock")
    end = asyncio.get_running_loop().time() + TURN_S
    while True:
        try:
            lock = Presence(path)
            break
        except OSError:  # another process has it
            if asyncio.get_running_loop().time() > end:
                raise
        await asyncio.sleep(RETRY_S)
    try:
        yield
    finally:
        lock.close()


async def _revive(kernel: FollowedKernel, record: Record, journal_at: JournalAt) -> None:
    journal = journal_at(record.keeping.history) if record.keeping.history is not None else None
    identity = bytes.fromhex(record.identity or "")
    await kernel.session.listen(identity or None, replies=True)
    left = await _left(kernel, record, journal)
    runs = {one.run.id: _revived(kernel, one) for one in left}
    for one in left:
        if one.options is not None and one.options.after is not None:
            runs[one.run.id].after = runs.get(one.options.after)
    last, before = await asyncio.to_thread(last_sent, kernel.id)
    _start_sent(list(runs.values()), last)
    own = [run for run in runs.values() if run.origin == "bridge"]
    running = next((run for run in reversed(own) if run.state == "running"), None)
    waiting = [run for run in runs.values() if run.state == "queued"]
    numbers = [one.heard for one in left] + [before if last in runs else None]
    heard = max((number for number in numbers if number is not None), default=None)
    kernel.adopt(list(runs.values()), running, waiting, dict.fromkeys(runs, journal) if journal else {})
    started = [run.message_id for run in runs.values() if run.message_id is not None]
    lost = running.lost_messages if running is not None else 0
    kernel.continue_(cut_off(identity, record.session or "", started, heard, lost))
    if running is not None and not running.ended and kernel.session.lost:
        running.lost_messages = kernel.session.lost
        kernel.publication.stored(running)  # for the next process, should this one be killed
    kernel.proceed()


def _start_sent(runs: list[Run], last: str | None) -> None:
    """Start the queued runs that were sent to the kernel, up to the last one: the history lags behind.

    They must not run twice. All but the last have ended unheard, and so has the last unless it is heard.
    """
    queued = [run for run in runs if run.state == "queued"]
    if last in [run.id for run in queued]:
        for run in queued:
            run.start(run.id, run.queued_at)
            if run.id == last:
                break


async def _left(kernel: FollowedKernel, record: Record, journal: Journal | None) -> list[OpenRun]:
    if journal is None or record.journal is None:
        return []
    try:
        return await journal.open_runs(kernel.id, record.journal, kernel.keeping.output_budget)
    except HistoryDisabled as error:
        log.warning("kernel %s: its open runs cannot be read: %s", kernel.id, error)
        return []


def _revived(kernel: FollowedKernel, stored: OpenRun) -> Run:
    run, options = stored.run, stored.options
    outputs = run.outputs or []
    last = outputs[-1] if outputs else None
    stream = None
    if last is not None and last["output_type"] == "stream":
        tail = last["elided"]["tail"] if "elided" in last else last["text"]
        stream = (last["name"], stored.stream_length or 0, tail)
    revived = Run(
        id=run.id,
        kernel_id=run.kernel_id,
        epoch=run.epoch,
        source=run.source,
        queued_at=run.queued_at,
        outputs=Outputs.resumed(len(outputs), stream),
        live=kernel.stored_live(outputs, stored.stream_length or 0),
        origin=run.origin,
        kept=True,
        missing_bytes=run.missing_bytes or 0,
        times=stored.times,
    )
    if options is not None:
        revived.location = options.location
        revived.store_history = options.store_history
        revived.stop_on_error = options.stop_on_error
        revived.allow_stdin = options.allow_stdin
    if run.started_at is not None:
        revived.start((options and options.message_id) or run.id, run.started_at)
        revived.execution_count = run.execution_count
    revived.lost_messages = run.lost_messages or 0
    return revived
