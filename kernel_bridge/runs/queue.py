"""The queue of one kernel: one run in flight, the others wait in the order asked.

Pure: every method says which runs changed their state, in order; the caller sends and tells.
"""

from collections import deque
from collections.abc import Iterable
from typing import Literal

from .run import Run


class Place:
    """A place in the queue, held for runs whose source is still to be found."""

    def __init__(self) -> None:
        self.dropped = False  # with everything else that waited


class RunQueue:
    """The runs of this bridge on one kernel that have not ended, and the places held for others."""

    def __init__(self) -> None:
        self.running: Run | None = None
        self._waiting: deque[Run | Place] = deque()

    @property
    def waiting(self) -> list[Run]:
        return [run for run in self._waiting if isinstance(run, Run)]

    def hold(self) -> Place:
        """A place behind everything that waits; what comes after it waits until it is filled or given up."""
        place = Place()
        self._waiting.append(place)
        return place

    def fill(self, place: Place, runs: Iterable[Run]) -> None:
        """Put runs in the place that was held for them; without runs, give it up."""
        if place in self._waiting:
            at = self._waiting.index(place)
            del self._waiting[at]
            for run in reversed(list(runs)):
                self._waiting.insert(at, run)

    def is_next(self, place: Place) -> bool:
        """Whether nothing is in flight, and nothing waits before that place."""
        return self.running is None and bool(self._waiting) and self._waiting[0] is place

    def take(self) -> Run | None:
        """The run to send now. None: one is in flight, none waits, or the next is still to be found."""
        if self.running is not None or not self._waiting or not isinstance(self._waiting[0], Run):
            return None
        self.running = self._waiting[0]
        self._waiting.popleft()
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
        dropped = self.waiting
        for place in self._waiting:
            if isinstance(place, Place):
                place.dropped = True
        self._waiting.clear()
        for run in dropped:
            run.end(state, now, reason)
        return dropped

    def cancel(self, run: Run, reason: str, now: str) -> bool:
        """Cancel one run that waits; False: it does not wait (any more)."""
        if run not in self._waiting:
            return False
        self._waiting.remove(run)
        run.end("cancelled", now, reason)
        return True
