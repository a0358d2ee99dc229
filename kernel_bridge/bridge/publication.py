"""Publishes what happens to a kernel's runs: to the history first, then to every client."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

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
        self.journals: list[Journal] = []  # all that runs are written to
        self._adopted: dict[str, Journal] = {}  # of runs that another process began, in another history

    def keeps_runs(self) -> bool:
        """Whether a run made now goes into the history."""
        journal = self._open_journal()
        if journal is not None and journal is not self._journal:
            self._journal = journal
            self._use(journal)
        return journal is not None

    def together(self, heard: int | None) -> AbstractContextManager[None]:
        """Store what is published inside together; `heard` is the number of the last message behind it."""
        if len(self.journals) < 2:
            return self.journals[0].together(heard) if self.journals else nullcontext()
        return self._all_together(heard)

    @contextmanager
    def _all_together(self, heard: int | None) -> Iterator[None]:
        with ExitStack() as every:
            for journal in self.journals:
                every.enter_context(journal.together(heard))
            yield

    def adopt(self, runs: list[Run], journals: Mapping[str, Journal]) -> None:
        """Publish runs that another process has followed so far. `journals`: of each kept run, by its id."""
        for run in runs:
            self.observers.run_met(run, run_to_wire)
            if run.kept:
                journal = self._adopted[run.id] = journals[run.id]
                self._use(journal)
                journal.take([run.id])
        for run in runs:
            if not run.ended:
                self.changed(run)

    def reclaim(self, runs: list[Run]) -> None:
        """Own these runs again, which another process may have taken meanwhile."""
        for run in runs:
            if not run.ended and (journal := self._journal_of(run)) is not None:
                journal.take([run.id])
                self.changed(run)

    def histories(self, runs: list[Run]) -> dict[str, str]:
        """The database file of each run that is kept, by its id."""
        return {run.id: str(journal.path) for run in runs if (journal := self._journal_of(run)) is not None}

    def _use(self, journal: Journal) -> None:
        if journal not in self.journals:
            self.journals.append(journal)

    def _journal_of(self, run: Run) -> Journal | None:
        return self._adopted.get(run.id, self._journal) if run.kept else None

    def began(self, run: Run, queued: wire.Run, kernel: wire.Kernel) -> None:
        """Publish a new run, as it was when it was queued."""
        if self._journal is not None and run.kept:
            self._journal.run_started(queued, kernel, _options(run))
        self.observers.run_changed(queued)

    def changed(self, run: Run) -> None:
        self.observers.run_changed(self.stored(run))

    def stored(self, run: Run) -> wire.Run:
        """Write the run's state to the history only. Return its wire form."""
        changed = run_to_wire(run)
        if (journal := self._journal_of(run)) is not None:
            journal.run_changed(changed, run.times)
        return changed

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
        if (journal := self._journal_of(run)) is not None:
            journal.outputs_changed(run.id, changes)


def _options(run: Run) -> Options:
    return Options(
        store_history=run.store_history,
        stop_on_error=run.stop_on_error,
        allow_stdin=run.allow_stdin,
        after=run.after.id if run.after is not None else None,
        message_id=run.message_id if run.message_id != run.id else None,
        location=run.location,
    )
