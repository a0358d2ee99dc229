"""The journal as the bridge sees it: told of runs and outputs on the event loop, asked about them from there.

One thread writes, everything that waits in one transaction, and rests between two; while there is no news it
sleeps. Nothing here blocks the loop or raises because of the disk. Reads have a thread and a connection of
their own, after what was told is written.
"""

import asyncio
import logging
import os
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

from ..protocol.errors import HistoryDisabled
from ..protocol.objects import Kernel, Run
from ..runs.changes import FoldChange
from . import reading, selection
from .identity import Unusable, beside, default_path
from .memory import give_back
from .pending import Pending
from .presence import Presence, is_present
from .pruning import forget, prune
from .records import Filter, kernel_record
from .selection import Selection
from .store import (
    LARGEST_WAL_BYTES,
    WAL_BYTES,
    Connection,
    StoreError,
    checkpoint,
    is_busy,
    is_damage,
    open_reader,
    open_store,
    replace_damaged,
    transaction,
    wal_bytes,
)
from .writing import close_lost, register_bridge, write

log = logging.getLogger(__name__)

WAITING_BYTES = 256 * 1024 * 1024  # what may wait for a disk that stands still; more is dropped
REST_S = 0.02  # between two transactions: one costs as much as many messages, however little is in it
HASTE_BYTES = 1024 * 1024  # of news that do not wait for the end of the rest
PRUNE_EVERY_BYTES = 16 * 1024 * 1024
GIVE_BACK_EVERY_BYTES = 32 * 1024 * 1024

P = ParamSpec("P")
R = TypeVar("R")


class Journal:
    """What this bridge ran, and what all bridges of this user ran before; made by `Journal.open`."""

    @classmethod
    def open(cls, path: Path | None, max_bytes: int, on_warning: Callable[[str], None]) -> "Journal":
        """The journal in the file at `path` (None: `default_path`), kept at about `max_bytes`.

        Returns at once. `on_warning` is called on the running event loop, once for each thing that is wrong:
        an unusable file, a damaged one that was set aside, a disk that takes nothing more.
        """
        journal = cls(path or default_path(), max_bytes, on_warning)
        journal._thread.start()
        return journal

    def __init__(self, path: Path, max_bytes: int, on_warning: Callable[[str], None]) -> None:
        self.path = path
        self.dropped = 0  # calls whose news could not be kept
        self._max_bytes = max_bytes
        self._on_warning = on_warning
        self._loop = asyncio.get_running_loop()
        self._id = str(uuid.uuid4())
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._unusable: str | None = None
        self._warned_of_drops = False
        self._written_bytes = 0  # since it was last looked whether to prune
        self._checkpoint = threading.Thread(name="journal checkpoint")  # the last one
        self._unreturned_bytes = 0  # written since memory was given back
        # Shared with the thread, under the lock:
        self._lock = threading.Lock()
        self._news = threading.Condition(self._lock)
        self._waiting: dict[str, Pending] = {}  # by run id, in the order first told
        self._waiting_bytes = 0
        self._broken: set[str] = set()  # runs of which something was dropped: later changes do not fit
        self._flushes: list[asyncio.Future[None]] = []
        self._closing = False

    @property
    def usable(self) -> bool:
        """Whether what is told is kept, as far as is known by now."""
        return self._unusable is None and not self._closing

    # told

    def run_started(self, run: Run, kernel: Kernel) -> None:
        """A new run, of that kernel; to be told before anything else about the run."""
        with self._lock:
            if (pending := self._pending(run.id)) is not None:
                pending.started = run
                pending.kernel = kernel_record(kernel)

    def run_changed(self, run: Run, times: dict[str, str]) -> None:
        """A new state of a run; `times` by JupyterLab's keys of metadata.execution."""
        with self._lock:
            if (pending := self._pending(run.id)) is not None:
                pending.run = run
                pending.times = dict(times)

    def outputs_changed(self, run_id: str, changes: list[FoldChange]) -> None:
        """What the fold said has changed, in order."""
        with self._lock:
            if run_id in self._broken or (pending := self._pending(run_id)) is None:
                self.dropped += 1
                return
            before = pending.size
            pending.add(changes)
            self._waiting_bytes += pending.size - before
            if self._waiting_bytes > WAITING_BYTES:
                self._break(run_id, pending)

    def blob_written(self, run_id: str, path: Path) -> None:
        """A file of a run's, to be deleted when the run goes."""
        with self._lock:
            if (pending := self._pending(run_id)) is not None:
                pending.blobs.append(str(path))

    def _pending(self, run_id: str) -> Pending | None:
        """What waits of a run; None: nothing is kept."""
        pending = self._waiting.get(run_id)
        if pending is None and self._unusable is None:
            if not self._waiting:
                self._news.notify()
            pending = self._waiting[run_id] = Pending()
        return pending

    def _break(self, run_id: str, pending: Pending) -> None:
        self._broken.add(run_id)
        self.dropped += 1
        self._waiting_bytes -= pending.size
        pending.drop_changes()
        self._warn_of_drops("it is written too slowly")

    async def flush(self) -> None:
        """Everything told so far is in the file, or dropped."""
        if not self._thread.is_alive():
            return
        done = self._loop.create_future()
        with self._lock:
            self._flushes.append(done)
            self._news.notify()
        await done

    async def close(self) -> None:
        """Write what waits and end; nothing may be told or asked afterwards."""
        with self._lock:
            self._closing = True
            self._news.notify()
        await asyncio.to_thread(self._thread.join)

    # asked: each raises HistoryDisabled where the file cannot be used

    async def get_run(self, run_id: str, budget_bytes: int) -> Run:
        """A run with its outputs, elided over the budget as live ones are; raises NoSuchRun."""
        return await self._ask(lambda reader: reading.get_run(reader, self._is_alive, run_id, budget_bytes))

    async def read_output(self, run_id: str, index: int, start: int, length: int) -> tuple[str, int]:
        """A slice of one stream output, and how many characters that has.

        Raises NoSuchRun; InvalidArgument: no stream output has that index.
        """
        return await self._ask(lambda reader: reading.read_output(reader, run_id, index, start, length))

    async def history(
        self, wanted: Filter = Filter(), limit: int = 100, before: str | None = None
    ) -> list[Run]:
        """The newest runs that match, of all sessions, without outputs; raises NoSuchRun for `before`."""
        return await self._ask(lambda reader: reading.history(reader, self._is_alive, wanted, limit, before))

    async def read_runs(self, wanted: Filter, use: Callable[[Selection], R]) -> R:
        """What `use` makes of the runs that match, in the order they started, in the thread that reads.

        Raises NoSuchRun for one of the ids wanted, and what `use` raises.
        """
        return await self._ask(lambda reader: use(selection.select(reader, self._is_alive, wanted)))

    async def find_ids(self, start: str, limit: int) -> list[str]:
        """Ids of runs that begin so, at most `limit` of them."""
        return await self._ask(lambda reader: reading.find_ids(reader, start, limit))

    async def find_kernel_ids(self, start: str, limit: int) -> list[str]:
        """Those of kernels that have run something and begin so."""
        return await self._ask(lambda reader: reading.find_kernel_ids(reader, start, limit))

    async def forget(
        self, wanted: Filter, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> int:
        """Delete the ended runs that match, with their files; how many they were. Raises NoSuchRun."""
        await self.flush()
        return await asyncio.to_thread(self._forget, wanted, progress)

    def _forget(self, wanted: Filter, progress: Callable[[int, int], None]) -> int:
        self._require_usable()
        try:
            connection, _ = open_store(self.path)
            try:
                count, blobs = forget(connection, wanted, self._is_alive, progress)
            finally:
                connection.close()
        except (StoreError, OSError, Unusable) as error:
            raise HistoryDisabled(f"the history {self.path} cannot be written: {error}") from error
        _remove(blobs)
        return count

    async def _ask(self, query: Callable[[Connection], R]) -> R:
        await self.flush()
        return await asyncio.to_thread(self._read, query)

    def _read(self, query: Callable[[Connection], R]) -> R:
        self._require_usable()
        try:
            reader = open_reader(self.path)
            try:
                return query(reader)
            finally:
                reader.close()
        except StoreError as error:
            raise HistoryDisabled(f"the history {self.path} cannot be read: {error}") from error

    def _require_usable(self) -> None:
        if self._unusable is not None:
            raise HistoryDisabled(f"the history cannot be used: {self._unusable}")

    def _is_alive(self, bridge_id: str) -> bool:
        return is_present(self._presence_path(bridge_id))

    def _presence_path(self, bridge_id: str) -> Path:
        return beside(self.path, f".bridge-{bridge_id}")

    # the thread

    def _work(self) -> None:
        presence = connection = None
        try:
            # A link may lead to another disk; what is put beside the file lies where SQLite puts the like.
            self.path = Path(os.path.realpath(self.path))
            connection, warning = open_store(self.path)
            if warning is not None:
                self._warn(warning)
            presence = Presence(self._presence_path(self._id))
            connection, bridge = self._begin(connection)
        except (Unusable, OSError, StoreError, ValueError) as error:  # ValueError: no path at all, as "/"
            self._give_up(error)
        while self._next():
            with self._lock:
                waiting, self._waiting, self._waiting_bytes = self._waiting, {}, 0
                flushes, self._flushes = self._flushes, []
            if waiting and connection is not None and self._unusable is None:
                connection, bridge = self._write(connection, bridge, waiting)
            waiting.clear()  # nobody may keep hold of so much text while this thread sleeps
            self._give_back_now_and_then()
            self._call(_finish, flushes)
            self._rest()
        if self._checkpoint.ident is not None:
            self._checkpoint.join()
        if connection is not None:
            connection.close()
        if presence is not None:
            presence.close()

    def _next(self) -> bool:
        """Wait for something to do; False: there is nothing more."""
        with self._lock:
            while not (self._waiting or self._flushes or self._closing):
                self._news.wait()
            return bool(self._waiting or self._flushes)

    def _rest(self) -> None:
        """Let more news come, unless somebody waits."""
        with self._lock:
            self._news.wait_for(self._is_urgent, REST_S)

    def _is_urgent(self) -> bool:
        return bool(self._flushes) or self._closing or self._waiting_bytes > HASTE_BYTES

    def _begin(self, connection: Connection) -> tuple[Connection, int]:
        """Enter this bridge, close what others left open; its key, and a new connection for a damaged file.

        Raises Unusable, OSError, StoreError.
        """
        try:
            return connection, self._register(connection)
        except StoreError as error:
            if not is_damage(error):
                raise
        return self._replace(connection)

    def _replace(self, damaged: Connection) -> tuple[Connection, int]:
        """Begin a new file in the place of a damaged one; raises Unusable, OSError, StoreError."""
        connection, warning = replace_damaged(self.path, damaged)
        self._warn(warning)
        return connection, self._register(connection)

    def _register(self, connection: Connection) -> int:
        with transaction(connection):
            gone = close_lost(connection, self._is_alive)
            key = register_bridge(connection, self._id, datetime.now(UTC).isoformat(timespec="seconds"))
        for bridge_id in gone:
            self._presence_path(bridge_id).unlink(missing_ok=True)
        return key

    def _write(
        self, connection: Connection, bridge: int, waiting: dict[str, Pending]
    ) -> tuple[Connection, int]:
        """Write one batch, or drop it; connection and bridge's key, new ones if the file was damaged."""
        while True:
            try:
                with transaction(connection):
                    written = write(connection, bridge, waiting)
                break
            except StoreError as error:
                if is_busy(error) and not self._closing:
                    continue
                if is_damage(error):
                    try:
                        connection, bridge = self._replace(connection)
                        continue
                    except (Unusable, OSError, StoreError) as worse:
                        self._give_up(worse)
                        return connection, bridge
                self._drop(waiting, str(error))
                return connection, bridge
            except Exception:
                log.exception("journal: the news of runs %s is dropped", ", ".join(waiting))
                self._drop(waiting, "an internal error, see the log")
                return connection, bridge
        self._unreturned_bytes += written
        self._checkpoint_now_and_then()
        self._prune_now_and_then(connection, written)
        return connection, bridge

    def _checkpoint_now_and_then(self) -> None:
        size = wal_bytes(self.path)
        if size > WAL_BYTES and not self._checkpoint.is_alive():
            self._checkpoint = threading.Thread(target=self._bring_in, name="journal checkpoint")
            try:
                self._checkpoint.start()
            except RuntimeError:  # the system grants no thread: the next batch waits for it
                self._bring_in()
                return
        if size > LARGEST_WAL_BYTES:
            self._checkpoint.join()

    def _bring_in(self) -> None:
        try:
            checkpoint(self.path)
        except StoreError as error:
            log.warning("journal: what is in the write-ahead log stays there for now: %s", error)

    def _give_back_now_and_then(self) -> None:
        if self._unreturned_bytes > GIVE_BACK_EVERY_BYTES:
            self._unreturned_bytes = 0
            give_back()

    def _prune_now_and_then(self, connection: Connection, written: int) -> None:
        self._written_bytes += written
        if self._written_bytes < min(PRUNE_EVERY_BYTES, self._max_bytes // 16):
            return
        self._written_bytes = 0
        try:
            blobs = prune(connection, self._max_bytes, self._is_alive)
        except StoreError as error:
            log.warning("journal: old runs stay: %s", error)
            return
        _remove(blobs)

    def _drop(self, waiting: dict[str, Pending], reason: str) -> None:
        with self._lock:
            self.dropped += len(waiting)
            self._broken.update(waiting)
        self._warn_of_drops(reason)

    def _give_up(self, error: Exception) -> None:
        with self._lock:
            self._unusable = str(error)
        what = str(error) if isinstance(error, Unusable) else f"{self.path}: {error}"
        self._warn(f"no history is kept: {what}")

    def _warn_of_drops(self, reason: str) -> None:
        if not self._warned_of_drops:
            self._warned_of_drops = True
            self._warn(f"the history {self.path} is incomplete: {reason}; runs go on, the rest is dropped")

    def _warn(self, message: str) -> None:
        self._call(self._on_warning, message)

    def _call(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call on the event loop, unless that has ended."""
        try:
            self._loop.call_soon_threadsafe(lambda: function(*args, **kwargs))
        except RuntimeError:
            log.info("journal: the event loop has ended")


def _finish(flushes: list["asyncio.Future[None]"]) -> None:
    for done in flushes:
        if not done.done():
            done.set_result(None)


def _remove(blobs: list[str]) -> None:
    for path in blobs:
        try:
            Path(path).unlink(missing_ok=True)
        except OSError as error:
            log.warning("journal: the blob %s of a pruned run stays: %s", path, error)
