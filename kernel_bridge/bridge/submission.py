"""Submits runs, for the language server and the command line.

`submit` fixes the order: commands on one document or kernel are queued in the order they arrived, even if the
kernel is still starting or must first report where a statement ends.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..protocol import objects as wire
from ..protocol.errors import NothingToRun, RequestCancelled
from . import stopping
from .wire import now

if TYPE_CHECKING:  # a handler is imported before a bridge is
    from ..runs.queue import Place
    from ..runs.run import Location, Run
    from .application import Bridge
    from .kernel import FollowedKernel


@dataclass(frozen=True, slots=True)
class Source:
    """The code of one run, and its origin."""

    code: str
    location: "Location | None" = None
    may_fail: bool = False  # an error does not cancel the runs behind it


Find = Callable[["FollowedKernel", "Place"], Awaitable[Sequence[Source]]]
"""Finds the sources with the kernel's help, while their place in its queue is held."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Code to run, as it was when the command arrived."""

    described: str  # for the message of NothingToRun
    sources: Sequence[Source] | Find
    uri: str | None = None  # of the document whose kernel runs it
    language_id: str | None = None  # of the kernel to start if there is none


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is executed."""

    silent: bool = False
    store_history: bool = True
    stop_on_error: bool = True
    allow_stdin: bool = True


@dataclass(frozen=True, slots=True)
class Submission:
    """Runs queued on a kernel. Call `announce` to notify observers of them."""

    kernel: "FollowedKernel"
    runs: "list[Run]"
    queued: list[wire.Run]  # as they were queued

    def announce(self) -> None:
        """Notify observers. Call it right after `submit` returns, with no await in between."""
        self.kernel.announce(self.runs, self.queued)

    async def ended(self) -> None:
        """Return when every run has ended. If cancelled, cancel queued runs and interrupt the running one."""
        ends = asyncio.gather(*(self.kernel.ended(run) for run in self.runs))
        try:
            await asyncio.shield(ends)
        except asyncio.CancelledError:
            for run in reversed(self.runs):
                await stopping.cancel(self.kernel, run)
            await ends
            raise


async def submit(
    bridge: "Bridge",
    wanted: Wanted,
    *,
    kernel_id: str | None,
    options: RunOptions,
) -> Submission:
    """Queue a run for each source, on the named kernel, the document's kernel, or a new one.

    Raises NothingToRun; RequestCancelled: the queue was cleared before the sources were found;
    KernelRequired, NoSuchKernel, KernelDead, KernelUnreachable, Untrusted, and everything that starting a
    kernel raises.
    """
    if not callable(wanted.sources) and not wanted.sources:
        raise _nothing(wanted)
    turn = bridge.in_order(wanted.uri or f"code on {kernel_id}")
    with bridge.starts.under_way(wanted.uri if kernel_id is None else None) as start:
        async with turn:
            if start is not None:
                kernel = await start.wait()
            else:
                kernel = await bridge.kernel_to_run(kernel_id, wanted.uri, wanted.language_id)
            place = kernel.require_reachable().queue.hold()  # later commands queue behind this place
    try:
        sources = await wanted.sources(kernel, place) if callable(wanted.sources) else wanted.sources
        kernel.require_reachable()
        if place.dropped:
            raise RequestCancelled("not run: the kernel's queue was cleared by an interrupt or a failed run")
        if not sources:
            raise _nothing(wanted)
        runs = [_new_run(kernel, source, options) for source in sources]
        return Submission(kernel, runs, kernel.enqueue(runs, place))
    finally:
        kernel.give_up(place)


def _new_run(kernel: "FollowedKernel", source: Source, options: RunOptions) -> "Run":
    return kernel.new_run(
        source.code,
        queued_at=now(),
        location=source.location,
        silent=options.silent,
        store_history=options.store_history and not options.silent,
        stop_on_error=options.stop_on_error and not source.may_fail,
        allow_stdin=options.allow_stdin,
    )


def _nothing(wanted: Wanted) -> NothingToRun:
    return NothingToRun(f"there is no code to run in {wanted.described}")
