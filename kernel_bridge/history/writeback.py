"""Writes the outputs of runs into their notebook file, and keeps every other character of it.

A cell keeps its metadata, including the times that JupyterLab records. Outputs that are the same keep their
text.
"""

import codecs
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from ..files import LARGEST_DOCUMENT_BYTES, read_file, readable, reason
from ..protocol.errors import ExportFailed
from ..source.notebook import Notebook, OldNotebook, read_notebook
from ..source.notebook_text import CellText, Edit, NotebookText, edited, scan
from . import export
from .document import joined
from .ipynb import output_list
from .matching import match
from .notebook import Json, run_cell, validated
from .records import Pieces, Ran, RunRecord


def read(path: Path) -> tuple[Notebook, bytes]:
    """The notebook file, and its digest.

    Raises ExportFailed: it cannot be read, or has an nbformat before 4, which would have to be rewritten.
    """
    name = readable(str(path))
    try:
        raw = read_file(path, LARGEST_DOCUMENT_BYTES)
        return read_notebook(raw.decode("utf-8-sig")), export.digest(raw)
    except OldNotebook as error:
        why = f"{error}; write a new file, or save it in Jupyter first"
    except (OSError, ValueError) as error:
        why = reason(error)
    raise ExportFailed(f"no outputs can be written into {name}: {why}", path=name, reason=why)


def runs_of_cells(notebook: Notebook, ran: Sequence[Ran]) -> dict[int, Ran]:
    """The newest run of each cell, by the cell's index. `ran` is oldest first.

    A cell whose newest run had other code is left out: the file could not tell that its outputs are outdated.
    """
    found = match(notebook.cells, ran[::-1])
    return {
        index: run
        for index, (cell, run) in enumerate(zip(notebook.cells, found, strict=True))
        if run is not None and run.source.strip() == cell.source.strip()
    }


def write_back(path: Path, content: bytes, records: Mapping[int, RunRecord]) -> bytes:
    """Write the runs' outputs and execution counts into the cells with these indexes; return the new digest.

    `content` is the digest of the notebook that has these cells. A file that would not change is not written.
    Raises FileChanged: another program changed or removed it. ExportFailed: it cannot be read or written.
    """
    return replace(path, content, lambda notebook: changed(notebook, edits(notebook, records)))


def replace(path: Path, content: bytes, make: Callable[[NotebookText], Iterator[str] | None]) -> bytes:
    """Write the text that `make` returns for the notebook into the file, and return the new digest.

    None: the file stays as it is. `content` is the digest that it must have. Raises as `write_back`.
    """
    raw = export.read_unchanged(path, content)
    notebook = scan(raw.decode("utf-8-sig"))
    mark = ["\ufeff"] if raw.startswith(codecs.BOM_UTF8) else []
    del raw  # up to half a gigabyte
    pieces = make(notebook)
    return content if pieces is None else export.write_back(path, chain(mark, pieces), content)


def changed(notebook: NotebookText, changes: Iterator[Edit]) -> Iterator[str] | None:
    """The text with the changes, which are in its order; None: there are none."""
    first = next(changes, None)
    return None if first is None else edited(notebook.text, chain([first], changes))


def edits(notebook: NotebookText, records: Mapping[int, RunRecord]) -> Iterator[Edit]:
    """What to change, in the order of the text. Each edit must be consumed before the next one."""
    indexes = sorted(records)
    for index, new in zip(indexes, validated(run_cell(records[index]) for index in indexes), strict=True):
        found = output_edits(notebook, notebook.cells[index], new, run_cell(records[index])["outputs"])
        yield from sorted(found, key=lambda edit: edit.start)


def output_edits(
    notebook: NotebookText, cell: CellText, new: Json, outputs: Iterable[Json]
) -> Iterator[Edit]:
    """What to change so that the cell has the count and the outputs of `new`.

    `outputs` are the same outputs, to be compared with the old ones.
    """
    count = new["execution_count"]
    if old_value(notebook, cell, "execution_count") != [count]:
        yield put(notebook, cell, "execution_count", [json.dumps(count)])
    if not _are_same(old_value(notebook, cell, "outputs"), outputs):
        pieces = output_list(new["outputs"], 0, notebook.layout(cell, "outputs"))
        yield put(notebook, cell, "outputs", pieces)


def old_value(notebook: NotebookText, cell: CellText, key: str) -> list[Any]:
    """The value under the key, in a list; an empty list if there is none."""
    member = cell.members.get(key)
    return [] if member is None else [json.loads(notebook.text[member.value : member.end])]


def put(notebook: NotebookText, cell: CellText, key: str, pieces: Iterable[str]) -> Edit:
    """Put the text under the key."""
    member = cell.members.get(key)
    if member is not None:
        return Edit(member.value, member.end, pieces)
    layout = notebook.layout(cell, key)
    head = f'{layout.comma}{layout.newline}"{key}"{layout.colon}'
    return Edit(cell.end, cell.end, chain([head], pieces))


def _are_same(old: list[Any], new: Iterable[Json]) -> bool:
    """Whether the old outputs, if there are any, are the new ones."""
    if not (old and isinstance(old[0], list) and all(isinstance(output, dict) for output in old[0])):
        return False
    pairs = zip_longest(map(joined, old[0]), new)
    return all(one is not None and other is not None and _is_same(one, other) for one, other in pairs)


def _is_same(old: Json, new: Json) -> bool:
    text = new.get("text")
    if isinstance(text, Pieces):
        return old.keys() == new.keys() and old["name"] == new["name"] and _is_text(old["text"], text)
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)  # for Python, True is 1


def _is_text(old: Any, new: Pieces) -> bool:
    at = 0
    for piece in new if isinstance(old, str) else ():
        if not old.startswith(piece, at):
            return False
        at += len(piece)
    return isinstance(old, str) and at == len(old)
