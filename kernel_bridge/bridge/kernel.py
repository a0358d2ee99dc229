"""A followed kernel: a runner that begins and ends, and that another process may take over."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from ..history.journal import Journal
from ..kernels.conversation import Conversation
from ..protocol.vocabulary import Output
from ..runs.live import LiveOutputs
from ..runs.queue import RunQueue
from ..runs.run import DETACHED, Run
from .runner import Runner
from .wire import now


class FollowedKernel(Runner):
    """A kernel whose messages this bridge receives."""

    @property
    def is_to_record(self) -> bool:
        """Whether a recorder is to follow it next: nobody else does, or it still runs our code."""
        if not self.alive or self.leaving or self.session.state in ("starting", "restarting"):
            return False
        return self.session.host.owns or any(run.origin == "bridge" for run in self.runs.open())

    def note(self) -> None:
        """Record how another process is to continue, should this one be killed."""
        self.session.host.note(recorded=self.recorded, **self.keeping.fields())

    def bound(self, documents: list[str]) -> None:
        """From now on it is bound to these documents (URIs)."""
        self.documents = documents
        self.session.host.remember(documents)
        self.publish()

    async def restart(self) -> None:
        """Restart the kernel, dead or alive, under the same id.

        The running run is lost; queued runs are cancelled.
        """
        if self._end is not None:
            await asyncio.wait([self._end])
        if not self.alive:
            self.leaving = None
        await self.session.restart()

    def shutdown(self) -> Coroutine[Any, Any, None]:
        """End the kernel. It stops taking runs at the call, before the result is awaited."""
        self._stop_taking("the kernel was shut down")
        return self._leave("the kernel was shut down", self.session.shutdown())

    def detach(self) -> Coroutine[Any, Any, None]:
        """Stop following the kernel and leave it running.

        Like `shutdown`, it takes no more runs from the call on.
        """
        self._stop_taking(DETACHED)
        self.session.host.keep_alive = True  # in case the bridge must exit before the detachment completes
        return self._leave(DETACHED, self.session.detach())

    def _stop_taking(self, reason: str) -> None:
        self.leaving = reason
        self._lose(reason)

    async def _leave(self, reason: str, leaving: Coroutine[Any, Any, None]) -> None:
        try:
            await leaving  # waits for a start or restart that is in progress
        finally:
            self._lose(reason)  # runs that other clients started in the meantime

    # another process

    def hold_queue(self, held: bool) -> None:
        """Send nothing while the kernel is handed over; what is running continues."""
        self._held = held
        if not held:
            self._pump()

    @property
    def stored_budget_bytes(self) -> int:
        """The budget of what clients see of a run in the history."""
        return self._live(True)[1]

    def stored_live(self, outputs: list[Output], length: int) -> LiveOutputs:
        """What clients see of a run in the history, from its outputs there (see LiveOutputs.of_stored)."""
        kind, budget_bytes = self._live(True)
        return kind.of_stored(outputs, length, budget_bytes)

    def adopt(
        self, runs: list[Run], running: Run | None, waiting: list[Run], journals: Mapping[str, Journal]
    ) -> None:
        """Take the runs of the kernel's previous follower. `journals`: of each kept run, by its id."""
        for run in runs:
            self.runs.add(run)
            if run.message_id is not None:
                self.runs.sent(run, run.message_id)
            for display_id in run.outputs.display_ids:
                self.runs.shows(run, display_id)
            if run.ended:
                self.runs.ended(run)
        self.publish()  # clients learn of the kernel before its runs, and then how many are queued
        self.queue = RunQueue(running, waiting)
        self.publication.adopt(runs, journals)
        self.publish()

    def continue_(self, conversation: Conversation, takes: bool = True) -> None:
        """Continue as `KernelSession.continue_`. What ended unheard is lost once the kernel is idle."""
        if self.session.continue_(conversation, takes):
            self.unsure = self.runs.running()

    def proceed(self) -> None:
        """The session has continued: so do the runs."""
        if (running := self.queue.running) is not None and (running.idle or running.reply is not None):
            self._advance(running)
        self._pump()
        self.note()
        self.publish()

    def handed_over(self) -> None:
        """Another process follows the kernel and has its runs. For the clients here, they are lost."""
        self.recorded = True
        lost, time = self.runs.open(), now()
        stored = [run for run in lost if run.kept]
        for run in lost:
            run.kept = False  # the history is written by its new owner
            run.end("lost", time, DETACHED)
        self.queue = RunQueue()
        self._have_ended(lost)
        for run in stored:
            self.runs.forget(run)  # from now on it is read from the history
        self.session.given()

    def abandon(self) -> None:
        """Drop the connection at once. The keepers end the kernel or, if it is kept, have it revived."""
        if self.is_to_record and self.session.host.keep_alive:
            self.leaving = DETACHED  # what is open stays open in the history
        else:
            self._stop_taking("the bridge ended")
        self.session.close()

    async def close(self) -> None:
        """Await the remaining tasks."""
        if self._rest is not None:
            self._rest.cancel()
        if self._end is not None:
            self._end.cancel()
            await asyncio.wait([self._end])
        await self.prompts.close()
