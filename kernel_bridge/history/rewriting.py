"""Writes the cells of a view (source/view) into their notebook file, with the outputs of their runs.

Cells that are still there keep their id, metadata, attachments and every character that has not changed.
Those without a run keep the outputs of the file while their code is the same.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from ..source.notebook import Notebook, NotebookCell
from ..source.notebook_text import CellText, Edit, NotebookText, edited
from ..source.view import read_view, write_view
from .alignment import align
from .ipynb import cell_object, dumps
from .notebook import Json, mend_cell, run_cell, sound, validated
from .records import RunRecord
from .writeback import changed, old_value, output_edits, put, replace


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """A cell to write: the one at `index` of the file with these changes, or a new one."""

    index: int | None
    values: Json  # its source and metadata, if they change
    record: RunRecord | None
    clears: bool = False  # its outputs, because its code has changed


def plan(
    file: Notebook,
    shown: Sequence[NotebookCell],
    document: Sequence[NotebookCell],
    aligned: Sequence[int | None],
    records: Mapping[int, RunRecord],
) -> list[PlannedCell]:
    """What to write.

    `shown` are the cells of the file as a view shows them, and `document` those of the view as it is now. For
    each of these, `aligned` has the index of the cell of the file, and `records` the run, if there are any.
    """
    planned = []
    for number, (cell, index) in enumerate(zip(document, aligned, strict=True)):
        record, metadata = records.get(number), cell.raw["metadata"]
        if index is None:
            planned.append(PlannedCell(None, mend_cell(cell.raw), record))
            continue
        before = shown[index]
        values: Json = {}
        if cell.source != before.source:
            values["source"] = cell.source
        if metadata != before.raw["metadata"]:
            values["metadata"] = _merged(file.cells[index].raw["metadata"], before.raw["metadata"], metadata)
        planned.append(PlannedCell(index, values, record, "source" in values and record is None))
    return planned


def _merged(file: Json, before: Json, now: Json) -> Json:
    """The metadata of the file with what was changed in the view."""
    kept = {name: value for name, value in file.items() if name in now or name not in before}
    return kept | {name: value for name, value in now.items() if before.get(name) != value}


def write(
    path: Path,
    content: bytes,
    file: Notebook,
    document: Notebook,
    choose: Callable[[Sequence[int | None]], Mapping[int, RunRecord]] = lambda aligned: {},
) -> bytes:
    """Write the cells of a view into the notebook file with this digest; return the new digest.

    `choose` returns the runs of its cells, by their index, given the index of each in the file; None: it is
    new. A file that would not change is not written. Raises FileChanged: another program changed or removed
    it. ExportFailed: it cannot be read or written, or a cell is invalid. NotShown: there is no view of it.
    """
    assert document.view is not None
    shown = read_view(write_view(file, document.view), document.view).cells
    aligned = align(shown, document.cells)
    planned = plan(file, shown, document.cells, aligned, choose(aligned))

    def make(notebook: NotebookText) -> Iterator[str] | None:
        new = validated(map(_new, planned))
        if [cell.index for cell in planned] != list(range(len(notebook.cells))):
            return chain(_rearranged(notebook, planned, new, file.has_ids), _rest(new))
        pieces = changed(notebook, chain.from_iterable(_edits(notebook, cell, next(new)) for cell in planned))
        return None if pieces is None else chain(pieces, _rest(new))

    return replace(path, content, make)


def _rest(cells: Iterator[Json]) -> Iterator[str]:
    """Validate the last cells."""
    for _ in cells:
        yield ""


def _new(cell: PlannedCell) -> Json:
    """What is new in a cell, as a valid cell of its own."""
    new: Json = {"id": uuid.uuid4().hex[:8], "cell_type": "code", "metadata": {}, "source": ""}
    if cell.index is None:
        new |= cell.values
    if new["cell_type"] == "code":
        new |= {"execution_count": None, "outputs": []}
        if cell.record is not None:
            ran = run_cell(cell.record)
            new |= {"execution_count": ran["execution_count"], "outputs": ran["outputs"]}
    return new


def _rearranged(
    notebook: NotebookText, planned: Sequence[PlannedCell], new: Iterator[Json], has_ids: bool
) -> Iterator[str]:
    """The text with other cells, or in another order."""
    text, cells = notebook.text, notebook.cells
    layout = notebook.layout_of_cells()
    opening, closing = layout.newline, notebook.newline
    if cells:
        opening, closing = text[notebook.start + 1 : cells[0].start], text[cells[-1].after : notebook.end - 1]
    yield text[: notebook.start] + "["
    between = opening
    for cell in planned:
        yield between
        if cell.index is None:
            made = next(new)
            yield from cell_object(
                made if has_ids else {n: v for n, v in made.items() if n != "id"}, 0, layout
            )
        else:
            old = cells[cell.index]
            yield from edited(text, _edits(notebook, cell, next(new)), old.start, old.after)
        between = layout.comma + layout.newline
    yield (closing if planned else "") + "]" + text[notebook.end :]


def _edits(notebook: NotebookText, cell: PlannedCell, new: Json) -> Iterator[Edit]:
    """What to change in a cell of the file, in the order of the text."""
    assert cell.index is not None
    there = notebook.cells[cell.index]
    values = {name: _value(notebook, there, name, value) for name, value in cell.values.items()}
    found = [
        put(notebook, there, name, [dumps(sound(value), 0, notebook.layout(there, name))])
        for name, value in values.items()
        if old_value(notebook, there, name) != [value]
    ]
    if cell.record is not None or cell.clears:
        outputs = run_cell(cell.record)["outputs"] if cell.record is not None else []
        found += output_edits(notebook, there, new, outputs)
    yield from sorted(found, key=lambda edit: edit.start)


def _value(notebook: NotebookText, cell: CellText, name: str, value: Any) -> Any:
    """The value in the form that the file has: a source is a text, or a list of lines."""
    if name == "source" and not isinstance(next(iter(old_value(notebook, cell, name)), None), str):
        return value.splitlines(True)
    return value
