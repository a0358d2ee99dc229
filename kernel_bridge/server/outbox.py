"""Sends notifications and the stdin request: owns their order, coalescing and numbering.

The first output of a run is sent immediately. Later output within `coalesce_s` coalesces into one
notification. While the editor does not read, output keeps coalescing, so a stalled editor costs at most the
output budget; sending resumes as soon as the editor reads. Only output is ever delayed, and a run's state
never overtakes its output.
"""

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec

from ..bridge.observer import Silent
from ..protocol.notifications import (
    KERNEL,
    OUTPUT,
    RUN,
    STDIN,
    ClientCapabilities,
    KernelNotification,
    OutputNotification,
    RunNotification,
    StdinAnswer,
    StdinRequest,
)
from ..protocol.objects import Kernel, Run
from ..protocol.vocabulary import Change
from ..runs.waiting import WaitingChanges
from .jsonrpc import Connection
from .stdio import StdoutWriter

if TYPE_CHECKING:
    from .blobs import Blobs

log = logging.getLogger(__name__)

STALLED_BYTES = 65_536  # unread bytes above which output waits for the editor


class Outbox(Silent):
    """The bridge's observer for one client, with its own numbering and back-pressure."""

    def __init__(
        self, connection: Connection, writer: StdoutWriter, client: ClientCapabilities | None
    ) -> None:
        self.coalesce_s = 0.016
        self._connection = connection
        self._writer = writer
        self._wants = client is not None and client.output
        self._can_ask = client is not None and client.stdin
        self.blobs: Blobs | None = None  # for a client that wants files
        self._streams: dict[str, _Stream] = {}
        self._ended: dict[str, int] = {}  # the last number of each evicted run
        self._waiting: dict[str, None] = {}  # the ids of runs with pending output, in order
        self._held = False  # output is held back because the editor does not read
        self._timer: asyncio.TimerHandle | None = None

    # the bridge's observer

    @property
    def can_ask(self) -> bool:
        return self._can_ask

    def kernel_changed(self, kernel: Kernel) -> None:
        log.info("kernel %s (%s): %s, %d queued", kernel.id, kernel.name, kernel.state, kernel.queued)
        if self._wants:
            self._connection.notify(KERNEL, KernelNotification(kernel=kernel))

    def run_met(self, run: Run) -> None:
        self._streams[run.id] = _Stream(run.kernel_id, len(run.outputs or ()))

    def run_changed(self, run: Run) -> None:
        log.debug("run %s on kernel %s: %s", run.id, run.kernel_id, run.state)
        if not self._wants:
            return
        self.flush(run.id)
        self._connection.notify(RUN, RunNotification(run=run))

    def output(self, run_id: str, kernel_id: str, changes: list[Change], urgent: bool) -> None:
        if not self._wants or not changes:
            return
        stream = self._streams.get(run_id)
        if stream is None:
            stream = self._streams[run_id] = _Stream(kernel_id)
        stream.waiting.add(changes)
        self._waiting[run_id] = None
        if self._writer.backlog > STALLED_BYTES:
            self._held = True  # until written() is called
            return
        now = asyncio.get_running_loop().time()
        if urgent or now - stream.sent_at >= self.coalesce_s:
            self.flush(run_id)
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.coalesce_s, self._flush_all)

    def run_evicted(self, run_id: str) -> None:
        seq = self.flush(run_id)
        if self._streams.pop(run_id, None) is not None:
            self._ended[run_id] = seq

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        self.flush(run_id)
        request = StdinRequest(run_id=run_id, kernel_id=kernel_id, prompt=prompt, password=password)
        answer = await self._connection.request(STDIN, request)
        return None if answer is None else msgspec.convert(answer, StdinAnswer).value

    # the editor

    def written(self) -> None:
        """The editor may have read something: resume sending."""
        if self._held and self._writer.backlog <= STALLED_BYTES:
            self._flush_all()

    def flush(self, run_id: str) -> int:
        """Send the pending output of a run; return the number of its last output notification."""
        stream = self._streams.get(run_id)
        if stream is None:
            return self._ended.get(run_id, 0)
        if self._waiting.pop(run_id, 0) is None:
            stream.seq += 1
            stream.sent_at = asyncio.get_running_loop().time()
            changes = stream.waiting.take()
            if self.blobs is not None:
                changes = self.blobs.changes(run_id, changes)
            self._connection.notify(
                OUTPUT,
                OutputNotification(
                    run_id=run_id, kernel_id=stream.kernel_id, seq=stream.seq, changes=changes
                ),
            )
        return stream.seq

    def shown(self, run: Run) -> Run:
        """The run with its outputs as the client wants them."""
        if self.blobs is not None and run.outputs is not None:
            run.outputs = self.blobs.outputs(run.id, run.outputs)
        return run

    def _flush_all(self) -> None:
        self._timer = None
        self._held = False
        for run_id in list(self._waiting):
            if self._writer.backlog > STALLED_BYTES:
                self._held = True
                return
            self.flush(run_id)


class _Stream:
    """The output of one run on its way to the editor."""

    __slots__ = ("kernel_id", "sent_at", "seq", "waiting")

    def __init__(self, kernel_id: str, outputs: int = 0) -> None:
        self.kernel_id = kernel_id
        self.waiting = WaitingChanges(outputs)
        self.seq = 0  # of the last notification
        self.sent_at = float("-inf")  # by the loop's clock
