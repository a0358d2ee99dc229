"""Matches runs to the cells of a document, and makes a notebook of both.

Pure, except that outputs are read lazily.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from ..protocol.objects import Run
from ..runs.mime import is_json
from ..source.notebook import Notebook as Document
from ..source.notebook import NotebookCell
from .notebook import OURS, Json, Notebook, cell_id, kernel_metadata, mend_cell, run_cell
from .records import KernelRecord, Ran, RunRecord, StoredOutput

ALIKE = 0.6  # minimum similarity of an edited source, as difflib's ratio
LONG = 2_000  # characters above which sources are compared by line
_WHOLE_CELLS = ("cell", "above", "below", "all")


def notebook(
    document: Document, ran: Sequence[Ran], read: Callable[[int], RunRecord], kernel: KernelRecord
) -> Notebook:
    """The document with the outputs of its runs. `ran` is oldest first; `read` returns a run by its key."""
    found = match(document.cells, ran[::-1])
    return notebook_of(document, (None if one is None else read(one.key) for one in found), kernel)


def notebook_of(document: Document, records: Iterator[RunRecord | None], kernel: KernelRecord) -> Notebook:
    """The document with the outputs of each cell's run."""
    metadata = {name: value for name, value in document.metadata.items() if name != OURS}
    return Notebook(metadata | kernel_metadata(kernel), fill(document.cells, records))


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


def match(cells: Sequence[NotebookCell], newest_first: Sequence[Ran]) -> list[Ran | None]:
    """The newest run of each cell: by the cell's id if it has one, else by code and position.

    A script's cell has no id. It gets a run of the same code, at the same line if there are several.
    Otherwise it gets the newest run of a whole cell with similar code that belongs to no other cell.
    """
    found: list[Ran | None] = [_named(cell, newest_first) for cell in cells]
    codes = {cell.source.strip() for cell in cells}
    same: dict[str, list[Ran]] = defaultdict(list)
    edited: list[Ran] = []
    named = {run for run in found if run is not None}
    for run in newest_first:
        if run not in named:
            if (code := run.source.strip()) in codes:
                if all(run.line is None or run.line != other.line for other in same[code]):
                    same[code].append(run)
            elif run.unit in _WHOLE_CELLS:
                edited.append(run)
    _take_same(cells, found, same)
    for index, cell in enumerate(cells):
        if found[index] is None and cell.has_code and (alike := _alike(cell, edited)):
            found[index] = alike
            edited = [
                run for run in edited if run.line != alike.line or (run.line is None and run is not alike)
            ]
    return found


def _named(cell: NotebookCell, newest_first: Sequence[Ran]) -> Ran | None:
    if not cell.has_code or (cell.id is None and cell.uri is None):
        return None
    for run in newest_first:
        is_its_own = run.uri == cell.uri or (cell.id is not None and run.cell_id == cell.id)
        if is_its_own and (run.unit in _WHOLE_CELLS or run.source.strip() == cell.source.strip()):
            return run
    return None


def _line(cell: NotebookCell) -> int | None:
    return cell.region.start.line if cell.region is not None else None


def _take_same(cells: Sequence[NotebookCell], found: list[Ran | None], same: dict[str, list[Ran]]) -> None:
    """Assign runs of identical code to cells without a run, in order; if there are too few, by line."""
    wanting: dict[str, list[int]] = defaultdict(list)
    for index, cell in enumerate(cells):
        if found[index] is None and cell.has_code:
            wanting[cell.source.strip()].append(index)
    for code, indices in wanting.items():
        runs = sorted(same[code][: len(indices)], key=lambda run: (run.line or 0, run.key))
        if len(runs) < len(indices):
            for run in tuple(runs):
                here = [i for i in indices if run.line is not None and run.line == _line(cells[i])]
                if here:
                    found[here[0]] = run
                    indices.remove(here[0])
                    runs.remove(run)
        for index, run in zip(indices, runs, strict=False):
            found[index] = run


def _alike(cell: NotebookCell, runs: Sequence[Ran]) -> Ran | None:
    """The newest run of similar code, preferably at the same line."""
    line = _line(cell)
    alike = [run for run in runs if _are_alike(run.source, cell.source)]
    here = [run for run in alike if run.line is not None and run.line == line]
    return next(iter(here or alike), None)


def _are_alike(one: str, other: str) -> bool:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if max(len(one), len(other)) > LONG:
        matcher = SequenceMatcher(None, one.splitlines(), other.splitlines(), autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE
