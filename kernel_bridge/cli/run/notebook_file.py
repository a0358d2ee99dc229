"""The file that `run --export` writes: the cells with their outputs so far.

The file is rewritten atomically while code runs, so a killed run keeps its results. An unfinished file names
its kernel, so that `run --resume` can continue on it.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...bridge.kernel import FollowedKernel
from ...bridge.wire import run_to_wire
from ...files import LARGEST_DOCUMENT_BYTES, read_file
from ...history.document import notebook_of, run_of_cell
from ...history.notebook import OURS
from ...history.records import KernelRecord, RunRecord, kernel_record
from ...protocol.errors import BridgeError
from ...protocol.objects import ExportFormat, ExportMedia
from ...runs.run import Run
from ...source.notebook import NotebookCell, read_notebook
from ..exits import UsageError
from ..pieces import SKIPPED, Script

PAUSE_S = 1.0  # the shortest pause between two writes
SHARE = 10  # writing takes at most 1/SHARE of the time


@dataclass(frozen=True, slots=True)
class Earlier:
    """The state that an earlier run left in the file."""

    cells: tuple[NotebookCell, ...]
    kernel_id: str | None  # of its kernel; None: the run finished


class NotebookFile:
    """One export file; `overwrite`: the first write may replace an existing file."""

    def __init__(
        self,
        path: Path,
        format: ExportFormat,
        media: ExportMedia,
        script: Script,
        overwrite: bool,
        warn: Callable[[str], None],
    ) -> None:
        self.path = path
        self._format = format
        self._media = media
        self._script = script
        self._overwrite = overwrite
        self._warn = warn
        self._has_warned = False
        self._runs: dict[int, Run] = {}  # by the index of the cell
        self._kept: dict[int, NotebookCell] = {}  # cells that are not run again, by their index
        self._kernel: FollowedKernel
        self._known: KernelRecord
        self._written: object = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, kernel: FollowedKernel, runs: dict[int, Run], kept: dict[int, NotebookCell]) -> None:
        """Follow these runs; the keys are the indexes of their cells."""
        self._kernel, self._known = kernel, kernel_record(kernel.to_wire())
        self._runs, self._kept = runs, kept
        self._task = asyncio.create_task(self._keep_up(), name=f"write {self.path}")

    async def finish(self, resumable: bool) -> int | None:
        """Write the file for the last time. Return the number of cells, or None if no run started.

        Raises ExportExists, ExportFailed.
        """
        if self._task is None:
            return None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        if not any(run.started_at for run in self._runs.values()):
            return None
        await self._write(resumable)
        return len(self._script.notebook.cells)

    async def _keep_up(self) -> None:
        pause = PAUSE_S
        while True:
            await asyncio.sleep(pause)
            state = [(run.state, len(run.live.outputs), _length(run)) for run in self._runs.values()]
            if state == self._written or not any(run.started_at for run in self._runs.values()):
                continue
            began = time.monotonic()
            try:
                await self._write(resumable=True)
            except BridgeError as error:  # the last write may succeed; if it fails, it raises
                if not self._has_warned:
                    self._warn(f"{error}; the file keeps its previous content")
                self._has_warned = True
            self._written = state
            pause = max(PAUSE_S, (SHARE - 1) * (time.monotonic() - began))

    async def _write(self, resumable: bool) -> None:
        records = [self._record(index) for index in range(len(self._script.notebook.cells))]
        writing = asyncio.ensure_future(asyncio.to_thread(self._write_now, records, resumable))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:  # this write must end before the next one begins
            await asyncio.gather(writing, return_exceptions=True)
            raise

    def _record(self, index: int) -> RunRecord | None:
        run = self._runs.get(index)
        if run is None:
            cell = self._script.notebook.cells[index]
            kept = cell if SKIPPED in cell.tags else self._kept.get(index)
            return None if kept is None else run_of_cell(kept, self._known)
        if run.started_at is None:
            return None
        outputs = [dict(output) for output in run.live.outputs]  # a copy, because they keep changing
        return RunRecord(run_to_wire(run), self._known, dict(run.times), outputs)

    def _write_now(self, records: list[RunRecord | None], resumable: bool) -> None:
        from ...history import formats

        book = notebook_of(self._script.notebook, iter(records), self._known)
        if resumable:
            book = replace(book, metadata={**book.metadata, OURS: {"kernelId": self._kernel.id}})
        formats.save(self.path, book, self._format, self._media, self._overwrite)
        self._overwrite = True


def _length(run: Run) -> int:
    last = run.live.outputs[-1] if run.live.outputs else None
    return len(last["text"]) if last is not None and last["output_type"] == "stream" else 0


def read_earlier(path: Path) -> Earlier:
    """Read the file of an earlier run. Raises UsageError: it is missing, or not a notebook."""
    try:
        notebook = read_notebook(read_file(path, LARGEST_DOCUMENT_BYTES).decode("utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"cannot resume {path}: it does not exist; run without --resume first") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot resume {path}: {error}") from None
    ours = notebook.metadata.get(OURS)
    kernel_id = ours.get("kernelId") if isinstance(ours, dict) else None
    return Earlier(notebook.cells, kernel_id if isinstance(kernel_id, str) else None)


def finished_cells(script: Script, earlier: Earlier) -> dict[int, NotebookCell]:
    """The leading cells that succeeded and have not changed since, by their index."""
    finished: dict[int, NotebookCell] = {}
    before = [cell for cell in earlier.cells if cell.has_code and SKIPPED not in cell.tags]
    for piece, cell in zip(script.pieces, before, strict=False):
        if cell.source.strip() != piece.source.strip() or not _ended_well(cell, piece.may_fail):
            break
        finished[piece.cell] = cell
    return finished


def _ended_well(cell: NotebookCell, may_fail: bool) -> bool:
    times = cell.raw["metadata"].get("execution")
    outputs: list[dict[str, Any]] = cell.raw.get("outputs") or []
    ended = isinstance(times, dict) and ("shell.execute_reply" in times or "iopub.status.idle" in times)
    return ended and (may_fail or all(output.get("output_type") != "error" for output in outputs))
