"""Whoever watches the bridge: the language server, or a terminal."""

from collections.abc import Callable
from typing import Protocol

from ..protocol.objects import Kernel, Run
from ..protocol.vocabulary import Change

Progress = Callable[[int, int], None]
"""Told how much of how much is done, perhaps in another thread."""


class Observer(Protocol):
    """Told of everything that happens, on the event loop, in the order it happens."""

    @property
    def can_ask(self) -> bool:
        """Whether it answers `ask`; otherwise kernels raise their own error for input()."""

    def kernel_changed(self, kernel: Kernel) -> None:
        """A state, an epoch or a queue length changed."""

    def run_changed(self, run: Run) -> None:
        """A run changed its state (without outputs)."""

    def output(self, run_id: str, kernel_id: str, changes: list[Change], urgent: bool) -> None:
        """The outputs of a run changed; wire changes, in order. `urgent`: more than stream text."""

    def run_let_go(self, run_id: str) -> None:
        """Nothing more will be told of a run: it has ended, and the bridge holds it no longer."""

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        """What the user types; None: the user cancelled. Cancelled when the run ends first."""

    def warn(self, message: str) -> None:
        """Something a person should know, that fails no command."""
