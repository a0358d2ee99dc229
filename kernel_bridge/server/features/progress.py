"""Work-done progress for starting kernels and long runs (LSP 3.17, "Work Done Progress").

The user can cancel both: cancelling shuts down the kernel, or interrupts the run.
"""

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...bridge.summary import newest_line
from ...escapes import one_line
from ...protocol.objects import Kernel, Run
from ..client import Client
from ..configuration import Configuration
from ..jsonrpc import ConnectionClosed, ResponseError
from ..peer import Peer

if TYPE_CHECKING:
    from ...bridge.application import Bridge

LONG_S = 2.0  # a run that takes longer shows progress
REPORT_S = 0.5  # between two reports of a run


@dataclass(slots=True)
class _Work:
    """A piece of work in progress; `shown` once the client has accepted its token."""

    token: str
    title: str
    kernel_id: str
    run_id: str | None
    shown: bool = False
    ended: bool = False
    reported_at: float = field(default=float("-inf"))


class Progress:
    """The progress of one session; the setting `features.progress` turns it on or off."""

    def __init__(self, peer: Peer, client: Client, configuration: Configuration, bridge: "Bridge") -> None:
        self._peer = peer
        self._client = client
        self._configuration = configuration
        self._bridge = bridge
        self._numbers = itertools.count(1)
        self._works: dict[str, _Work] = {}  # by the id of the kernel or run
        self._timers: dict[str, asyncio.TimerHandle] = {}  # run id -> fires when the run is long

    @property
    def _wanted(self) -> bool:
        return self._client.progress and self._client.wants(self._configuration.features.progress)

    def kernel_changed(self, kernel: Kernel) -> None:
        if kernel.state not in ("starting", "restarting"):
            self._end(kernel.id)
        elif kernel.id not in self._works and self._wanted:
            verb = "Starting" if kernel.state == "starting" else "Restarting"
            self._begin(kernel.id, f"{verb} {kernel.display_name}", kernel.id, None)

    def run_changed(self, run: Run) -> None:
        if run.ended_at is not None:
            if timer := self._timers.pop(run.id, None):
                timer.cancel()
            self._end(run.id)
        elif run.state == "running" and run.origin == "bridge" and self._wanted:
            loop = asyncio.get_running_loop()
            self._timers[run.id] = loop.call_later(LONG_S, self._is_long, run)

    def _is_long(self, run: Run) -> None:
        self._timers.pop(run.id, None)
        line = next((line.strip() for line in run.source.split("\n") if line.strip()), "")
        self._begin(run.id, f"Running {line[:60]}", run.kernel_id, run.id)

    def output(self, run_id: str) -> None:
        """Report the newest line of a long run, such as a progress bar."""
        work = self._works.get(run_id)
        now = asyncio.get_running_loop().time()
        if work is None or not work.shown or now - work.reported_at < REPORT_S:
            return
        work.reported_at = now
        found = self._bridge.find_run(run_id)
        if found is not None and (line := newest_line(found[1].live.outputs)):
            self._tell(work, {"kind": "report", "message": line})

    def cancel(self, token: Any) -> None:
        """Handle the client's `window/workDoneProgress/cancel`."""
        for work in self._works.values():
            if work.token == token:
                self._peer.spawn(self._cancel(work), f"cancel {work.title}")

    async def _cancel(self, work: _Work) -> None:
        if work.run_id is not None:
            await self._bridge.cancel_run(work.run_id)
        elif (kernel := self._bridge.kernels.get(work.kernel_id)) is not None:
            await self._bridge.shutdown_kernel(kernel)

    def _begin(self, key: str, title: str, kernel_id: str, run_id: str | None) -> None:
        token = f"kernel-bridge:{next(self._numbers)}"
        work = self._works[key] = _Work(token, one_line(title), kernel_id, run_id)
        self._peer.spawn(self._show(work), title)

    async def _show(self, work: _Work) -> None:
        try:
            await self._peer.request("window/workDoneProgress/create", {"token": work.token})
        except (ResponseError, ConnectionClosed):
            return
        if not work.ended:
            work.shown = True
            self._tell(work, {"kind": "begin", "title": work.title, "cancellable": True})

    def _end(self, key: str) -> None:
        work = self._works.pop(key, None)
        if work is not None:
            work.ended = True
            if work.shown:
                self._tell(work, {"kind": "end"})

    def _tell(self, work: _Work, value: dict[str, Any]) -> None:
        self._peer.notify("$/progress", {"token": work.token, "value": value})

    def close(self) -> None:
        """Cancel the timers."""
        for timer in self._timers.values():
            timer.cancel()
