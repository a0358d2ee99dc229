"""Runs code on one kernel: its queue, its runs, and the effect of each message on them.

The main data path is `received`: an event finds its run by its parent, the fold computes what changed, and
the change is written to the history and sent to the clients.
"""

import asyncio
import logging
import re
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from ..history.journal import Journal
from ..kernels.records import Keeping
from ..kernels.session import KernelSession, Listener
from ..protocol import objects as wire
from ..protocol.objects import Kernel
from ..runs.events import (
    Aside,
    ClearOutput,
    DisplayData,
    Error,
    Event,
    ExecuteInput,
    ExecuteReply,
    ExecuteResult,
    InputRequest,
    Status,
    Stream,
    UpdateDisplayData,
    death,
)
from ..runs.fold import Outputs
from ..runs.live import LiveOutputs
from ..runs.queue import Place, RunQueue, stops_others
from ..runs.run import ENDED_BY_CODE, Run
from .changed import Changed
from .diagnosis import diagnose
from .grace import Grace
from .observer import Observers
from .prompts import Prompts
from .publication import Publication
from .run_memory import RememberedRuns
from .wire import kernel_to_wire, now, run_to_wire

log = logging.getLogger(__name__)

UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
UNHEARD = "it ended while no kernel-bridge was listening; its result is unknown"
WAITS = "it waits for input, which a client with a user can give once it attaches"
OUTPUT_EVENTS = (Stream, DisplayData, ExecuteResult, Error, ClearOutput)


class Runner:
    """The runs of a kernel session; it is the session's listener.

    `live` is the type of the outputs that clients see, and their budget in bytes; its argument: whether the
    history has the run.
    """

    def __init__(
        self,
        observers: Observers,
        open_journal: Callable[[], Journal | None],
        keeping: Keeping,
        live: Callable[[bool], tuple[type[LiveOutputs], int]],
        make: Callable[[Listener], KernelSession],
    ) -> None:
        self.session = make(self)
        self.keeping = keeping  # what a recorder is asked to do, should it be kept
        self.recorded = False  # a recorder follows it
        self.queue = RunQueue()
        self.publication = Publication(observers, open_journal)
        self._live = live
        self._ends: dict[str, asyncio.Future[None]] = {}
        self.activity = Changed()  # of the kernel or its runs
        self.grace = Grace(self.session, self._give_up_waiting)
        self._rest: asyncio.TimerHandle | None = None  # while it is set, nothing is sent
        self._held = False  # it is being handed over, and nothing is sent
        self.began_at = 0.0  # loop time of the running run's busy status, later of its execute_input
        self.prompts = Prompts(observers, self.publication.typed)
        self._published: Kernel | None = None
        self.documents: list[str] = []
        self._end: asyncio.Task[None] | None = None  # the code has ended it, and its process is ending
        self.unsure: list[Run] = []  # taken from another process; they may have ended unheard
        self.leaving: str | None = None  # why it takes no more runs, although its process may still exist
        self.inquiry_lock = asyncio.Lock()  # serialises hover and completion requests: they never pile up
        self.runs = RememberedRuns(observers.run_evicted)
        self.asides: list[Callable[[Aside, Run | None], None]] = []

    # what it is

    @property
    def id(self) -> str:
        return self.session.id

    @property
    def alive(self) -> bool:
        return self.session.state != "dead"

    def to_wire(self) -> Kernel:
        reason = WAITS if self.recorded and self.prompts.opened() else self.session.reason
        return kernel_to_wire(self.session, reason, len(self.queue.waiting), self.documents, self.recorded)

    def publish(self) -> None:
        """Notify observers of the kernel, if its wire form has changed."""
        kernel = self.to_wire()
        if kernel != self._published:
            self._published = kernel
            self.publication.observers.kernel_changed(kernel)

    # running

    def give_up(self, place: Place) -> None:
        """Drop the place if it was not filled, so that runs behind it can proceed."""
        self.queue.fill(place, [])
        self._pump()
        self.activity.notify()

    def enqueue(self, runs: list[Run], place: Place) -> list[wire.Run]:
        """Queue runs in the place held for them. Return their wire form at that moment, for `announce`.

        If the kernel is free, the first run is sent now: it executes while clients are notified.
        """
        queued = [run_to_wire(run) for run in runs]
        for run in runs:
            self.runs.add(run)
        self.queue.fill(place, runs)
        self._send()
        return queued

    def announce(self, runs: list[Run], queued: list[wire.Run]) -> None:
        """Notify observers of newly queued runs, and of the one that has been sent since."""
        kernel = self.to_wire()
        for run, was in zip(runs, queued, strict=True):
            self.publication.began(run, was, kernel)
        if (sent := self.queue.running) in runs and sent is not None:
            self.publication.changed(sent)
        self.publish()

    def other_ended(self, run: Run) -> None:
        """A run on another kernel has ended, which runs here may wait for."""
        if stops_others(run):
            self._have_ended(self.queue.settle(now()))
        self._pump()
        self.publish()

    def _pump(self) -> None:
        if run := self._send():
            self.publication.changed(run)

    def _send(self) -> Run | None:
        """Send the next queued run if the kernel is free. Return it; the caller notifies observers."""
        if self.session.state not in ("idle", "busy") or self._rest is not None or self._held or self.leaving:
            return None
        run = self.queue.take()
        if run is None:
            return None
        run.epoch = self.session.host.epoch
        if self.session.state == "idle":
            self.session.take_lost()  # messages lost earlier, such as during an attach, are not this run's
        self.session.host.sending(run.id, self.session.heard)
        self.session.execute(
            run.source,
            message_id=run.id,
            silent=run.silent,
            store_history=run.store_history,
            allow_stdin=run.allow_stdin and bool(self.publication.observers.who_can_ask()),
            stop_on_error=False,  # the queue decides: kernels differ in which requests they abort
        )
        run.start(run.id, now())
        self.runs.sent(run, run.id)
        return run

    def ended(self, run: Run) -> asyncio.Future[None]:
        """A future that completes when the run ends. Cancelling it does not affect other waiters."""
        future = self._ends.get(run.id)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            if run.ended:
                future.set_result(None)
            else:
                self._ends[run.id] = future
        return asyncio.shield(future)

    def _have_ended(self, runs: Iterable[Run]) -> None:
        for run in runs:
            self.prompts.withdraw(run)
            diagnose(run, self.session.spec)
            self.publication.changed(run)
            self.runs.ended(run)
            if future := self._ends.pop(run.id, None):
                future.set_result(None)
        self.activity.notify()

    # the session's listener

    def received(self, batch: list[tuple[str | None, Event]]) -> None:
        """Process messages of the kernel, in the order they arrived."""
        with self.publication.together(self.session.heard):
            for parent, event in batch:
                self._receive(parent or "", event)
        self.activity.notify()

    def _receive(self, parent: str, event: Event) -> None:
        if isinstance(event, UpdateDisplayData):  # its parent may be a widget callback, not a run
            self._update_display(event)
            return
        run = self.runs.heard(parent) or self._foreign(parent, event)
        if run is None:
            return
        try:
            self._take(run, event)
        except Exception:
            log.exception("kernel %s: run %s: handling %s failed", self.id, run.id, type(event).__name__)

    def aside(self, message: Aside) -> None:
        """Pass a comm message or debug event to each of `asides`, with its run, if it has one.

        Called in order with `received`. Widgets and debuggers plug in here.
        """
        for take in self.asides:
            take(message, self.runs.heard(message.parent or ""))

    def _take(self, run: Run, event: Event) -> None:
        match event:
            case Stream() | DisplayData() | ExecuteResult() | ClearOutput():
                self._fold(run, event)
            case Status(state="busy"):
                run.busy = True
                self.began_at = asyncio.get_running_loop().time()
                run.times.setdefault("iopub.status.busy", now())
            case Status(state="idle"):
                run.idle = True
                run.times.setdefault("iopub.status.idle", now())
                self._advance(run)
            case ExecuteReply():
                for page in event.pages:
                    self.publication.outputs_changed(run, run.outputs.page(page), urgent=True)
                run.take_reply(event, now())
                if event.ends_kernel:
                    self.leaving = ENDED_BY_CODE
                self._advance(run)
            case ExecuteInput():
                self.began_at = asyncio.get_running_loop().time()
                run.times.setdefault("iopub.execute_input", now())
                if event.execution_count is not None and not run.ended:
                    run.execution_count = event.execution_count
            case Error():
                self._fold(run, event)
                if not run.ended:
                    run.error = event
            case InputRequest():
                self.prompts.ask(self.session, run, event)

    def _update_display(self, event: UpdateDisplayData) -> None:
        for shown in self.runs.showing(event.display_id or ""):
            update = shown.outputs.update_display(event.display_id or "", event.data, event.metadata)
            self.publication.outputs_changed(shown, update, urgent=True)

    def _fold(self, run: Run, event: Stream | DisplayData | ExecuteResult | ClearOutput | Error) -> None:
        changes = run.outputs.fold(event)
        display_id = getattr(event, "display_id", None)
        if display_id is not None:
            self.runs.shows(run, display_id)
        self.publication.outputs_changed(run, changes, urgent=not isinstance(event, Stream))

    def _advance(self, run: Run) -> None:
        """End the run if both its reply and its idle have arrived; otherwise wait for the other one."""
        if run.ended:
            return
        if run.origin == "other":
            run.lost_messages = self.session.take_lost()
            run.end(run.outcome(), now())
            self._have_ended([run])
        elif run.complete:
            self._finish()
        else:
            self.grace.begin(run)

    def _give_up_waiting(self, run: Run) -> None:
        run.degraded = True
        self._finish()

    def _finish(self) -> None:
        self.grace.end()
        run = self.queue.running
        if run is not None:
            run.lost_messages = self.session.take_lost()
            if run.ends_kernel:
                self._fold(run, Stream("stderr", f"the kernel was {ENDED_BY_CODE}\n"))
        ended = self.queue.finish(now())
        if run is not None and run.state == "error" and (rest_s := self.session.quirks.rest_after_error_s):
            self._rest = asyncio.get_running_loop().call_later(rest_s, self._end_rest)
        sent = self._send()  # first, so that the kernel works while clients are notified
        self._have_ended(ended)
        if sent is not None:
            self.publication.changed(sent)
        if run is not None and run.ends_kernel:
            self._end = asyncio.create_task(self.session.take_leave(ENDED_BY_CODE), name=f"end of {self.id}")
        self.publish()

    def _end_rest(self) -> None:
        self._rest = None
        self._pump()

    def _foreign(self, parent: str, event: Event) -> Run | None:
        """Make a run for code that another client executes, or for output with an unknown parent."""
        if not isinstance(event, (ExecuteInput, *OUTPUT_EVENTS)):
            return None
        source = event.code if isinstance(event, ExecuteInput) else ""
        time = now()
        run = self.new_run(source, _run_id(parent), origin="other", queued_at=time)
        self.runs.add(run)
        self.runs.sent(run, parent)
        run.busy = True
        run.start(parent, time)
        self.publication.began(run, run_to_wire(run), self.to_wire())
        if not parent:  # it has no parent request, so no idle will ever end it
            run.end("ok", time)
            self.publication.changed(run)
            self.runs.ended(run)
        return run

    def new_run(self, source: str, run_id: str | None = None, **fields: Any) -> Run:
        """Make a run of `source` on this kernel; `fields` are those of Run."""
        kept = self.publication.keeps_runs() and not fields.get("silent")
        kind, budget_bytes = self._live(kept)
        return Run(
            id=run_id or str(uuid.uuid4()),
            kernel_id=self.id,
            epoch=self.session.host.epoch,
            source=source,
            outputs=Outputs(),
            live=kind(budget_bytes),
            kept=kept,
            **fields,
        )

    def changed(self) -> None:
        """The session's state, reason or epoch changed."""
        if self.session.state == "dead":
            reason = self.session.reason or "the kernel died"
            if self.queue.running is not None and self.queue.running.ends_kernel:
                self._finish()
            elif self.leaving is None:
                for run in self.runs.running():
                    self._fold(run, death(reason))
            self._lose(reason)
        elif self.session.state == "restarting":
            self._lose("the kernel was restarted")
            self.runs.forget_displays()
        elif self.session.state == "idle" and self.unsure:
            self._lose_unheard()
        self._pump()
        self.publish()
        self.activity.notify()

    def _lose(self, reason: str) -> None:
        self.grace.end()
        time = now()
        lost = self.queue.lose(reason, time)
        for run in self.runs.open():
            if not run.ended:  # it belongs to another client
                run.end("lost", time, reason)
                lost.append(run)
        self._have_ended(lost)

    def _lose_unheard(self) -> None:
        """The kernel is idle: what another process has left open here has ended before it was heard."""
        unheard = [run for run in self.unsure if not run.ended and not run.idle]
        self.unsure.clear()
        if self.queue.running in unheard:
            self.grace.end()
            self.queue.running = None
        time = now()
        for run in unheard:
            run.lost_messages = self.session.take_lost()
            run.end("lost", time, UNHEARD)
        self._have_ended(unheard)

    # stopping

    def cancel_waiting(self, reason: str) -> None:
        """Cancel everything that is queued."""
        self._have_ended(self.queue.drop("cancelled", reason, now()))
        self.publish()

    def cancel_if_waiting(self, run: Run, reason: str) -> bool:
        """Cancel a run that is still queued; False if it is not."""
        if not self.queue.cancel(run, reason, now()):
            return False
        self._have_ended([run])
        self.publish()
        return True


def _run_id(parent: str) -> str | None:
    """The id of the run that a message with this parent belongs to, if another kernel-bridge has sent it."""
    return parent if UUID.fullmatch(parent) else None
