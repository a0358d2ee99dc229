"""What a kernel does, in a few words: from the history, which every bridge writes."""

import sys
from datetime import UTC, datetime

from ..bridge.application import Bridge
from ..bridge.summary import duration
from ..escapes import one_line
from ..plurals import count
from ..protocol.commands import HistoryParams
from ..protocol.errors import HistoryDisabled
from ..protocol.objects import Kernel, Run
from .description import file_of, first_line, took
from .terminal.tables import Text


async def activity(bridge: Bridge, kernel: Kernel) -> Text:
    """The code that runs, or how long the kernel has been idle, and how much is queued; empty if unknown."""
    try:
        wanted = HistoryParams(kernel_id=kernel.id, states=["running", "queued"], limit=sys.maxsize)
        under_way = await bridge.history.find(wanted)
        newest = await bridge.history.find(HistoryParams(kernel_id=kernel.id, limit=1))
    except HistoryDisabled:  # of which the user has been warned
        under_way, newest = [], []
    running = [run for run in reversed(under_way) if run.state == "running"]
    parts = [_running(run) for run in running]
    if not under_way and newest and newest[0].ended_at and kernel.state == "idle":
        idle = datetime.now(UTC) - datetime.fromisoformat(newest[0].ended_at)
        parts.append(Text(f"idle for {duration(idle.total_seconds())}"))
    if queued := len(under_way) - len(running) or kernel.queued:
        parts.append(Text(f"{queued} queued"))
    if kernel.reason:
        parts.append(Text(one_line(kernel.reason), "yellow"))
    return Text().append(Text(" · ").join(parts))


def _running(run: Run) -> Text:
    line, others = first_line(run)
    code = Text("runs ")
    if place := file_of(run):
        code.append(f"{place} ", "dim")
    code.append(line, "cyan")
    if others:
        code.append(f" +{count(others, 'line')}", "dim")
    return code.append(f" for {took(run)}")
