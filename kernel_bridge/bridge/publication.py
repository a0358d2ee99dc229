"""Publishes what happens to a kernel's runs: to the history first, then to every client."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from ..history.journal import Journal
from ..history.records import Options
from ..protocol import objects as wire
from ..runs.changes import FoldChange
from ..runs.events import Stream
from ..runs.run import Run
from .observer import Observers
from .wire import run_to_wire


class Publication:
    """`open_journal` returns None if the history is disabled. Once a run is stored, all of it is."""

    def __init__(self, observers: Observers, open_journal: Callable[[], Journal | None]) -> None:
        self.observers = observers
        self._open_journal = open_journal
        self._journal: Journal | None = None

    def keeps_runs(self) -> bool:
        """Whether a run made now goes into the history."""
        journal = self._open_journal()
        self._journal = journal or self._journal
        return journal is not None

    def together(self, heard: int | None) -> AbstractContextManager[None]:
        """Store what is published inside together; `heard` is the number of the last message behind it."""
        return self._journal.together(heard) if self._journal is not None else nullcontext()

    def began(self, run: Run, queued: wire.Run, kernel: wire.Kernel) -> None:
        """Publish a new run, as it was when it was queued."""
        if self._journal is not None and run.kept:
            self._journal.run_started(queued, kernel, _options(run))
        self.observers.run_changed(queued)

    def changed(self, run: Run) -> None:
        changed = run_to_wire(run)
        if self._journal is not None and run.kept:
            self._journal.run_changed(changed, run.times)
        self.observers.run_changed(changed)

    def outputs_changed(self, run: Run, changes: list[FoldChange], urgent: bool) -> None:
        """`urgent`: more than stream text."""
        if not changes:
            return
        self._keep(run, changes)
        self.observers.outputs_changed(run, changes, urgent)

    def typed(self, run: Run, text: Stream) -> None:
        """Publish what a user typed for input()."""
        changes = run.outputs.fold(text)
        self._keep(run, changes)
        self.observers.typed(run, changes)

    def _keep(self, run: Run, changes: list[FoldChange]) -> None:
        if self._journal is not None and run.kept:
            self._journal.outputs_changed(run.id, changes)


def _options(run: Run) -> Options:
    return Options(
        store_history=run.store_history,
        stop_on_error=run.stop_on_error,
        allow_stdin=run.allow_stdin,
        after=run.after.id if run.after is not None else None,
        message_id=run.message_id if run.message_id != run.id else None,
        location=run.location,
    )
