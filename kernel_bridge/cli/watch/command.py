"""`kernel-bridge watch`: shows the runs of a kernel as they come. It takes no part in them."""

import argparse
import asyncio
import os
import sys

from ...bridge import watching
from ...bridge.application import Bridge
from ...bridge.kernel import FollowedKernel
from ...bridge.recording import recorded
from ...kernels.found import locate
from ...protocol.commands import HistoryParams
from ...protocol.objects import Run
from ...protocol.settings import HistorySettings, Settings
from ..exits import INTERRUPTED, OK, RAISED, UsageError
from ..history.runs import WHOLE, full_id
from ..kernels import called, meant, short_id
from ..observers import JsonLines
from ..run.signals import handled
from ..specs import opened
from ..terminal.pictures import find_protocol
from ..terminal.screen import Screen
from .watcher import Watcher

UNRECORDED = Settings(output_budget=WHOLE.output_budget, history=HistorySettings(enabled=False))
LAST = "last"
ASK_S = 2.0  # between two questions to the recorder


async def watch(options: argparse.Namespace) -> int:
    """Show runs until the kernel ends, or Ctrl-C.

    Raises UsageError, OSError: the output cannot be written; and everything that attaching raises.
    """
    stopped: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def stop(code: int) -> None:
        if not stopped.done():
            stopped.set_result(code)

    def broken(error: OSError) -> None:
        if not stopped.done():
            stopped.set_exception(error)

    observer: Watcher | JsonLines
    if options.json:
        observer = JsonLines(broken)
    else:
        observer = Watcher(Screen(sys.stdout, sys.stderr, broken, find_protocol(os.environ)))
    signals = {"SIGINT": lambda _: stop(INTERRUPTED)}
    signals |= dict.fromkeys(("SIGTERM", "SIGHUP"), lambda number: stop(128 + number))
    with handled(signals):
        work = asyncio.create_task(_follow(options, observer), name="watch")
        try:
            await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            work.cancel()
            await asyncio.wait([work])
            await observer.close()
    return work.result() if not stopped.done() else stopped.result()


async def _follow(options: argparse.Namespace, observer: Watcher | JsonLines) -> int:
    """Show what the history has from the chosen run on, then what comes. Return when the kernel has ended."""
    async with opened(WHOLE) as reader, opened(UNRECORDED) as bridge:  # what is watched is not stored again
        asked = await meant(bridge, options.which)
        found = await asyncio.to_thread(locate, asked.connection_file, asked.kernel_id)
        journal = reader.history.journal()
        kernel = await watching.watch(bridge, found, journal)
        past = await _past(reader, kernel, options.start) if options.start is not None else []
        observer.note(f"watching {called(kernel.to_wire())}; Ctrl-C stops watching")
        for run in past:
            observer.run_met(run)
        bridge.join(observer)
        asking = asyncio.create_task(_note_prompts(kernel.id, observer), name="prompts of the kernel")
        try:
            while True:
                while kernel.alive:
                    await kernel.activity.next()
                again = await watching.restarted(found)
                if again is None:
                    break
                observer.note("the kernel was restarted")
                found, kernel = again, await watching.watch(bridge, again, journal)
        finally:
            asking.cancel()
            bridge.leave(observer)  # what runs is not lost
    observer.note("the kernel has ended")
    return RAISED if any(run.state == "lost" for run in kernel.runs.all()) else OK


async def _note_prompts(kernel_id: str, observer: Watcher | JsonLines) -> None:
    """Say that a run waits for input. Only the recorder knows: the kernel asks nobody else."""
    noted: str | None = None
    while True:
        here = next((kernel for kernel in await recorded() if kernel.id == kernel_id), None)
        waits = here.reason if here is not None else None
        if waits is not None and waits != noted:
            observer.note(f"the run {waits}; attach to the kernel to answer")
        noted = waits
        await asyncio.sleep(ASK_S)


async def _past(reader: Bridge, kernel: FollowedKernel, start: str) -> list[Run]:
    """The runs of the kernel from `start` on, with their outputs, that are not followed live.

    Raises UsageError: `start` names no run of this kernel.
    """
    runs = await reader.history.find(HistoryParams(kernel_id=kernel.id, limit=sys.maxsize))  # newest first
    runs = [run for run in runs if run.started_at is not None]
    if start == LAST:
        runs = runs[:1]
    else:
        run_id = await full_id(reader, start)
        at = next((number for number, run in enumerate(runs) if run.id == run_id), None)
        if at is None:
            run = await reader.get_run(run_id)
            where = f"on kernel {run.kernel_id}" if run.started_at is not None else "on no kernel"
            raise UsageError(
                f"run {start} ran {where}, not on {called(kernel.to_wire())}; "
                f"`kernel-bridge history --kernel {short_id(kernel.to_wire())}` lists its runs"
            )
        runs = runs[: at + 1]
    return [await reader.get_run(run.id) for run in reversed(runs) if kernel.runs.get(run.id) is None]
