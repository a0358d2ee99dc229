"""Makes a notebook of a document and the runs of its cells.

Pure, except that outputs are read lazily.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..protocol.objects import Run
from ..runs.mime import is_json
from ..source.notebook import Notebook as Document
from ..source.notebook import NotebookCell
from .matching import match
from .notebook import OURS, Json, Notebook, cell_id, kernel_metadata, mend_cell, run_cell
from .records import KernelRecord, Ran, RunRecord, StoredOutput


def notebook(
    document: Document, ran: Sequence[Ran], read: Callable[[int], RunRecord], kernel: KernelRecord | None
) -> Notebook:
    """The document with the outputs of its runs. `ran` is oldest first; `read` returns a run by its key."""
    found = match(document.cells, ran[::-1])
    return notebook_of(document, (None if one is None else read(one.key) for one in found), kernel)


def notebook_of(
    document: Document, records: Iterator[RunRecord | None], kernel: KernelRecord | None
) -> Notebook:
    """The document with the outputs of each cell's run, and the kernel that ran them."""
    metadata = {name: value for name, value in document.metadata.items() if name != OURS}
    ran_on = kernel_metadata(kernel) if kernel is not None else {}
    return Notebook(metadata | ran_on, fill(document.cells, records))


def run_of_cell(cell: NotebookCell, kernel: KernelRecord) -> RunRecord:
    """The run that a cell in a notebook file represents."""
    noted = cell.raw["metadata"].get("execution")
    times = noted if isinstance(noted, dict) else {}
    count = cell.raw.get("execution_count")
    run = Run(
        id=cell.id or "",
        kernel_id="",
        epoch=0,
        source=cell.source,
        origin="bridge",
        state="ok",
        queued_at="",
        execution_count=count if isinstance(count, int) else None,
    )
    outputs = [joined(output) for output in cell.raw.get("outputs") or ()]
    times = {name: time for name, time in times.items() if isinstance(time, str)}  # nbformat allows no others
    return RunRecord(run, kernel, times, outputs)


def joined(output: StoredOutput) -> StoredOutput:
    """An output of a file with its lines joined. nbformat splits text into lines, but not JSON."""
    joined = dict(output)
    if isinstance(joined.get("text"), list):
        joined["text"] = "".join(map(str, joined["text"]))
    if isinstance(joined.get("data"), dict):
        joined["data"] = {
            mime: "".join(value) if isinstance(value, list) and not is_json(mime) else value
            for mime, value in joined["data"].items()
        }
    return joined


def fill(cells: Sequence[NotebookCell], records: Iterator[RunRecord | None]) -> Iterator[Json]:
    """The document's cells as notebook cells, each with the outputs of its run."""
    names: set[str] = set()
    for cell, record in zip(cells, records, strict=True):
        yield filled(cell, record, _name(cell, names))


def _name(cell: NotebookCell, names: set[str]) -> str:
    """A unique, reproducible id for the cell."""
    text = cell.id or cell_id(f"{cell.raw['cell_type']}\n{cell.source}")
    name, count = text, 1
    while name in names or cell_id(name) != name:
        count += 1
        name = cell_id(f"{text}\n{count}")
    names.add(name)
    return name


def filled(cell: NotebookCell, record: RunRecord | None, name: str) -> Json:
    """One notebook cell with the outputs of a run."""
    raw = mend_cell(cell.raw)
    metadata = {part: value for part, value in raw["metadata"].items() if part not in (OURS, "execution")}
    filled: dict[str, Any] = raw | {"id": name, "metadata": metadata}
    if raw["cell_type"] != "code":
        return filled
    if record is None:
        return filled | {"execution_count": None, "outputs": []}
    gave = run_cell(record)
    metadata |= gave["metadata"]
    if gave["source"].strip() != cell.source.strip():
        metadata[OURS] = metadata.get(OURS, {}) | {"changed": True, "ran": gave["source"]}
    return filled | {"execution_count": gave["execution_count"], "outputs": gave["outputs"]}
