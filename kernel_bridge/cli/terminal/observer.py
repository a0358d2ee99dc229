"""The bridge's observer for a terminal: live outputs, a header for each cell, a status line, prompts."""

import asyncio
import time
from typing import Protocol

from ...bridge.observer import Observer, Silent
from ...bridge.summary import MARKS, duration, error_text
from ...escapes import one_line, plain
from ...plurals import count
from ...protocol.objects import Kernel, Run
from ...protocol.vocabulary import Change, ErrorOutput
from ...runs.events import END_OF_INPUT
from ...runs.run import ENDED_BY_CODE
from ..exits import EXITED, OK
from ..pieces import Piece
from .answers import Answers
from .screen import BOLD, DIM, GREEN, RED, YELLOW, Part, Screen
from .transcript import Transcript

TICK_S = 0.1  # between two updates of the status line
RULE = 72  # the width of a header, in columns
PROPOSED_LINES = 50  # the most that are printed of what a kernel proposes as next input


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


class Terminal(Silent):
    """Writes readable text, to a terminal or a pipe."""

    can_ask = True

    def __init__(self, screen: Screen, answers: Answers, name: str) -> None:
        self._screen = screen
        self._stderr = screen.channels["stderr"]
        self._answers = answers
        self._name = name  # of the file
        self._pieces: dict[str, Piece] = {}
        self._transcripts: dict[str, Transcript] = {}
        self._writing: Transcript | None = None  # the transcript that wrote last
        self._label = ""
        self._since = time.monotonic()
        self._began = self._since
        self._asking = False
        self._ticker: asyncio.Task[None] | None = None

    # the observer

    def kernel_changed(self, kernel: Kernel) -> None:
        self._answers.met(kernel)

    def run_changed(self, run: Run) -> None:
        if run.id not in self._pieces:  # it belongs to another client of the kernel
            return
        if run.state == "running":
            self._header(run)
        elif run.ended_at is not None and run.started_at is not None:
            self._end(run)

    def typed(self, run_id: str, kernel_id: str, changes: list[Change]) -> None:
        self._transcript(run_id).apply_typed(changes)

    def output(self, run_id: str, kernel_id: str, changes: list[Change], urgent: bool) -> None:
        if run_id not in self._pieces:
            return
        transcript = self._transcript(run_id)
        if transcript is not self._writing:
            self._give_way()
            self._writing = transcript
        transcript.apply(changes)

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

    def warn(self, message: str) -> None:
        self._line(("warning:", YELLOW), f" {message}")

    # reports of `run`

    def expect(self, pieces: dict[str, Piece]) -> None:
        self._pieces = pieces
        self._began = time.monotonic()

    def waiting(self, what: str) -> None:
        self._label = what
        self._since = time.monotonic()
        if self._ticker is None and self._stderr.is_terminal and self._screen.can_redraw:
            self._ticker = asyncio.create_task(self._tick(), name="status line")
        self._show_status()

    def note(self, message: str) -> None:
        if self._stderr.is_terminal:
            self._line((message, DIM))

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

    async def close(self) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        self._give_way()
        self._screen.close()

    # inside

    def _transcript(self, run_id: str) -> Transcript:
        return self._transcripts.setdefault(run_id, Transcript(self._screen))

    def _header(self, run: Run) -> None:
        piece = self._pieces[run.id]
        number = list(self._pieces).index(run.id) + 1
        title = one_line(piece.title)
        label = title if len(self._pieces) == 1 else f"{number}/{len(self._pieces)} {title}".rstrip()
        self._label = label or self._name
        self._since = time.monotonic()
        if label and self._stderr.is_terminal:
            bar = self._screen.glyph("─", "-")
            width = min(self._screen.size[0] - 1, RULE)
            rule = bar * max(2, width - len(label) - 4)
            self._line((bar * 2, DIM), " ", (label, BOLD), " ", (rule, DIM))
        self._show_status()

    def _end(self, run: Run) -> None:
        transcript = self._transcript(run.id)
        transcript.end()
        for other in self._transcripts.values():
            if other.is_stale:
                self._give_way()
                other.settle()
        self._label = ""
        self._show_status()
        if run.lost_messages:
            self.warn(f"output is missing: the kernel dropped {count(run.lost_messages, 'message')}")
        if run.missing_bytes:
            self.warn(f"the history is missing about {count(run.missing_bytes, 'byte')} of this output")
        if run.state == "lost" and not transcript.has_error:
            self._line(("the run is lost:", RED), f" {run.reason}")
        elif run.error is not None and run.error.ename not in EXITED:
            error = run.error
            if not transcript.has_error:
                output: ErrorOutput = {
                    "output_type": "error",
                    "ename": error.ename,
                    "evalue": error.evalue,
                    "traceback": error.traceback,
                }
                transcript.apply([{"kind": "append", "output": output}])
            what = transcript.unanswered or error_text(run).partition("\n")[0]
            if error.line is not None:
                self._line((f"{self._name}:{error.line + 1}:", BOLD), f" {what}")
            elif transcript.unanswered is not None:
                self._line(("error:", RED), f" {what}")
            if error.hint is not None:
                self._line(("hint:", YELLOW), f" {error.hint}")
        if run.next_input is not None:
            self._propose(run.next_input)

    def _propose(self, next_input: str) -> None:
        """Print the code that the kernel proposes (`%load`, `%recall`)."""
        lines = next_input.splitlines()
        self._line(("the kernel proposes as next input:", BOLD))
        for line in lines[:PROPOSED_LINES]:
            self._line(f"    {line}".rstrip())
        if len(lines) > PROPOSED_LINES:
            self._line((f"    … and {count(len(lines) - PROPOSED_LINES, 'more line')}", DIM))

    def _line(self, *parts: Part) -> None:
        self._give_way()
        self._screen.line("stderr", *parts)

    def _give_way(self) -> None:
        if self._writing is not None:
            self._writing.interrupted()
            self._writing = None

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._show_status()

    def _show_status(self) -> None:
        if not self._label or self._asking:
            self._screen.show_status("")
            return
        elapsed = time.monotonic() - self._since
        wheel = self._screen.glyph("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\")
        turn = wheel[int(elapsed / TICK_S) % len(wheel)]
        self._screen.show_status(f"{turn} {self._label}  {duration(elapsed)}")
