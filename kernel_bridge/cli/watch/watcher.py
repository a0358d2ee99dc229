"""The observer of `watch` in a terminal: every run of a kernel, below a header with its code."""

from datetime import UTC, datetime

from ...bridge.summary import MARKS
from ...escapes import one_line
from ...plurals import count
from ...protocol.objects import Kernel, Run
from ..description import file_of, first_line, name_of, took
from ..observers import appended
from ..terminal.display import Display
from ..terminal.screen import DIM, GREEN, RED

UNKNOWN = "(code not known)"


class Watcher(Display):
    """Writes all runs of a kernel to a terminal or a pipe: outputs to stdout, everything else to stderr."""

    def kernel_changed(self, kernel: Kernel) -> None:
        if kernel.state != "busy":  # a busy kernel shows its run
            self.waiting(kernel.state if kernel.state != "dead" else "")

    def run_met(self, run: Run) -> None:
        if run.started_at is None:
            return
        self._begin(run)
        self.output(run.id, run.kernel_id, appended(run), urgent=True)
        if run.ended_at is not None:
            self._finish(run)

    def run_changed(self, run: Run) -> None:
        if run.state == "running":
            self._begin(run)
        elif run.started_at is not None:
            self._finish(run)

    def _begin(self, run: Run) -> None:
        began = datetime.fromisoformat(run.started_at or run.queued_at)
        code, others = first_line(run)
        label = "  ".join(filter(None, (file_of(run), one_line(code) or UNKNOWN)))
        more = f"+{count(others, 'line')} " if others else ""
        time = _clock(began)
        label = self._screen.shortened(label, max(self._width - len(more) - len(time) - 8, 8))
        self._rule(label, more, time)
        self.waiting(label, (datetime.now(UTC) - began).total_seconds())

    def _finish(self, run: Run) -> None:
        self._end(run, name_of(run))
        glyph, after = self._screen.glyph, took(run)
        if run.state == "ok":
            self._line((glyph(MARKS["ok"], "ok"), GREEN), (f" {after}", DIM))
            return
        what = run.summary.state if run.summary is not None else run.state
        if what == "error" and run.error is not None and run.error.ename:
            what = run.error.ename
        self._line((glyph(MARKS["error"], "failed:"), RED), f" {one_line(what)}", (f" after {after}", DIM))


def _clock(moment: datetime) -> str:
    """A time of today, or with its date."""
    here = moment.astimezone()
    return f"{here:%H:%M:%S}" if here.date() == datetime.now().date() else f"{here:%Y-%m-%d %H:%M:%S}"
