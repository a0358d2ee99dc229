"""Draws runs on a screen: a header each, their outputs as they come, and a status line while they run."""

import asyncio
import time

from ...bridge.observer import Silent
from ...bridge.summary import duration, error_text
from ...plurals import count
from ...protocol.objects import Run
from ...protocol.vocabulary import Change, ErrorOutput
from ..exits import EXITED
from .screen import BOLD, DIM, RED, YELLOW, Part, Screen, width_of
from .transcript import Transcript

TICK_S = 0.1  # between two updates of the status line
RULE = 72  # the width of a header, in columns
PROPOSED_LINES = 50  # the most that are printed of what a kernel proposes as next input


class Display(Silent):
    """An observer that draws every output; the base class of those that also draw headers and ends."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._stderr = screen.channels["stderr"]
        self._transcripts: dict[str, Transcript] = {}
        self._writing: Transcript | None = None  # the transcript that wrote last
        self._label = ""  # of the status line
        self._since = time.monotonic()
        self._asking = False
        self._ticker: asyncio.Task[None] | None = None

    # the observer

    def typed(self, run_id: str, kernel_id: str, changes: list[Change]) -> None:
        self._transcript(run_id).apply_typed(changes)

    def output(self, run_id: str, kernel_id: str, changes: list[Change], urgent: bool) -> None:
        transcript = self._transcript(run_id)
        if transcript is not self._writing:
            self._give_way()
            self._writing = transcript
        transcript.apply(changes)

    def run_evicted(self, run_id: str) -> None:
        self._transcripts.pop(run_id, None)

    def warn(self, message: str) -> None:
        self._line(("warning:", YELLOW), f" {message}")

    # what the command reports

    def waiting(self, what: str, elapsed_s: float = 0.0) -> None:
        """Show what the command is waiting for, and for how long; "" clears it."""
        self._label = what
        self._since = time.monotonic() - elapsed_s
        if self._ticker is None and self._stderr.is_terminal and self._screen.can_redraw:
            self._ticker = asyncio.create_task(self._tick(), name="status line")
        self._show_status()

    def note(self, message: str) -> None:
        """Print a message if stderr is a terminal."""
        if self._stderr.is_terminal:
            self._line((message, DIM))

    async def close(self) -> None:
        """Restore the terminal."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        self._give_way()
        self._screen.close()

    # inside

    def _rule(self, label: str, more: str = "", end: str = "") -> None:
        """Draw a header: a rule with a label, with `more` about it, and with an end."""
        bar = self._screen.glyph("─", "-")
        end = f" {end}" if end else ""
        rule = bar * max(2, self._width - width_of(label) - len(more) - len(end) - 4)
        self._line((bar * 2, DIM), " ", (label, BOLD), " ", (f"{more}{rule}{end}", DIM))

    def _transcript(self, run_id: str) -> Transcript:
        return self._transcripts.setdefault(run_id, Transcript(self._screen))

    @property
    def _width(self) -> int:
        """The width of a header, in columns."""
        return min(self._screen.size[0] - 1, RULE)

    def _end(self, run: Run, file: str) -> None:
        """Draw the end of a run. `file` is the name of the file that its code comes from."""
        transcript = self._transcript(run.id)
        transcript.end()
        for other in self._transcripts.values():
            if other.is_stale:
                self._give_way()
                other.settle()
        self._label = ""
        self._show_status()
        if run.lost_messages:
            self.warn(f"output is missing: {count(run.lost_messages, 'message')} of the kernel never arrived")
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
                self._line((f"{file}:{error.line + 1}:", BOLD), f" {what}")
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
