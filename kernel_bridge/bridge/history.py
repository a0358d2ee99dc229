"""The bridge's view of the history: opened on first use, or disabled by the settings."""

import asyncio
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..history.identity import default_path
from ..history.journal import Journal
from ..history.records import Filter, RunRecord
from ..protocol import objects as wire
from ..protocol.commands import (
    ExportParams,
    ExportResult,
    HistoryParams,
    OpenNotebookParams,
    OpenNotebookResult,
    ReadOutputParams,
)
from ..protocol.errors import HistoryDisabled, NoSuchRun
from ..protocol.settings import Settings
from ..source.notebook import Notebook
from .file_outputs import FileOutputs, read_text
from .observer import Progress
from .opening import OpenedNotebooks, open_notebook
from .session_runs import SessionRuns
from .summary import with_summary

NO_THREAD = "the system refused to start a thread; raise the limit (`ulimit -u`)"


class History:
    """The history; relative paths are resolved against `root`.

    `lost` is called with the id of each run that lost output, and roughly how many bytes it has lost so far.
    `session_runs` returns the runs in memory: of a document, or with these ids.
    """

    def __init__(
        self,
        root: Path,
        settings: Callable[[], Settings],
        warn: Callable[[str], None],
        lost: Callable[[str, int], None],
        session_runs: Callable[[str, Collection[str] | None], SessionRuns],
    ) -> None:
        self._root = root
        self._settings = settings
        self._warn = warn
        self._lost = lost
        self._session_runs = session_runs
        self._journal: Journal | None = None
        self._others: dict[str, Journal] = {}  # by path: of kernels that another bridge had kept
        self._opened = OpenedNotebooks()
        self.files = FileOutputs()

    def path(self) -> Path | None:
        """The database file; None: disabled."""
        history = self._settings().history
        if not history.enabled:
            return None
        return self._root / os.path.expanduser(history.path) if history.path else default_path()

    def journal_at(self, file: str) -> Journal | None:
        """The history in that file, for runs of a kept kernel. None: no thread could be started for it."""
        path = self.path()
        if path is not None and os.path.realpath(file) == os.path.realpath(path):
            return self.journal()
        if file not in self._others:
            largest_bytes = self._settings().history.max_bytes
            with suppress(RuntimeError):
                self._others[file] = Journal.open(Path(file), largest_bytes, self._warn, self._lost)
        return self._others.get(file)

    def journal(self) -> Journal | None:
        """None: disabled, or no thread could be started for it."""
        history = self._settings().history
        if self._journal is None and (path := self.path()) is not None:
            try:
                self._journal = Journal.open(path, history.max_bytes, self._warn, self._lost)
            except RuntimeError:  # tried again at the next run
                self._warn(f"this run is not stored in the history: {NO_THREAD}")
        return self._journal if history.enabled else None

    def _required(self) -> Journal:
        journal = self.journal()
        if journal is not None:
            return journal
        if self._settings().history.enabled:
            raise HistoryDisabled(f"the history cannot be used: {NO_THREAD}")
        raise HistoryDisabled("the history is switched off; set kernel-bridge.history.enabled to true")

    @property
    def usable(self) -> bool:
        """Whether it can store anything."""
        return self._journal is not None and self._journal.usable

    def has(self, run_id: str) -> bool:
        """Whether it may have a run that is not in memory."""
        return self.usable and self.files.find(run_id) is None

    def blob_written(self, run_id: str, path: Path) -> None:
        """Record a file that holds data of a run. Evicting the run from the history deletes the file."""
        if self._journal is not None:
            self._journal.blob_written(run_id, path)

    async def get_run(self, run_id: str) -> wire.Run:
        """A run with its outputs, elided as on the wire. Raises NoSuchRun."""
        if of_file := self.files.find(run_id):
            return of_file.shown(self._settings().output_budget)
        journal = self.journal()
        if journal is None:
            raise NoSuchRun(f"no run {run_id!r} in this session, and the history is switched off")
        return with_summary(await journal.get_run(run_id, self._settings().output_budget))

    async def read_output(self, asked: ReadOutputParams) -> tuple[str, int]:
        """A slice of a stream output, and the output's full length, both in characters.

        Raises NoSuchRun, InvalidArgument, HistoryDisabled.
        """
        if of_file := self.files.find(asked.run_id):
            return read_text(of_file, asked)
        return await self._required().read_output(asked.run_id, asked.index, asked.start, asked.length)

    async def find(self, asked: HistoryParams) -> list[wire.Run]:
        """Matching runs without outputs, newest first. Raises HistoryDisabled, NoSuchRun (for `before`)."""
        wanted = Filter(
            kernel_id=asked.kernel_id,
            uri=asked.text_document.uri if asked.text_document else None,
            text=asked.text,
            states=tuple(asked.states) if asked.states is not None else None,
            since=asked.since,
            until=asked.until,
        )
        found = await self._required().history(wanted, asked.limit, asked.before)
        return [with_summary(run) for run in found]

    async def find_ids(self, start: str, limit: int = 6) -> list[str]:
        """The run ids that begin with `start`. Raises HistoryDisabled."""
        return await self._required().find_ids(start, limit)

    async def find_kernel_ids(self, start: str, limit: int = 6) -> list[str]:
        """The ids of kernels in the history that begin with `start`. Raises HistoryDisabled."""
        return await self._required().find_kernel_ids(start, limit)

    async def records(self, run_ids: list[str]) -> list[RunRecord]:
        """Runs that were executed, in the order they started, without outputs.

        Raises HistoryDisabled, NoSuchRun.
        """
        found = await self._required().read_runs(Filter(run_ids=tuple(run_ids)), list)
        return [replace(record, outputs=()) for record in found]

    async def forget(self, wanted: Filter, progress: Progress | None = None) -> int:
        """Delete the matching runs that have ended. Return how many. Raises HistoryDisabled."""
        journal = self._required()
        return await (journal.forget(wanted, progress) if progress else journal.forget(wanted))

    async def export(
        self, asked: ExportParams, document: Notebook | None = None, progress: Progress | None = None
    ) -> ExportResult:
        """Write runs as a notebook or, for mode "document", the given document.

        Raises ExportExists, ExportFailed, FileChanged, NothingToExport, NoSuchRun, HistoryDisabled.
        """
        from .exporting import export

        path = self._root / os.path.expanduser(asked.path)
        since = self._opened.since(path)
        source: Journal | SessionRuns
        if self.journal() is None and document is not None and document.view is not None:
            uri = asked.text_document.uri if asked.text_document is not None else ""
            source = self._session_runs(uri, asked.run_ids)
        else:
            source = self._required()
        result = await export(source, asked, path, document, progress, since)
        if result.digest is not None:
            self._opened.written(path, result.digest)
        return result

    async def open_notebook(self, asked: OpenNotebookParams) -> OpenNotebookResult:
        """A notebook file as text. Raises ExportFailed: it cannot be read."""
        path = self._root / os.path.expanduser(asked.path)
        result = await asyncio.to_thread(open_notebook, path, asked.format)
        self._opened.since(path)(result.digest)
        return result

    async def close(self) -> None:
        """Flush and close."""
        for journal in (self._journal, *self._others.values()):
            if journal is not None:
                await journal.close()
