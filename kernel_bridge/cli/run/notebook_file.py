"""Keeps the file that `run` writes up to date with the outputs so far (targets.py).

The file is rewritten atomically while code runs, so a killed run keeps its results. An unfinished file names
its kernel, so that `run --resume` can continue on it.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...bridge.kernel import FollowedKernel
from ...bridge.wire import run_to_wire
from ...files import LARGEST_DOCUMENT_BYTES, read_file
from ...history.notebook import OURS
from ...history.records import KernelRecord, RunRecord, kernel_record
from ...protocol.errors import BridgeError
from ...runs.run import Run
from ...source.cell import SKIPPED
from ...source.notebook import Notebook, NotebookCell, read_notebook
from ..exits import UsageError
from ..pieces import Script
from .targets import Target

PAUSE_S = 1.0  # the shortest pause between two writes
SHARE = 10  # writing takes at most 1/SHARE of the time


@dataclass(frozen=True, slots=True)
class Earlier:
    """The state that an earlier run left in the file."""

    cells: tuple[NotebookCell, ...]
    kernel_id: str | None  # of its kernel; None: the run finished


class NotebookFile:
    """Keeps the target of a run up to date."""

    def __init__(self, target: Target, notebook: Notebook, warn: Callable[[str], None]) -> None:
        self._target = target
        self._notebook = notebook
        self._warn = warn
        self._has_warned = False
        self._runs: dict[int, Run] = {}  # by the index of the cell
        self._kernel: FollowedKernel
        self._known: KernelRecord
        self._written: object = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, kernel: FollowedKernel, runs: dict[int, Run]) -> None:
        """Follow these runs; the keys are the indexes of their cells."""
        self._kernel, self._known = kernel, kernel_record(kernel.to_wire())
        self._runs = runs
        self._task = asyncio.create_task(self._keep_up(), name=f"write {self._target.path}")

    async def finish(self, resumable: bool) -> str | None:
        """Write the file for the last time. Return a sentence about it, or None if no run started.

        Raises ExportExists, ExportFailed.
        """
        if self._task is None:
            return None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        if not any(run.started_at for run in self._runs.values()):
            return None
        return await self._write(resumable)

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

    async def _write(self, resumable: bool) -> str:
        started = {index: self._record(run) for index, run in self._runs.items() if run.started_at}
        kernel_id = self._kernel.id if resumable else None
        writing = asyncio.ensure_future(
            asyncio.to_thread(self._target.write, self._notebook, started, self._known, kernel_id)
        )
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:  # this write must end before the next one begins
            await asyncio.gather(writing, return_exceptions=True)
            raise

    def _record(self, run: Run) -> RunRecord:
        outputs = [dict(output) for output in run.live.outputs]  # a copy, because they keep changing
        return RunRecord(run_to_wire(run), self._known, dict(run.times), outputs)


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
