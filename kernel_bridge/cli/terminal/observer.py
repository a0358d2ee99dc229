"""The observer of `run` in a terminal: a header for each cell, prompts, and a summary."""

import time
from typing import Protocol

from ...bridge.observer import Observer
from ...bridge.summary import MARKS, duration
from ...escapes import one_line, plain
from ...plurals import count
from ...protocol.objects import Kernel, Run
from ...protocol.vocabulary import Change
from ...runs.events import END_OF_INPUT
from ...runs.run import ENDED_BY_CODE
from ..exits import EXITED, OK
from ..pieces import Piece
from .answers import Answers
from .display import Display
from .screen import DIM, GREEN, RED, Screen


class Reporter(Observer, Protocol):
    """An observer to which `run` also reports its own progress."""

    def expect(self, pieces: dict[str, Piece]) -> None:
        """Announce the coming runs: their pieces by run id, in order."""

    def waiting(self, what: str) -> None:
        """Show what the command is waiting for, between runs; "" clears it."""

    def note(self, message: str) -> None:
        """Print a message if the output is a terminal."""

    def interrupting(self) -> None:
        """Report that the first Ctrl-C interrupts the kernel."""

    def summary(self, runs: list[Run], code: int) -> None:
        """Print the summary, once all runs have ended, and the program with this exit code."""

    async def close(self) -> None:
        """Restore the terminal."""


class Terminal(Display):
    """Writes readable text, to a terminal or a pipe."""

    can_ask = True

    def __init__(self, screen: Screen, answers: Answers, name: str) -> None:
        super().__init__(screen)
        self._answers = answers
        self._name = name  # of the file
        self._pieces: dict[str, Piece] = {}
        self._began = time.monotonic()

    # the observer

    def kernel_changed(self, kernel: Kernel) -> None:
        self._answers.met(kernel)

    def run_changed(self, run: Run) -> None:
        if run.id not in self._pieces:  # it belongs to another client of the kernel
            return
        if run.state == "running":
            self._header(run)
        elif run.ended_at is not None and run.started_at is not None:
            self._end(run, self._name)

    def output(self, run_id: str, kernel_id: str, changes: list[Change], urgent: bool) -> None:
        if run_id in self._pieces:
            super().output(run_id, kernel_id, changes, urgent)

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        self._give_way()
        self._asking = True
        self._show_status()
        screen, answers = self._screen, self._answers
        try:
            with answers.hidden(password):
                if answers.is_terminal or self._stderr.is_terminal:
                    # ipykernel's getpass() has no default prompt; Python's own has this one.
                    screen.write("stderr", plain(prompt) or ("Password: " if password else ""))
                    screen.flush()
                elif not password:  # as Python's input() does
                    screen.write("stdout", plain(prompt))
                line = await answers.line(kernel_id)
        finally:
            self._asking = False
            if answers.is_terminal and not password:
                screen.typed()
            elif self._stderr.is_terminal:
                screen.write("stderr", "\n")
        if line == END_OF_INPUT or (line is None and not answers.is_terminal):
            asked = f" ({one_line(prompt)!r})" if prompt else ""
            ended = (
                "got the end of it (Ctrl-D)"
                if answers.is_terminal
                else "stdin has no more lines; pipe the answers in, or run this in a terminal"
            )
            self._transcript(run_id).unanswered = f"the code asked for input{asked}, but {ended}"
        self._show_status()
        return line

    # reports of `run`

    def expect(self, pieces: dict[str, Piece]) -> None:
        self._pieces = pieces
        self._began = time.monotonic()

    def interrupting(self) -> None:
        if self._answers.is_terminal:
            self._screen.echoed()
        self.note("interrupting; press Ctrl-C again to quit")

    def summary(self, runs: list[Run], code: int) -> None:
        if not self._stderr.is_terminal:
            return
        glyph = self._screen.glyph
        took = duration(time.monotonic() - self._began)
        unrun = sum(run.started_at is None for run in runs)
        rest = f", {unrun} not run" if unrun else ""
        cells = "" if len(runs) == 1 else f"{count(len(runs) - unrun, 'cell')} "
        failed = next(
            (
                number
                for number, run in enumerate(runs, 1)
                if run.state not in ("ok", "queued") and run.reason != ENDED_BY_CODE
            ),
            None,
        )
        run = runs[failed - 1] if failed is not None else None
        exited = run is not None and run.error is not None and run.error.ename in EXITED
        if run is None or (exited and code == OK):
            self._line((glyph(MARKS["ok"], "ok"), GREEN), (f" {cells}in {took}{rest}", DIM))
            return
        what = run.error.ename if run.error is not None and run.error.ename else run.state
        if exited:
            what = f"exit code {code}"
        where = "" if len(runs) == 1 else f"cell {failed} of {len(runs)}: "
        self._line(
            (glyph(MARKS["error"], "failed:"), RED),
            f" {where}{one_line(what)}",
            (f" after {took}{rest}", DIM),
        )

    def _header(self, run: Run) -> None:
        piece = self._pieces[run.id]
        number = list(self._pieces).index(run.id) + 1
        title = one_line(piece.title)
        label = title if len(self._pieces) == 1 else f"{number}/{len(self._pieces)} {title}".rstrip()
        self._label = label or self._name
        self._since = time.monotonic()
        if label and self._stderr.is_terminal:
            self._rule(label)
        self._show_status()
