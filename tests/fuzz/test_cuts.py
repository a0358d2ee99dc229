"""A stream of messages that is cut at any point between processes becomes the same run in the history.

The hand-over, the history and the kernel's conversation are real; only the sockets are replayed.
"""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.bridge.handing import give, take
from kernel_bridge.bridge.kernel import FollowedKernel
from kernel_bridge.bridge.observer import Observers
from kernel_bridge.handover.link import Link
from kernel_bridge.handover.messages import Offer
from kernel_bridge.history.journal import Journal
from kernel_bridge.kernels.conversation import Conversation
from kernel_bridge.kernels.messages import KernelInfo
from kernel_bridge.kernels.records import Keeping
from kernel_bridge.kernels.session import KernelSession
from kernel_bridge.protocol.vocabulary import Output
from kernel_bridge.recorder.brief import Brief
from kernel_bridge.runs.events import DisplayData, ExecuteResult, OutputEvent, UpdateDisplayData
from kernel_bridge.runs.live import LiveOutputs
from tests.fuzz.replayed import Kernel, Wire
from tests.unit.history_samples import PLENTY
from tests.unit.run_events import EVENTS

pytestmark = pytest.mark.slow

BUDGET_BYTES = 1 << 20
IPYTHON = KernelInfo("5.3", "ipython", "9", {"name": "python"}, ())
TYPES = {
    "Stream": "stream",
    "DisplayData": "display_data",
    "UpdateDisplayData": "update_display_data",
    "ExecuteResult": "execute_result",
    "ClearOutput": "clear_output",
    "Error": "error",
}

Message = tuple[str, str, dict[str, Any]]
"""Channel, type and content."""


def messages_of(events: list[OutputEvent]) -> list[Message]:
    """What a kernel sends for a run with these outputs."""
    begin: list[Message] = [
        ("iopub", "status", {"execution_state": "busy"}),
        ("iopub", "execute_input", {"code": "code", "execution_count": 3}),
    ]
    end: list[Message] = [
        ("shell", "execute_reply", {"status": "ok", "execution_count": 3}),
        ("iopub", "status", {"execution_state": "idle"}),
    ]
    return [*begin, *(("iopub", TYPES[type(event).__name__], _content(event)) for event in events), *end]


def _content(event: OutputEvent) -> dict[str, Any]:
    content = asdict(event)
    if isinstance(event, DisplayData | UpdateDisplayData | ExecuteResult):
        content["transient"] = {"display_id": content.pop("display_id")}
    return content


class Cuts:
    """Sends the messages of one run; some of them at each step of a hand-over."""

    def __init__(self, messages: list[Message]) -> None:
        self.wire = Wire()
        self._messages = messages
        self._sent = 0
        self.run_id = ""

    def send(self, until: int | None = None) -> None:
        for channel, message_type, content in self._messages[self._sent : until]:
            self._sent += 1
            self.wire.send("iopub" if channel == "iopub" else "shell", message_type, content, self.run_id)


@asynccontextmanager
async def process(path: Path) -> AsyncIterator[Journal]:
    """A process's journal."""
    journal = Journal.open(path, PLENTY, pytest.fail)
    try:
        yield journal
    finally:
        await journal.close()


def follow(wire: Wire, journal: Journal, kind: type[LiveOutputs] = LiveOutputs) -> FollowedKernel:
    """The kernel as a process with that journal follows it, not yet joined."""
    return FollowedKernel(
        Observers(),
        lambda: journal,
        Keeping(),
        lambda _: (kind, BUDGET_BYTES),
        lambda listener: KernelSession(Kernel(wire), listener=listener),
    )


async def hand_over(giver: FollowedKernel, taker: FollowedKernel, journal: Journal) -> None:
    async def make(_: object) -> FollowedKernel:
        return taker

    async def taking(link: Link) -> None:
        offer = await link.expect(Offer, 10)
        await take(link, offer, make, lambda _: journal)

    ends = [Link(*await asyncio.open_unix_connection(sock=end)) for end in socket.socketpair()]
    try:
        await asyncio.gather(give(ends[0], [giver]), taking(ends[1]))
    finally:
        for end in ends:
            end.close()


async def recorded(path: Path, messages: list[Message], cuts: list[list[int]]) -> tuple[Any, list[Output]]:
    """The run in the history, whose messages were cut at these places in as many hand-overs."""
    stream = Cuts(messages)
    async with process(path) as first, process(path) as second:
        journals = [first, second]
        kernel = follow(stream.wire, first)
        await kernel.session.listen(b"kb-identity", replies=True)
        kernel.session.continue_(Conversation(identity=b"kb-identity", session="ours", info=IPYTHON))
        kernel.proceed()
        run = kernel.new_run("code", queued_at="2026-01-01T00:00:00Z")
        kernel.announce([run], kernel.enqueue([run], kernel.queue.hold()))
        stream.run_id = run.id
        for number, (before, joined, emptied, closed) in enumerate(cuts):
            stream.send(before)
            stream.wire.opened = lambda until=joined: stream.send(until)  # type: ignore[misc]
            stream.wire.emptied = lambda until=emptied: stream.send(until)  # type: ignore[misc]
            stream.wire.closed = lambda until=closed: stream.send(until)  # type: ignore[misc]
            journal = journals[(number + 1) % 2]
            taker = follow(stream.wire, journal, LiveOutputs if number % 2 else Brief)
            await hand_over(kernel, taker, journal)
            await kernel.close()
            kernel = taker
        stream.wire.opened = stream.wire.emptied = stream.wire.closed = lambda: None
        stream.send()
        if (open_run := kernel.runs.get(run.id)) is not None:
            await kernel.ended(open_run)
        await asyncio.gather(first.flush(), second.flush())
        (kept,) = await first.resume([run.id], BUDGET_BYTES)
        kernel.session.close()
        await kernel.close()
    summary = (kept.run.state, kept.run.execution_count, kept.run.lost_messages, kept.run.degraded)
    return summary, kept.run.outputs or []


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Message], list[list[int]]]:
    messages = messages_of(draw(st.lists(EVENTS, min_size=4, max_size=20)))
    points = sorted(draw(st.lists(st.integers(0, len(messages)), min_size=8, max_size=8)))
    return messages, [points[:4], points[4:]]


@given(streams())
@settings(max_examples=40, deadline=None)
def test_a_cut_stream_is_the_same_run(stream: tuple[list[Message], list[list[int]]]) -> None:
    messages, cuts = stream
    with tempfile.TemporaryDirectory() as folder:
        whole = asyncio.run(recorded(Path(folder) / "whole.db", messages, []))
        cut = asyncio.run(recorded(Path(folder) / "cut.db", messages, cuts))
    assert cut == whole
    assert whole[0] == ("ok", 3, None, None)
