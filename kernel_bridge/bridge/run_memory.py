"""The runs of one kernel that are held in memory: all that have not ended, and the most recent others.

Output may arrive long after a run has ended, and a display may be updated at any time. Either makes a run
recent again. Older runs are evicted and read from the history.
"""

from collections.abc import Callable

from ..runs.run import Run

ENDED_RUNS = 1000  # the most that are held
ENDED_BYTES = 64 * 1024 * 1024  # the most that they may take, except
NEWEST_RUNS = 20  # this many of the newest, and runs with displays that may still be updated


class RememberedRuns:
    """`evicted` is called with the id of each evicted run."""

    def __init__(self, evicted: Callable[[str], None]) -> None:
        self.most_bytes = ENDED_BYTES
        self._evicted = evicted
        self._open: dict[str, Run] = {}
        self._ended: dict[str, Run] = {}  # least recently used first
        self._sizes: dict[str, int] = {}  # of the ended runs, in bytes
        self._size = 0
        self._by_message: dict[str, Run] = {}
        self._displays: dict[str, dict[str, Run]] = {}  # display id -> the runs of this epoch that show it

    def add(self, run: Run) -> None:
        self._open[run.id] = run

    def sent(self, run: Run, message_id: str) -> None:
        """Route messages with this parent to this run."""
        self._by_message[message_id] = run

    def get(self, run_id: str) -> Run | None:
        return self._open.get(run_id) or self._ended.get(run_id)

    def all(self) -> list[Run]:
        return [*self._ended.values(), *self._open.values()]

    def open(self) -> list[Run]:
        """The runs that have not ended."""
        return list(self._open.values())

    def running(self) -> list[Run]:
        """The runs that their kernel executes."""
        return [run for run in self._open.values() if run.state == "running"]

    def heard(self, message_id: str) -> Run | None:
        """The run that a message with this parent belongs to."""
        run = self._by_message.get(message_id)
        if run is not None and run.ended:
            self._touch(run)
        return run

    def shows(self, run: Run, display_id: str) -> None:
        """Note that the run has an output with that display id."""
        self._displays.setdefault(display_id, {})[run.id] = run

    def showing(self, display_id: str) -> list[Run]:
        """The runs that have an output with that display id."""
        runs = list(self._displays.get(display_id, {}).values())
        for run in runs:
            self._touch(run)
        return runs

    def forget_displays(self) -> None:
        """Forget all displays: in a new epoch nothing updates the old ones."""
        self._displays.clear()

    def ended(self, run: Run) -> None:
        """The run ended and may now be evicted."""
        if self._open.pop(run.id, None) is None:
            return
        self._ended[run.id] = run
        self._sizes[run.id] = run.size_bytes
        self._size += self._sizes[run.id]
        while len(self._ended) > ENDED_RUNS:
            self.forget(next(iter(self._ended.values())))
        if self._size > self.most_bytes:
            for old in list(self._ended.values())[:-NEWEST_RUNS]:
                if not any(display in self._displays for display in old.outputs.display_ids):
                    self.forget(old)
                if self._size <= self.most_bytes:
                    break

    def _touch(self, run: Run) -> None:
        if self._ended.pop(run.id, None) is not None:
            self._ended[run.id] = run

    def forget(self, run: Run) -> None:
        """Evict a run that has ended."""
        del self._ended[run.id]
        self._size -= self._sizes.pop(run.id)
        if run.message_id is not None:
            self._by_message.pop(run.message_id, None)
        for display_id in run.outputs.display_ids:
            shown = self._displays.get(display_id, {})
            if shown.pop(run.id, None) is not None and not shown:
                del self._displays[display_id]
        self._evicted(run.id)
