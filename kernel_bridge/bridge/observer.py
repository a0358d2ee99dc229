"""The clients of one bridge: an editor, a terminal, or a live page."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ..protocol.objects import Kernel
from ..protocol.objects import Run as WireRun
from ..protocol.vocabulary import Change

if TYPE_CHECKING:  # an outbox is made before `initialize` is answered
    from ..runs.changes import FoldChange
    from ..runs.live import LiveOutputs
    from ..runs.run import Run

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with (done, total), possibly from another thread."""


class Observer(Protocol):
    """One client. Notified of everything that happens, in order, on the event loop."""

    @property
    def can_ask(self) -> bool:
        """Whether it answers `ask`. If no client does, kernels raise their own error for input()."""

    def kernel_changed(self, kernel: Kernel) -> None:
        """A kernel's state, epoch or queue length changed."""

    def run_met(self, run: WireRun) -> None:
        """A run from before the client joined, with outputs. Later changes apply to these outputs."""

    def run_changed(self, run: WireRun) -> None:
        """A run changed its state. The run comes without outputs."""

    def output(self, run_id: str, kernel_id: str, changes: list[Change], urgent: bool) -> None:
        """The outputs of a run changed: wire changes, in order. `urgent`: more than stream text.

        The list is shared with other clients: do not modify it.
        """

    def typed(self, run_id: str, kernel_id: str, changes: list[Change]) -> None:
        """The outputs changed by what a user typed for input(). Differs where a terminal has echoed it."""
        self.output(run_id, kernel_id, changes, urgent=True)

    def run_evicted(self, run_id: str) -> None:
        """The run was evicted from memory; no further notifications follow."""

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        """What the user types; None if the user cancelled. If it raises, another client must answer.

        Cancelled when the run ends first, or when another client has answered.
        """

    def warn(self, message: str) -> None:
        """Report something that the user should know but that fails no command."""


class Silent(Observer):
    """Ignores everything; the base class of observers."""

    @property
    def can_ask(self) -> bool:
        return False

    def kernel_changed(self, kernel: Kernel) -> None:
        pass

    def run_met(self, run: WireRun) -> None:
        pass

    def run_changed(self, run: WireRun) -> None:
        pass

    def output(self, run_id: str, kernel_id: str, changes: list[Change], urgent: bool) -> None:
        pass

    def run_evicted(self, run_id: str) -> None:
        pass

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        return None

    def warn(self, message: str) -> None:
        pass


class Observers:
    """All clients of one bridge. An exception in one is logged and does not affect the others."""

    def __init__(self) -> None:
        self._all: tuple[Observer, ...] = ()
        self._budgets: dict[Observer, _Budget] = {}  # only of clients with a budget of their own

    def add(self, observer: Observer, budget_bytes: int | None = None) -> None:
        """Add a client. `budget_bytes` bounds the stream text of each run; None: the setting outputBudget."""
        self._all = (*self._all, observer)
        if budget_bytes is not None:
            self._budgets[observer] = _Budget(budget_bytes)

    def remove(self, observer: Observer) -> None:
        self._all = tuple(other for other in self._all if other is not observer)
        self._budgets.pop(observer, None)

    def live(self, run: "Run", observer: Observer | None) -> "LiveOutputs":
        """A run's outputs as this client has them; for None, as a client without its own budget has them."""
        budget = self._budgets.get(observer) if observer is not None else None
        return run.live if budget is None else budget.live(run)

    def who_can_ask(self) -> list[Observer]:
        return [observer for observer in self._all if observer.can_ask]

    def kernel_changed(self, kernel: Kernel) -> None:
        self._each(lambda observer: observer.kernel_changed(kernel))

    def run_met(self, run: "Run", shown: "Callable[[Run, LiveOutputs], WireRun]") -> None:
        """A run from before its kernel was followed here. `shown` converts it, with a client's outputs."""
        self._each(lambda observer: observer.run_met(shown(run, self.live(run, observer))))

    def run_changed(self, run: WireRun) -> None:
        self._each(lambda observer: observer.run_changed(run))

    def outputs_changed(self, run: "Run", changes: "list[FoldChange]", urgent: bool) -> None:
        """Apply the changes to each client's copy of the run's outputs, and notify the client."""
        own, shared = self._apply(run, changes)
        for observer in self._all:  # a hot path: no closures
            sent = own.get(observer, shared) if own else shared
            try:
                observer.output(run.id, run.kernel_id, sent, urgent)
            except Exception:
                _log_failure(observer)

    def typed(self, run: "Run", changes: "list[FoldChange]") -> None:
        """As `outputs_changed`, for what a user typed for input()."""
        own, shared = self._apply(run, changes)
        self._each(lambda observer: observer.typed(run.id, run.kernel_id, own.get(observer, shared)))

    def _apply(
        self, run: "Run", changes: "list[FoldChange]"
    ) -> tuple[dict[Observer, list[Change]], list[Change]]:
        """The wire changes of clients with their own budget, and of all others."""
        # Budgets come first, because a new copy is made of run.live.
        own: dict[Observer, list[Change]] = {}
        if self._budgets:
            own = {observer: budget.live(run).apply(changes) for observer, budget in self._budgets.items()}
        return own, run.live.apply(changes)

    def run_evicted(self, run_id: str) -> None:
        for budget in self._budgets.values():
            budget.forget(run_id)
        self._each(lambda observer: observer.run_evicted(run_id))

    def warn(self, message: str) -> None:
        self._each(lambda observer: observer.warn(message))

    def _each(self, notify: Callable[[Observer], None]) -> None:
        for observer in self._all:
            try:
                notify(observer)
            except Exception:
                _log_failure(observer)


def _log_failure(observer: Observer) -> None:
    log.exception("a notification failed in %s", type(observer).__name__)


class _Budget:
    """The outputs of each run within one client's budget."""

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._lives: dict[str, LiveOutputs] = {}  # by the id of the run

    def live(self, run: "Run") -> "LiveOutputs":
        live = self._lives.get(run.id)
        if live is None:
            live = self._lives[run.id] = run.live.under(self._size_bytes)
        return live

    def forget(self, run_id: str) -> None:
        self._lives.pop(run_id, None)
