"""The bridge's observers for scripts: one prints only warnings, one prints notifications as JSON lines."""

import sys
from collections.abc import Callable

import msgspec

from ..bridge.observer import Silent
from ..protocol.notifications import (
    KERNEL,
    OUTPUT,
    RUN,
    KernelNotification,
    OutputNotification,
    RunNotification,
)
from ..protocol.objects import Kernel, Run, Wire
from ..protocol.vocabulary import Change
from ..server.encoding import encode
from .exits import give_up
from .output import write_json
from .pieces import Piece
from .terminal.answers import Answers


class Quiet(Silent):
    """Prints warnings to stderr, and nothing else."""

    def warn(self, message: str) -> None:
        print(f"kernel-bridge: warning: {message}", file=sys.stderr)


class JsonLines(Quiet):
    """Prints each notification to stdout as a line `{"method", "params"}`."""

    def __init__(self, broken: Callable[[OSError], None]) -> None:
        self._broken: Callable[[OSError], None] | None = broken  # called once, when stdout breaks
        self._seq: dict[str, int] = {}

    def kernel_changed(self, kernel: Kernel) -> None:
        self._write(KERNEL, KernelNotification(kernel=kernel))

    def run_met(self, run: Run) -> None:
        self.run_changed(msgspec.structs.replace(run, outputs=None))
        self.output(run.id, run.kernel_id, appended(run), urgent=True)

    def run_changed(self, run: Run) -> None:
        self._write(RUN, RunNotification(run=run))

    def output(self, run_id: str, kernel_id: str, changes: list[Change], urgent: bool) -> None:
        if not changes:
            return
        seq = self._seq[run_id] = self._seq.get(run_id, 0) + 1
        self._write(OUTPUT, OutputNotification(run_id=run_id, kernel_id=kernel_id, seq=seq, changes=changes))

    def run_evicted(self, run_id: str) -> None:
        self._seq.pop(run_id, None)

    def note(self, message: str) -> None:
        pass

    async def close(self) -> None:
        pass

    def _write(self, method: str, params: Wire) -> None:
        if self._broken is None:
            return
        try:
            write_json(encode({"method": method, "params": params}))
        except OSError as error:
            give_up(sys.stdout)
            self._broken(error)
            self._broken = None


class JsonReporter(JsonLines):
    """As `JsonLines`, for `run`: also answers input() from stdin."""

    can_ask = True

    def __init__(self, answers: Answers, broken: Callable[[OSError], None]) -> None:
        super().__init__(broken)
        self._answers = answers

    def kernel_changed(self, kernel: Kernel) -> None:
        self._answers.met(kernel)
        super().kernel_changed(kernel)

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        with self._answers.hidden(password):
            if self._answers.is_terminal:
                print(prompt, end="", file=sys.stderr, flush=True)
            return await self._answers.line(kernel_id)

    def expect(self, pieces: dict[str, Piece]) -> None:
        pass

    def waiting(self, what: str) -> None:
        pass

    def interrupting(self) -> None:
        pass

    def summary(self, runs: list[Run], code: int) -> None:
        pass


def appended(run: Run) -> list[Change]:
    """The outputs of a run as changes to an empty list."""
    return [{"kind": "append", "output": output} for output in run.outputs or ()]
