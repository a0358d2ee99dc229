"""The outputs in a notebook file as runs, for the document that shows the file."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..files import LARGEST_DOCUMENT_BYTES, read_file
from ..history import export
from ..history.alignment import align
from ..history.document import joined
from ..history.notebook import mended
from ..history.places import PlacedRun
from ..history.records import Ran, time_text
from ..history.upgrade import read_notebook
from ..protocol.commands import ReadOutputParams
from ..protocol.errors import InvalidArgument
from ..protocol.objects import Run, RunError
from ..protocol.vocabulary import Output
from ..runs.changes import Append
from ..runs.live import LiveOutputs
from ..source.notebook import Notebook, NotebookCell
from ..source.view import NotShown, read_view, write_view
from .exporting import unreadable
from .summary import with_summary

_BEGAN = ("iopub.execute_input", "iopub.status.busy")  # JupyterLab's keys in metadata.execution
_ENDED = ("shell.execute_reply", "iopub.status.idle")


@dataclass(frozen=True, slots=True)
class FileRun:
    """A run that a notebook file has the outputs of."""

    run: Run  # without outputs
    outputs: tuple[Output, ...]  # complete

    def shown(self, budget_bytes: int) -> Run:
        """The run with its outputs as on the wire."""
        live = LiveOutputs(budget_bytes)
        live.apply([Append(output) for output in self.outputs])
        self.run.outputs = live.outputs
        return with_summary(self.run)


class FileOutputs:
    """The runs that each open document shows from a file."""

    def __init__(self) -> None:
        self._runs: dict[str, dict[str, FileRun]] = {}  # by document and id

    def keep(self, uri: str, runs: Sequence[FileRun], is_open: Callable[[str], object]) -> None:
        """Keep the runs of a document instead of its earlier ones. Forget those of closed documents."""
        self._runs = {other: kept for other, kept in self._runs.items() if is_open(other)}
        self._runs[uri] = {one.run.id: one for one in runs}

    def find(self, run_id: str) -> FileRun | None:
        return next((runs[run_id] for runs in self._runs.values() if run_id in runs), None)


def read_text(run: FileRun, asked: ReadOutputParams) -> tuple[str, int]:
    """A slice of a stream output, and its length. Raises InvalidArgument."""
    output = run.outputs[asked.index] if asked.index < len(run.outputs) else None
    if output is None or output["output_type"] != "stream":
        what = "no such output" if output is None else "not a stream output"
        raise InvalidArgument(f"field index: output {asked.index} of run {asked.run_id}: {what}")
    return output["text"][asked.start : asked.start + asked.length], len(output["text"])


def read_outputs(
    path: Path, uri: str, language_id: str, cells: Sequence[NotebookCell]
) -> list[tuple[PlacedRun, FileRun]]:
    """The outputs in a notebook file for the cells of a document. Raises ExportFailed: it cannot be read."""
    with unreadable(str(path)):
        raw = read_file(path, LARGEST_DOCUMENT_BYTES)
        file = read_notebook(raw.decode("utf-8-sig"))
        changed = time_text(datetime.fromtimestamp(path.stat().st_mtime, UTC))
    shown = _shown(file, language_id)
    digest = export.digest(raw).hex()
    found = []
    for cell, index in zip(cells, align(shown, cells), strict=True):
        if index is None or cell.region is None:
            continue
        old = file.cells[index]
        if old.raw.get("outputs") or isinstance(old.raw.get("execution_count"), int):
            name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{uri}#{digest}#{index}"))
            run = _run(old, name, uri, changed)
            stale = cell.code.strip() != shown[index].code.strip()
            place = Ran(0, run.run.source, "cell", None, uri, old.id, name)
            found.append((PlacedRun(place, cell.region.start, cell.region.end, stale), run))
    return found


def _shown(file: Notebook, language_id: str) -> Sequence[NotebookCell]:
    """The cells of the file as they would be read from a text in that language."""
    try:
        return read_view(write_view(file, language_id), language_id).cells
    except NotShown:
        return file.cells


def _run(cell: NotebookCell, run_id: str, uri: str, changed: str) -> FileRun:
    noted = cell.raw["metadata"].get("execution")
    times = noted if isinstance(noted, dict) else {}
    began, ended = _time(times, _BEGAN), _time(times, _ENDED)
    count = cell.raw.get("execution_count")
    outputs: Any = tuple(mended(map(joined, cell.raw.get("outputs") or ())))
    error = next((one for one in reversed(outputs) if one["output_type"] == "error"), None)
    run = Run(
        id=run_id,
        kernel_id="",
        epoch=0,
        source=cell.source,
        origin="other",
        state="ok" if error is None else "error",
        queued_at=began or changed,
        started_at=began,
        ended_at=ended,
        cell_id=cell.id,
        execution_count=count if isinstance(count, int) else None,
        error=None
        if error is None
        else RunError(ename=error["ename"], evalue=error["evalue"], traceback=error["traceback"]),
    )
    return FileRun(run, outputs)


def _time(times: dict[str, object], names: Sequence[str]) -> str | None:
    """The first of these times that is one, as on the wire."""
    for name in names:
        try:
            return time_text(datetime.fromisoformat(str(times.get(name))))
        except ValueError:
            continue
    return None
