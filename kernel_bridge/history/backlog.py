"""Updates of runs that wait to be written: in memory, and on disk (the spill) if the writer falls behind.

Updates are merged until the writer takes them for the tables, or a second thread takes them for the spill. If
neither keeps up, output is dropped, and its runs record how much.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..runs.changes import FoldChange
from .pending import Pending, bytes_of
from .spill import Batch, Spill

log = logging.getLogger(__name__)

SPILLED_AT_BYTES = 16 * 1024 * 1024  # of updates in memory while the writer is behind
UNSPILLED_BYTES = 96 * 1024 * 1024  # the most in memory if the spill's disk is full; more is dropped
WAITING_BYTES = 256 * 1024 * 1024  # the most in memory if that disk stalls; a single message may exceed it
MOST_BYTES = 512 * 1024 * 1024  # the most in memory if that disk is slower than the output
STALLED_S = 3.0  # a disk that accepts no byte for this long has stalled
HASTE_BYTES = 1024 * 1024  # of updates that end the pause between transactions
REST_S = 0.02  # between two transactions; each one costs as much as writing many messages
CLOSE_S = 3.0  # time to write what is left at the end; the next bridge takes the rest from the spill


@dataclass(frozen=True, slots=True)
class Taken:
    """A batch for the tables."""

    number: int
    updates: Batch


class Backlog:
    """Filled on the event loop, emptied by the writer's thread.

    `call` runs a function on the loop from any thread. On the loop, `on_loss` is called for each run that
    lost output, with its id and the bytes lost so far, and `on_trouble` with the reason.
    """

    def __init__(
        self,
        call: Callable[..., None],
        on_loss: Callable[[str, int], None],
        on_trouble: Callable[[str], None],
    ) -> None:
        self.dropped = 0  # calls whose updates were dropped
        self._spill: Spill | None = None  # set once the file is open
        self._call = call
        self._on_loss = on_loss
        self._on_trouble = on_trouble
        self._spiller = threading.Thread(target=self._spill_over, name="journal spill", daemon=True)
        # Shared between threads, under the lock:
        self._lock = threading.RLock()  # held by `together` while others add
        self._changed = threading.Condition(self._lock)
        self._updates: Batch = {}  # by run id, in order of first update
        self._updates_bytes = 0
        self._heard: int | None = None  # the last kernel message in the updates of `together`
        self._number = 0  # of the newest batch
        self._taken = 0  # of the batch that the writer took last
        self._in_hand: Batch | None = None  # that batch, if no other copy exists
        self._written = -1  # the last batch written or dropped; 0: the file is open
        self._spilled: deque[int] = deque()
        self._is_spilling = False
        self._progress, self._progress_at = -1, 0.0  # bytes appended to the spill, and when they last grew
        self._spill_fails = False  # until the writer has made room
        self._is_writing = True  # or is opening the file
        self._missing: dict[str, int] = {}  # bytes that each run has lost
        self._broken: dict[str, int] = {}  # run id -> the first batch whose changes no longer apply
        self._retained: Batch = {}  # remains of lost batches, to be written with the next one
        self._flushes: list[tuple[int, asyncio.Future[None]]] = []
        self._late_at: float | None = None  # set when closing: after it, the rest is left to the next bridge
        self._is_left = False
        self._has_ended = False
        self._is_off = False

    # filled on the loop

    @contextmanager
    def together(self, heard: int | None) -> Iterator[None]:
        """Keep what is added inside in one batch, with the number of the last kernel message in it."""
        with self._lock:
            self._heard = heard
            try:
                yield
            finally:
                self._heard = None

    def add(self, run_id: str, note: Callable[[Pending], Any]) -> None:
        """Add updates of a run; `note` is called with the run's pending updates."""
        with self._lock:
            if not self._is_off:
                note(self._pending(run_id))

    def take_over(self, run_id: str) -> None:
        """Make this bridge the owner of a run that another one has stored."""
        with self._lock:
            if not self._is_off:
                pending = self._pending(run_id)
                self._updates_bytes -= pending.size
                pending.drop_changes()
                pending.started = pending.run = None
                pending.taken = True
                self._broken.pop(run_id, None)

    def outputs_changed(self, run_id: str, changes: list[FoldChange]) -> None:
        """Add changes from the fold, in order."""
        with self._lock:
            if self._is_off:
                self.dropped += 1
                return
            pending = self._pending(run_id)
            if run_id in self._broken:
                self._lose(run_id, bytes_of(changes))
                return
            before = pending.size
            pending.add(changes)
            self._updates_bytes += pending.size - before
            if self._updates_bytes > SPILLED_AT_BYTES:
                self._overflow(run_id, pending)

    def _pending(self, run_id: str) -> Pending:
        pending = self._updates.get(run_id)
        if pending is None:
            if not self._updates:
                self._changed.notify_all()
            pending = self._updates[run_id] = Pending()
        if self._heard is not None:
            pending.heard = self._heard
        return pending

    def _overflow(self, run_id: str, pending: Pending) -> None:
        if self._spiller.ident is None:
            try:
                self._spiller.start()
            except RuntimeError:  # no thread can be started: updates wait in memory
                self._spill_fails = True
        if self._is_too_much():
            self._break(run_id, pending, self._number + 1)
            self._call(self._on_trouble, "the disk is too slow")
        self._changed.notify_all()

    def _is_too_much(self) -> bool:
        if self._spill is None or self._spill_fails:
            return self._updates_bytes > UNSPILLED_BYTES
        if not WAITING_BYTES < self._updates_bytes <= MOST_BYTES:
            return self._updates_bytes > MOST_BYTES
        now, progress = time.monotonic(), self._spill.appended_bytes
        if self._progress != progress:
            self._progress, self._progress_at = progress, now
        return now - self._progress_at > STALLED_S

    def _break(self, run_id: str, pending: Pending, number: int) -> None:
        """Drop the pending output of a run, from that batch on."""
        if pending is self._updates.get(run_id):
            self._updates_bytes -= pending.size
        self._broken[run_id] = min(number, self._broken.get(run_id, number))
        self._lose(run_id, pending.drop_changes())

    def _lose(self, run_id: str, count: int) -> None:
        self.dropped += 1
        self._missing[run_id] = self._missing.get(run_id, 0) + count
        self._call(self._on_loss, run_id, self._missing[run_id])

    def flush(self, done: "asyncio.Future[None]") -> None:
        """Complete `done` when all updates so far are in the tables or dropped."""
        with self._lock:
            self._bring_back()
            self._flushes.append((self._number + bool(self._updates), done))
            self._resolve()
            self._changed.notify_all()

    def close(self) -> None:
        """Write what is left, within CLOSE_S, and end."""
        with self._lock:
            self._bring_back()
            self._late_at = time.monotonic() + CLOSE_S
            self._changed.notify_all()

    def give_up(self) -> None:
        """Drop all updates from now on: there is no file."""
        with self._lock:
            self._is_off = True
            self._updates, self._updates_bytes = {}, 0
            self._spilled.clear()
            self._resolve()
            self._changed.notify_all()

    @property
    def is_closing(self) -> bool:
        return self._late_at is not None

    def _resolve(self) -> None:
        waiting = []
        for number, done in self._flushes:
            if number <= self._written or self._is_off:
                self._call(_finish, done)
            else:
                waiting.append((number, done))
        self._flushes = waiting

    # emptied by the writer

    def spill_to(self, spill: Spill) -> None:
        """Use this spill from now on."""
        with self._lock:
            self._spill = spill
            self._changed.notify_all()

    def take(self) -> Taken | None:
        """Wait for the oldest batch; None: no more will come.

        The previous batch counts as written or dropped.
        """
        with self._lock:
            self._is_writing = self._spill_fails = False
            self._written, self._in_hand = self._taken, None
            self._resolve()
            self._changed.wait_for(self._is_urgent, REST_S)
            while not (self._spilled or ((self._updates or self.is_closing) and not self._is_spilling)):
                self._changed.wait()
            if self._late_at is not None and time.monotonic() >= self._late_at:
                self._leave()
            if not self._spilled and not self._updates:
                self._has_ended = True
                self._changed.notify_all()
                return None
            self._is_writing = True
            if not self._spilled:
                if self._spill is not None:
                    self._spill.clear()
                self._bring_back()
                self._taken, self._in_hand = self._take_updates()
                return self._fitting(Taken(self._taken, self._in_hand))
            self._taken = self._spilled.popleft()
            assert self._spill is not None
        try:
            taken = Taken(self._taken, self._spill.take(self._taken))
        except (OSError, ValueError, EOFError) as error:
            self._call(self._on_trouble, f"output that waited on disk cannot be read ({error})")
            return Taken(self._taken, {})
        with self._lock:
            return self._fitting(taken)

    def _is_urgent(self) -> bool:
        """Whether the writer should not pause: somebody waits for it, or much is pending."""
        return bool(self._flushes or self._spilled) or self.is_closing or self._updates_bytes > HASTE_BYTES

    def _take_updates(self) -> tuple[int, Batch]:
        self._number += 1
        updates, self._updates, self._updates_bytes = self._updates, {}, 0
        return self._number, updates

    def _fitting(self, taken: Taken) -> Taken:
        """The batch without output that follows lost output. Its runs record what is missing."""
        if self._missing:
            for run_id, pending in taken.updates.items():
                if pending.changes and self._broken.get(run_id, taken.number + 1) <= taken.number:
                    self._break(run_id, pending, taken.number)
                pending.missing_bytes = max(pending.missing_bytes, self._missing.get(run_id, 0))
        return taken

    def _bring_back(self) -> None:
        """Put the remains of lost batches before all other updates."""
        retained, self._retained = self._retained, {}
        for run_id in [run_id for run_id in retained if run_id in self._updates]:
            self._updates[run_id].follow(retained.pop(run_id))
        self._updates = retained | self._updates

    def lost(self, taken: Taken, reason: str) -> None:
        """The tables rejected the batch: drop its output."""
        with self._lock:
            self.dropped += 1
            for run_id, pending in taken.updates.items():
                if pending.changes:
                    self._break(run_id, pending, taken.number)
                    if (waiting := self._updates.get(run_id)) is not None and waiting.changes:
                        self._break(run_id, waiting, taken.number)
                if (earlier := self._retained.get(run_id)) is not None:
                    pending.follow(earlier)
                self._retained[run_id] = pending
        self._call(self._on_trouble, reason)

    def leave(self, taken: Taken) -> None:
        """The tables are busy while the bridge ends: leave the batch to the next bridge."""
        with self._lock:
            self._is_left = True
            self._late_at = 0.0
            if self._in_hand is not None:
                self._append(taken.number, self._in_hand)

    def _leave(self) -> None:
        self._spilled.clear()  # they are in the spill file
        if self._updates:
            self._append(*self._take_updates())
        self._is_left = self._is_left or self._taken < self._number

    def _append(self, number: int, updates: Batch) -> None:
        try:
            if self._spill is not None:
                self._spill.append(number, updates)
        except OSError as error:
            self._call(self._on_trouble, f"output that is still waiting cannot be stored ({error})")

    def end(self) -> None:
        """Close the spill. The file is removed unless the next bridge needs it."""
        with self._lock:
            if self._spill is not None:
                self._spill.close(self._is_left)

    # the thread that spills

    def _spill_over(self) -> None:
        while True:
            with self._lock:
                self._changed.wait_for(self._is_over)
                if self._has_ended or self._is_off:
                    return
                number, updates = self._take_updates()
                self._is_spilling = True
                in_hand, self._in_hand, taken = self._in_hand, None, self._taken
                assert self._spill is not None
            try:
                if in_hand is not None:  # if this process is killed now, later batches depend on it
                    self._spill.append(taken, in_hand)
                self._spill.append(number, updates)
                why = None
            except OSError as error:
                why = error
            with self._lock:
                self._is_spilling = False
                if why is None:
                    self._spilled.append(number)
                else:
                    log.warning("journal: cannot write to the spill: %s", why)
                    self._put_back(updates)
                self._changed.notify_all()
            del updates, in_hand  # release this much text while the thread sleeps

    def _is_over(self) -> bool:
        if self._has_ended or self._is_off:
            return True
        return self._can_spill() and self._is_writing and self._updates_bytes > SPILLED_AT_BYTES

    def _can_spill(self) -> bool:
        return self._spill is not None and not self._spill_fails

    def _put_back(self, updates: Batch) -> None:
        self._spill_fails = True
        self._number -= 1
        for run_id, earlier in updates.items():
            if (later := self._updates.get(run_id)) is not None:
                earlier.join(later)
        self._updates = updates | {
            run_id: new for run_id, new in self._updates.items() if run_id not in updates
        }
        self._updates_bytes = sum(pending.size for pending in self._updates.values())


def _finish(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_result(None)
