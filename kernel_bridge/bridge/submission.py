"""Submits runs, for the language server and the command line.

`submit` fixes the order: commands on one document or kernel are queued in the order they arrived, even if the
kernel is still starting or must first report where a statement ends.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..protocol import objects as wire
from ..protocol.errors import NothingToRun, RequestCancelled
from ..source.languages import name_of, speaks
from . import stopping
from .availability import require_reachable
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
    language_id: str | None = None  # None: the one of the whole


Find = Callable[["FollowedKernel", "Place"], Awaitable[Sequence[Source]]]
"""Finds the sources with the kernel's help, while their place in its queue is held."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Code to run, as it was when the command arrived."""

    described: str  # for the message of NothingToRun
    sources: Sequence[Source] | Find
    uri: str | None = None  # of the document whose kernel runs it
    language_id: str | None = None  # of the kernel to start if there is none
    passes_over: bool = False  # sources in a language without a kernel, as long as another has one


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is executed."""

    silent: bool = False
    store_history: bool = True
    stop_on_error: bool = True
    allow_stdin: bool = True


@dataclass(frozen=True, slots=True)
class Submission:
    """Queued runs. Call `announce` to notify observers of them."""

    runs: "list[Run]"
    queued: list[wire.Run]  # as they were queued
    kernels: "list[FollowedKernel]"  # of each run
    passed_over: tuple[str, ...] = ()  # the languages of the sources left out

    def announce(self) -> None:
        """Notify observers. Call it right after `submit` returns, with no await in between."""
        for kernel in dict.fromkeys(self.kernels):
            mine = [number for number, other in enumerate(self.kernels) if other is kernel]
            kernel.announce([self.runs[number] for number in mine], [self.queued[number] for number in mine])

    async def ended(self) -> None:
        """Return when every run has ended. If cancelled, cancel queued runs and interrupt the running one."""
        both = list(zip(self.kernels, self.runs, strict=True))
        ends = asyncio.gather(*(kernel.ended(run) for kernel, run in both))
        try:
            await asyncio.shield(ends)
        except asyncio.CancelledError:
            for kernel, run in reversed(both):
                await stopping.cancel(kernel, run)
            await ends
            raise


def passed_over(submission: Submission) -> str:
    """A message that names the code left out, and what brings its kernels."""
    from ..kernels.packages import package_for  # not needed to answer `initialize`

    needs = [
        f"{name_of(language)}"
        + (f" ({package.name} brings one)" if (package := package_for(language)) else "")
        for language in submission.passed_over
    ]
    return f"skipped code that has no kernel: {', '.join(needs)}"


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
    with ExitStack() as under_way:
        starts = {
            language: under_way.enter_context(
                bridge.starts.under_way(bridge.bindings.use(wanted.uri, language))
            )
            for language in _languages(wanted)
            if wanted.uri is not None and kernel_id is None
        }
        async with turn:
            passed_over: tuple[str, ...] = ()
            if wanted.passes_over:
                wanted, passed_over = await _with_kernels(bridge, wanted, kernel_id)
            kernels: dict[str | None, FollowedKernel] = {}
            for language in _languages(wanted):
                start = starts.get(language)
                if start is not None:
                    kernels[language] = await start.wait()
                else:
                    kernels[language] = await bridge.kernel_to_run(kernel_id, wanted.uri, language)
            # No await from here on: submissions have the same order on every kernel, so none blocks another.
            every = list(dict.fromkeys(kernels.values()))
            for kernel in every:
                require_reachable(kernel)
            places = [kernel.queue.hold() for kernel in every]  # later commands queue behind these places
    try:
        if callable(wanted.sources):
            sources = await wanted.sources(every[0], places[0])
        else:
            sources = wanted.sources
        require_reachable(every[0])
        if places[0].dropped:
            raise RequestCancelled("not run: the kernel's queue was cleared by an interrupt or a failed run")
        if not sources:
            raise _nothing(wanted)
        where = [kernels[source.language_id or wanted.language_id] for source in sources]
        runs: list[Run] = []
        for kernel, source in zip(where, sources, strict=True):
            run = _new_run(kernel, source, options)
            if len(every) > 1:
                run.after = runs[-1] if runs else None
                _tell(run, kernel, every)
            runs.append(run)
        queued: dict[str, wire.Run] = {}
        for kernel, place in zip(every, places, strict=True):
            mine = [run for run in runs if run.kernel_id == kernel.id]
            queued |= {run.id: run for run in kernel.enqueue(mine, place)}
        return Submission(runs, [queued[run.id] for run in runs], where, passed_over)
    finally:
        for kernel, place in zip(every, places, strict=True):
            kernel.give_up(place)


def _languages(wanted: Wanted) -> list[str | None]:
    """The languages of the sources, in order; one kernel runs each."""
    if callable(wanted.sources):
        return [wanted.language_id]
    return list(dict.fromkeys(source.language_id or wanted.language_id for source in wanted.sources))


async def _with_kernels(
    bridge: "Bridge", wanted: Wanted, kernel_id: str | None
) -> tuple[Wanted, tuple[str, ...]]:
    """Without the sources in languages that have no kernel, and those languages; all, if none has one."""
    assert not callable(wanted.sources)
    languages = [language for language in _languages(wanted) if language is not None]
    if len(languages) < 2:
        return wanted, ()
    if kernel_id is not None:
        spoken = bridge.kernel(kernel_id, None).session.spec.language
        found = [language for language in languages if speaks(spoken, language)]
    else:
        found = [language for language in languages if await bridge.has_kernel(wanted.uri, language)]
    if not found:
        return wanted, ()
    sources = [source for source in wanted.sources if (source.language_id or wanted.language_id) in found]
    return replace(wanted, sources=sources), tuple(one for one in languages if one not in found)


def _tell(run: "Run", kernel: "FollowedKernel", every: "list[FollowedKernel]") -> None:
    """Tell the other kernels of a submission when a run ends, since theirs may wait for it."""

    def told(_: object) -> None:
        for other in every:
            if other is not kernel:
                other.other_ended(run)

    kernel.ended(run).add_done_callback(told)


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
