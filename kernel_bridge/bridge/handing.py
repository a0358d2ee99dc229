"""Hands kernels over to another process, and takes them from one (the messages: handover/messages).

The taker hears iopub before the giver stops, and holds what it hears. The giver then names the messages that
it has received, and the taker continues with the others. iopub has one order for all subscribers, so that no
message is missing or received twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import chain

from ..handover.link import Broken, Link
from ..handover.messages import Baton, Batons, Done, Joined, Offer, Offered, Taken
from ..history.journal import Journal
from ..history.records import OpenRun
from ..protocol.errors import BridgeError, HistoryDisabled
from ..runs.run import Run
from .baton import ask_again, part, resume, with_losses
from .kernel import FollowedKernel

log = logging.getLogger(__name__)

JOIN_S = 3.0  # how long the taker may need to connect to the kernels
BATON_S = 6.0  # how long the giver may need to stop, which includes writing its history
FLUSH_S = 4.0  # how long the history may need to be written
TAKEN_S = 6.0  # how long the taker may need to read the history
DONE_S = 3.0  # how long the giver may need to confirm

JournalAt = Callable[[str], Journal | None]
"""Opens the history with that database file. None: it cannot be opened."""

Make = Callable[[Offered], Awaitable[FollowedKernel | None]]
"""Makes the kernel that is offered, not yet joined. None: it is not wanted."""


async def give(link: Link, kernels: Iterable[FollowedKernel], reclaims: bool = False) -> list[FollowedKernel]:
    """Hand over those kernels that the taker can reach. Return them; they are no longer followed here.

    Raises Broken: the taker is gone. With `reclaims` the kernels are still followed then, else no longer.
    """
    offered = {kernel.id: kernel for kernel in kernels}
    batons: list[Baton] = []
    try:
        for kernel in offered.values():
            kernel.hold_queue(True)
            kernel.session.note_messages()
        await link.send(Offer([_offered(kernel) for kernel in offered.values()]))
        joined = (await link.expect(Joined, JOIN_S)).first
        given = [offered[id] for id in joined if id in offered]
        await asyncio.gather(*(kernel.session.hear_until(joined[kernel.id]) for kernel in given))
        batons += map(part, given)
        journals = set(chain.from_iterable(kernel.publication.journals for kernel in given))
        await asyncio.gather(*(_flushed(journal) for journal in journals))
        batons = [with_losses(baton, kernel) for baton, kernel in zip(batons, given, strict=True)]
        await link.send(Batons(batons))
        await link.expect(Taken, TAKEN_S)
        await link.send(Done())
    except Broken:
        if reclaims:
            parted = {baton.kernel_id: baton for baton in batons}
            for kernel in offered.values():
                if (baton := parted.get(kernel.id)) is not None:
                    await _reclaim(kernel, baton)
                else:
                    _keep(kernel)
        raise
    for kernel in offered.values():
        if reclaims and kernel not in given:
            _keep(kernel)
    for kernel in given:
        kernel.handed_over()
    return given


def _keep(kernel: FollowedKernel) -> None:
    """Continue to follow a kernel that has not been handed over."""
    kernel.session.keep()
    kernel.hold_queue(False)


async def _reclaim(kernel: FollowedKernel, baton: Baton) -> None:
    """Follow a kernel again after its hand-over has failed, with the runs that it still has here."""
    session = kernel.session
    try:
        await session.listen(baton.conversation.identity, replies=session.hands_over)
        kernel.continue_(baton.conversation)
    except BridgeError as error:
        log.warning("kernel %s is no longer followed: %s", kernel.id, error)
        return
    kernel.leaving = None
    kernel.publication.reclaim(kernel.runs.all())
    ask_again(kernel, baton)
    kernel.hold_queue(False)
    kernel.proceed()


def _offered(kernel: FollowedKernel) -> Offered:
    session = kernel.session
    return Offered(
        kernel_id=kernel.id,
        connection_file=session.host.connection_file or "",
        identity=session.identity if session.hands_over else None,
        keeping=kernel.keeping,
        documents=kernel.documents,
    )


async def _flushed(journal: Journal) -> None:
    try:
        async with asyncio.timeout(FLUSH_S):
            await journal.flush()
    except TimeoutError:
        log.warning("the history %s was not written in time; the next process misses a part", journal.path)


async def take(link: Link, offer: Offer, make: Make, journal_at: JournalAt) -> list[FollowedKernel]:
    """Take the offered kernels. Return those that are followed here now. Raises Broken: none is."""
    joined: dict[str, FollowedKernel] = {}
    try:
        first: dict[str, str | None] = {}
        for offered in offer.kernels:
            if (kernel := await _join(offered, make, first)) is not None:
                joined[kernel.id] = kernel
        await link.send(Joined(first))
        batons = (await link.expect(Batons, BATON_S)).batons
        journals = _journals(batons, journal_at)
        stored: dict[str, OpenRun] = {}
        for baton in batons:
            stored |= await _stored(baton, journals, joined[baton.kernel_id].stored_budget_bytes)
        await link.send(Taken())
        await link.expect(Done, DONE_S)  # from here on they are followed here, and not by the giver
    except BaseException:
        for kernel in joined.values():
            kernel.session.close()
        raise
    _continue(batons, joined, stored, journals)
    return [joined[baton.kernel_id] for baton in batons]


async def _join(offered: Offered, make: Make, first: dict[str, str | None]) -> FollowedKernel | None:
    """Hear an offered kernel, and note its first message. None: it is not wanted, or cannot be reached."""
    try:
        kernel = await make(offered)
        if kernel is not None:
            first[kernel.id] = await kernel.session.listen(
                offered.identity, replies=offered.identity is not None
            )
    except (BridgeError, OSError) as error:
        log.warning("kernel %s cannot be taken over: %s", offered.kernel_id, error)
        return None
    return kernel


def _journals(batons: list[Baton], journal_at: JournalAt) -> dict[str, Journal]:
    """The history of each run that is in one, by the run's id."""
    return {
        run_id: journal
        for baton in batons
        for run_id, path in baton.histories.items()
        if (journal := journal_at(path)) is not None
    }


def _continue(
    batons: list[Baton],
    kernels: dict[str, FollowedKernel],
    stored: Mapping[str, OpenRun],
    journals: Mapping[str, Journal],
) -> None:
    follows: dict[str, str] = {}
    for baton in batons:
        follows |= resume(kernels[baton.kernel_id], baton, stored, journals)
    runs = {run.id: run for kernel in kernels.values() for run in kernel.runs.all()}
    for run_id, before in follows.items():
        if (earlier := runs.get(before)) is not None:
            _follow(runs[run_id], earlier, kernels)
    for baton in batons:
        kernel = kernels[baton.kernel_id]
        kernel.continue_(baton.conversation)
        kernel.proceed()


async def _stored(baton: Baton, journals: Mapping[str, Journal], budget_bytes: int) -> dict[str, OpenRun]:
    """The runs of a baton that are in a history, as they are there."""
    stored: dict[str, OpenRun] = {}
    mine = {run_id: journals[run_id] for run_id in baton.histories if run_id in journals}
    for journal in set(mine.values()):
        run_ids = [run_id for run_id, its in mine.items() if its is journal]
        try:
            found = await journal.resume(run_ids, budget_bytes)
        except HistoryDisabled as error:
            log.warning("runs of kernel %s continue without a history: %s", baton.kernel_id, error)
        else:
            stored |= {one.run.id: one for one in found}
    return stored


def _follow(run: Run, earlier: Run, kernels: Mapping[str, FollowedKernel]) -> None:
    """Run one after the other, on another kernel."""
    run.after = earlier
    kernel = kernels[run.kernel_id]
    if earlier.kernel_id != run.kernel_id:
        kernels[earlier.kernel_id].ended(earlier).add_done_callback(lambda _: kernel.other_ended(earlier))
