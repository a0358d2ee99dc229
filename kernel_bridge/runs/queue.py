"""The queue of one kernel: one run in flight, the others waiting in the order they were requested.

A run may also wait for one on another kernel (`Run.after`): the cells of a document in several languages run
in order, and an error stops those that follow on every kernel.

Pure: each method returns the runs whose state changed, in order. The caller sends requests and notifies.
"""

from collections import deque
from collections.abc import Iterable
from typing import Literal

from .run import ENDED_BY_CODE, Run

FAILED = "an earlier run failed"


class Place:
    """A place in the queue, held until the sources of its runs are found."""

    def __init__(self) -> None:
        self.dropped = False  # when the queue was cleared


class RunQueue:
    """The runs of this bridge on one kernel that have not ended, and the held places."""

    def __init__(self, running: Run | None = None, waiting: Iterable[Run] = ()) -> None:
        self.running = running
        self._waiting: deque[Run | Place] = deque(waiting)

    @property
    def waiting(self) -> list[Run]:
        return [run for run in self._waiting if isinstance(run, Run)]

    def hold(self) -> Place:
        """Hold a place at the end of the queue. Later runs wait until it is filled or given up."""
        place = Place()
        self._waiting.append(place)
        return place

    def fill(self, place: Place, runs: Iterable[Run]) -> None:
        """Fill the place with its runs; with none, give it up."""
        if place in self._waiting:
            at = self._waiting.index(place)
            del self._waiting[at]
            for run in reversed(list(runs)):
                self._waiting.insert(at, run)

    def is_next(self, place: Place) -> bool:
        """Whether nothing is in flight and nothing waits ahead of the place."""
        return self.running is None and bool(self._waiting) and self._waiting[0] is place

    def take(self) -> Run | None:
        """The run to send now; None: one is in flight, none waits, or the next one cannot be sent yet."""
        first = self._waiting[0] if self._waiting else None
        if self.running is not None or not isinstance(first, Run):
            return None
        if (earlier := _earlier(first)) is not None and not (earlier.ended and _end_after(earlier) is None):
            return None
        self.running = first
        self._waiting.popleft()
        return self.running

    def settle(self, now: str) -> list[Run]:
        """End the runs here that do not run, because of how one on another kernel ended."""
        ended = []
        for run in self.waiting:
            earlier = _earlier(run)
            if earlier is not None and earlier.ended and (end := _end_after(earlier)) is not None:
                self._waiting.remove(run)
                run.end(end[0], now, end[1])
                ended.append(run)
        return ended

    def finish(self, now: str) -> list[Run]:
        """End the run in flight with the kernel's outcome.

        An error aborts all waiting runs (stopOnError), and the end of the kernel cancels them.
        """
        run = self.running
        if run is None:
            return []
        self.running = None
        state = run.outcome()
        run.end(state, now, "the kernel aborted it" if state == "aborted" else None)
        if run.ends_kernel:
            return [run, *self.drop("cancelled", ENDED_BY_CODE, now)]
        if run.state == "error" and run.stop_on_error:
            return [run, *self.drop("aborted", FAILED, now)]
        return [run]

    def lose(self, reason: str, now: str) -> list[Run]:
        """The kernel is gone: the run in flight is lost, waiting runs are cancelled."""
        changed = []
        if self.running is not None:
            self.running.end("lost", now, reason)
            changed.append(self.running)
            self.running = None
        return changed + self.drop("cancelled", reason, now)

    def drop(self, state: Literal["aborted", "cancelled"], reason: str, now: str) -> list[Run]:
        """End all waiting runs and drop all held places."""
        dropped = self.waiting
        for place in self._waiting:
            if isinstance(place, Place):
                place.dropped = True
        self._waiting.clear()
        for run in dropped:
            run.end(state, now, reason)
        return dropped

    def cancel(self, run: Run, reason: str, now: str) -> bool:
        """Cancel one waiting run; False if it does not wait."""
        if run not in self._waiting:
            return False
        self._waiting.remove(run)
        run.bypassed = True
        run.end("cancelled", now, reason)
        return True


def stops_others(run: Run) -> bool:
    """Whether runs on other kernels that follow this one, which has ended, do not run."""
    return _end_after(run) is not None


def _earlier(run: Run) -> Run | None:
    """The run on any kernel that must end before this one is sent."""
    earlier = run.after
    while earlier is not None and earlier.bypassed:
        earlier = earlier.after
    return earlier


def _end_after(earlier: Run) -> tuple[Literal["aborted", "cancelled"], str] | None:
    """How a run ends that was to follow this one, which has ended; None: it runs."""
    if earlier.ends_kernel:
        return "cancelled", ENDED_BY_CODE
    match earlier.state:
        case "error" if earlier.stop_on_error:
            return "aborted", FAILED
        case "aborted":
            return "aborted", earlier.reason or FAILED
        case "cancelled" | "lost":
            return "cancelled", earlier.reason or "an earlier run was cancelled"
        case _:
            return None
