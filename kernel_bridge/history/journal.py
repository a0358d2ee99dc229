"""The journal's public face: the bridge reports runs and outputs to it, and queries it, from the event loop.

One thread (writer.py) writes the pending updates (backlog.py). Nothing here blocks the loop, or raises
because of the disk. Reads use their own thread and connection, after pending updates are written.
"""

import asyncio
import logging
import threading
import uuid
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ParamSpec, TypeVar

from ..protocol.errors import HistoryDisabled
from ..protocol.objects import Kernel, Run
from ..runs.changes import FoldChange
from . import reading, selection
from .backlog import Backlog
from .identity import Unusable, default_path
from .pending import Pending
from .pruning import forget
from .records import Filter, OpenRun, Options, kernel_record
from .recovery import is_alive, recover
from .selection import Selection
from .store import Connection, StoreError, open_reader, open_store
from .writer import Writer, remove_blobs

log = logging.getLogger(__name__)

CLOSE_S = 8.0  # how long closing waits for a disk

P = ParamSpec("P")
R = TypeVar("R")


class Journal:
    """The runs of this bridge and of all earlier bridges of this user. Created by `Journal.open`."""

    @classmethod
    def open(
        cls,
        path: Path | None,
        max_bytes: int,
        on_warning: Callable[[str], None],
        on_loss: Callable[[str, int], None] = lambda run_id, missing_bytes: None,
    ) -> "Journal":
        """Open the journal at `path` (None: `default_path`), limited to about `max_bytes`. Returns at once.

        Called on the running event loop: `on_warning`, once per problem (the file is unusable, a damaged file
        was set aside, the disk accepts no more data); `on_loss`, with a run's id and roughly how many bytes
        of its output have been lost so far.
        """
        journal = cls(path or default_path(), max_bytes, on_warning, on_loss)
        journal._thread.start()
        return journal

    def __init__(
        self,
        path: Path,
        max_bytes: int,
        on_warning: Callable[[str], None],
        on_loss: Callable[[str, int], None],
    ) -> None:
        self._on_warning = on_warning
        self._loop = asyncio.get_running_loop()
        self._unusable: str | None = None
        self._warned_of_drops = False
        self._closing = False
        self.id = str(uuid.uuid4())  # of this bridge, which owns the runs that it starts or takes
        self._backlog = Backlog(self._call, on_loss, self._warn_of_drops)
        self._writer = Writer(path, self.id, max_bytes, self._backlog, self._warn, self._give_up)
        self._thread = threading.Thread(target=self._writer.run, name="journal", daemon=True)

    @property
    def path(self) -> Path:
        return self._writer.path

    @property
    def usable(self) -> bool:
        """False once the database is known to be unusable, or while closing."""
        return self._unusable is None and not self._closing

    @property
    def dropped(self) -> int:
        """How often updates were dropped."""
        return self._backlog.dropped

    # reports

    def together(self, heard: int | None) -> AbstractContextManager[None]:
        """Commit what is reported inside together, with the number of the last kernel message in it.

        For one batch of messages: the writer waits meanwhile. None: the kernel's messages have no numbers.
        """
        return self._backlog.together(heard)

    def run_started(self, run: Run, kernel: Kernel, options: Options = Options()) -> None:
        """A new run and its kernel. Must be the first report about the run.

        If another bridge has stored a run with this id, only one of the two is kept: the run of the bridge
        that requested it, else the first.
        """

        def note(pending: Pending) -> None:
            pending.started = run
            pending.kernel = kernel_record(kernel)
            pending.options = options

        self._backlog.add(run.id, note)

    def run_changed(self, run: Run, times: dict[str, str]) -> None:
        """A run's new state. `times` are keyed as in JupyterLab's metadata.execution."""

        def note(pending: Pending) -> None:
            pending.run = run
            pending.times = dict(times)

        self._backlog.add(run.id, note)

    def outputs_changed(self, run_id: str, changes: list[FoldChange]) -> None:
        """Changes from the fold, in order."""
        self._backlog.outputs_changed(run_id, changes)

    def blob_written(self, run_id: str, path: Path) -> None:
        """A file of the run, to be deleted with the run."""
        self._backlog.add(run_id, lambda pending: pending.blobs.append(str(path)))

    def take(self, run_ids: Iterable[str]) -> None:
        """From here on these runs belong to this bridge; one that was lost because its bridge ended is open.

        To be called within `together`, so that the number of the last message is stored with them. What the
        former owner has not written yet is dropped if it is alive (it flushes before it hands over), and
        written first if it has ended. What this bridge has reported of the runs before is dropped.
        """
        for run_id in run_ids:
            self._backlog.take_over(run_id)

    async def flush(self) -> None:
        """Return when all reports so far are written or dropped."""
        if self._thread.is_alive():
            done = self._loop.create_future()
            self._backlog.flush(done)
            await done

    async def close(self) -> None:
        """Write what is left and end. No report or query may follow.

        Does not wait for a stalled disk: the next bridge writes what is in the spill.
        """
        self._closing = True
        self._backlog.close()
        await asyncio.to_thread(self._thread.join, CLOSE_S)
        if self._thread.is_alive():
            log.warning("journal: writing %s takes too long; ending without it", self.path)

    # queries: each raises HistoryDisabled if the file cannot be used

    async def get_run(self, run_id: str, budget_bytes: int) -> Run:
        """A run with its outputs, elided beyond the budget like live ones. Raises NoSuchRun."""
        return await self._ask(lambda reader: reading.get_run(reader, self._is_alive, run_id, budget_bytes))

    async def read_output(self, run_id: str, index: int, start: int, length: int) -> tuple[str, int]:
        """A slice of one stream output, and the output's length in characters.

        Raises NoSuchRun; InvalidArgument: no stream output has that index.
        """
        return await self._ask(lambda reader: reading.read_output(reader, run_id, index, start, length))

    async def history(
        self, wanted: Filter = Filter(), limit: int = 100, before: str | None = None
    ) -> list[Run]:
        """The newest matching runs of all sessions, without outputs. Raises NoSuchRun for `before`."""
        return await self._ask(lambda reader: reading.history(reader, self._is_alive, wanted, limit, before))

    async def read_runs(self, wanted: Filter, use: Callable[[Selection], R]) -> R:
        """Call `use` in the reading thread with the matching runs, in the order they started.

        Returns its result. Raises NoSuchRun: a requested id does not exist; and the errors of `use`.
        """
        return await self._ask(lambda reader: use(selection.select(reader, self._is_alive, wanted)))

    async def open_runs(self, kernel_id: str, bridge_id: str, budget_bytes: int) -> list[OpenRun]:
        """The runs that the bridge with that id, which has ended, has left open on a kernel, in order."""
        await self.flush()
        return await asyncio.to_thread(self._open_runs, kernel_id, bridge_id, budget_bytes)

    def _open_runs(self, kernel_id: str, bridge_id: str, budget_bytes: int) -> list[OpenRun]:
        self._write_now(lambda connection: recover(connection, self.path, self._warn))
        return self._read(lambda reader: reading.open_runs(reader, kernel_id, bridge_id, budget_bytes))

    async def resume(self, run_ids: Collection[str], budget_bytes: int) -> list[OpenRun]:
        """These runs, which another bridge has flushed, in that order. Those not stored are left out."""
        return await self._ask(lambda reader: reading.resumed_runs(reader, run_ids, budget_bytes))

    async def find_ids(self, start: str, limit: int) -> list[str]:
        """At most `limit` run ids that begin with `start`."""
        return await self._ask(lambda reader: reading.find_ids(reader, start, limit))

    async def find_kernel_ids(self, start: str, limit: int) -> list[str]:
        """At most `limit` ids that begin with `start`, of kernels that have executed runs."""
        return await self._ask(lambda reader: reading.find_kernel_ids(reader, start, limit))

    async def forget(
        self, wanted: Filter, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> int:
        """Delete the matching runs that have ended, with their files. Return how many. Raises NoSuchRun."""
        await self.flush()
        return await asyncio.to_thread(self._forget, wanted, progress)

    def _forget(self, wanted: Filter, progress: Callable[[int, int], None]) -> int:
        count, blobs = self._write_now(lambda store: forget(store, wanted, self._is_alive, progress))
        remove_blobs(blobs)
        return count

    def _write_now(self, change: Callable[[Connection], R]) -> R:
        """Call `change` with a connection of this thread. Raises HistoryDisabled, and its errors."""
        self._require_usable()
        try:
            connection, _ = open_store(self.path)
            try:
                return change(connection)
            finally:
                connection.close()
        except (StoreError, OSError, Unusable) as error:
            raise HistoryDisabled(f"the history {self.path} cannot be written: {error}") from error

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
        return is_alive(self.path, bridge_id)

    # called from the writer's thread

    def _give_up(self, error: Exception) -> None:
        self._unusable = str(error)
        self._backlog.give_up()
        what = str(error)
        if not isinstance(error, Unusable):
            what = f"{self.path}: {error}; free some space, or set kernel-bridge.history.path to another file"
        self._warn(f"runs are not stored in the history: {what}")

    def _warn_of_drops(self, reason: str) -> None:
        if not self._warned_of_drops:
            self._warned_of_drops = True
            self._on_warning(
                f"the history {self.path} is incomplete: {reason}; runs continue, but some output is not "
                "stored, and each run reports how much is missing"
            )

    def _warn(self, message: str) -> None:
        self._call(self._on_warning, message)

    def _call(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call on the event loop, unless it has ended."""
        try:
            self._loop.call_soon_threadsafe(lambda: function(*args, **kwargs))
        except RuntimeError:
            log.info("journal: the event loop has ended")
