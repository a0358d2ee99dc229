"""Work-done progress for starting kernels, long runs and installations (LSP 3.17, "Work Done Progress").

The user can cancel each: cancelling shuts down the kernel, interrupts the run, or cancels the request.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...bridge.summary import newest_line
from ...escapes import one_line
from ...protocol.objects import Kernel, Run
from ..answering import progress_token
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

    token: str | int
    title: str
    cancel: Callable[[], object]
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
        self._works: dict[str, _Work] = {}  # by the id of the kernel or run, or the token of a request
        self._timers: dict[str, asyncio.TimerHandle] = {}  # run id -> fires when the run is long

    @property
    def _wanted(self) -> bool:
        return self._client.progress and self._client.wants(self._configuration.features.progress)

    def kernel_changed(self, kernel: Kernel) -> None:
        if kernel.state not in ("starting", "restarting"):
            self._end(kernel.id)
        elif kernel.id not in self._works and self._wanted:
            verb = "Starting" if kernel.state == "starting" else "Restarting"
            self._begin(kernel.id, f"{verb} {kernel.display_name}", lambda: self._shut_down(kernel.id))

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
        self._begin(run.id, f"Running {line[:60]}", lambda: self._cancel_run(run.id))

    def output(self, run_id: str) -> None:
        """Report the newest line of a long run, such as a progress bar."""
        work = self._works.get(run_id)
        if work is None or not self._is_due(work):
            return
        found = self._bridge.find_run(run_id)
        if found is not None and (line := newest_line(found[1].live.outputs)):
            self._tell(work, {"kind": "report", "message": line})

    @contextmanager
    def of_request(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show progress while the current request is handled, also to clients that show runs themselves.

        Uses the token that the client sent with the request, if any. Yields the function that reports a line.
        Cancelling cancels the request.
        """
        token = progress_token()
        if token is None and not (self._client.progress and self._configuration.features.progress):
            yield lambda line: None
            return
        task = asyncio.current_task()
        assert task is not None
        work = self._begin(f"request {id(task)}", title, task.cancel, token)

        def report(line: str) -> None:
            if self._is_due(work):
                self._tell(work, {"kind": "report", "message": one_line(line)})

        try:
            yield report
        finally:
            self._end(f"request {id(task)}")

    def _is_due(self, work: _Work) -> bool:
        """Whether a report may be sent now, which counts as sent."""
        now = asyncio.get_running_loop().time()
        if not work.shown or now - work.reported_at < REPORT_S:
            return False
        work.reported_at = now
        return True

    def cancel(self, token: Any) -> None:
        """Handle the client's `window/workDoneProgress/cancel`."""
        for work in self._works.values():
            if work.token == token:
                work.cancel()

    def _cancel_run(self, run_id: str) -> None:
        self._peer.spawn(self._bridge.cancel_run(run_id), f"cancel run {run_id}")

    def _shut_down(self, kernel_id: str) -> None:
        if (kernel := self._bridge.kernels.get(kernel_id)) is not None:
            self._peer.spawn(self._bridge.shutdown_kernel(kernel), f"shut down kernel {kernel_id}")

    def _begin(
        self, key: str, title: str, cancel: Callable[[], object], token: str | int | None = None
    ) -> _Work:
        """Begin progress; with a `token` of the client's, without asking it for one."""
        created = f"kernel-bridge:{next(self._numbers)}" if token is None else token
        work = self._works[key] = _Work(created, one_line(title), cancel)
        if token is None:
            self._peer.spawn(self._show(work), title)
        else:
            self._tell_begin(work)
        return work

    async def _show(self, work: _Work) -> None:
        try:
            await self._peer.request("window/workDoneProgress/create", {"token": work.token})
        except (ResponseError, ConnectionClosed):
            return
        if not work.ended:
            self._tell_begin(work)

    def _tell_begin(self, work: _Work) -> None:
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
