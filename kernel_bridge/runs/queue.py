"""The queue of one kernel: one run in flight, the others wait in the order asked.

Pure: every method says which runs changed their state, in order; the caller sends and tells.
"""

from collections import deque
from collections.abc import Iterable
from typing import Literal

from .run import Run


class RunQueue:
    """The runs of ours on one kernel that have not ended."""

    def __init__(self) -> None:
        self.running: Run | None = None
        self.waiting: deque[Run] = deque()
        self.drops = 0  # how often all that waited was ended

    def add(self, runs: Iterable[Run]) -> None:
        self.waiting.extend(runs)

    def take(self) -> Run | None:
        """The run that is to be sent now, or None: one is in flight, or none waits."""
        if self.running is not None or not self.waiting:
            return None
        self.running = self.waiting.popleft()
        return self.running

    def finish(self, now: str) -> list[Run]:
        """The run in flight has ended as its kernel says; an error aborts what waits (stopOnError)."""
        run = self.running
        if run is None:
            return []
        self.running = None
        state = run.outcome()
        run.end(state, now, "the kernel aborted it" if state == "aborted" else None)
        if run.state == "error" and run.stop_on_error:
            return [run, *self.drop("aborted", "an earlier run failed", now)]
        return [run]

    def lose(self, reason: str, now: str) -> list[Run]:
        """The kernel is gone: the run in flight is lost, what waits is cancelled."""
        changed = []
        if self.running is not None:
            self.running.end("lost", now, reason)
            changed.append(self.running)
            self.running = None
        return changed + self.drop("cancelled", reason, now)

    def drop(self, state: Literal["aborted", "cancelled"], reason: str, now: str) -> list[Run]:
        """End everything that waits."""
        self.drops += 1
        dropped = list(self.waiting)
        self.waiting.clear()
        for run in dropped:
            run.end(state, now, reason)
        return dropped

    def cancel(self, run: Run, reason: str, now: str) -> bool:
        """Cancel one run that waits; False: it does not wait (any more)."""
        if run not in self.waiting:
            return False
        self.waiting.remove(run)
        run.end("cancelled", now, reason)
        return True
