"""Reads the notebooks that an editor has open (LSP 3.17, "Notebook Document Synchronization").

pygls stores them, and stores each cell as a document. A notebook has one kernel, so a request with the URI of
a cell is about the notebook. A cell runs as a whole; cell markers in it have no meaning.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from ..protocol.errors import InvalidArgument
from ..source.document import Place
from ..source.notebook import Notebook, NotebookCell, text_or_none
from ..source.region import Region

if TYPE_CHECKING:  # slow to import
    from lsprotocol import types
    from lsprotocol.types import NotebookDocument

    from .snapshot import Snapshot

CODE = 2  # NotebookCellKind
RAW = "raw"  # the language of raw cells, which VS Code shows as code
_FIELDS = ("id", "attachments", "execution_count", "nbformat", "nbformat_minor", "indentAmount")
WHOLE_CELLS = ("cell", "above", "below", "all")


class Cells(Protocol):
    """The part of the open documents that this module needs."""

    def find(self, uri: str) -> "Snapshot | None": ...


def chosen_cells(
    notebook: "NotebookDocument", uri: str, unit: str, named: list[str] | None, cells: Cells
) -> "list[Snapshot]":
    """The code cells that are named, in that order, or else those of a unit, relative to the cell at `uri`.

    For "all", and with names, `uri` may also be the notebook's.

    Raises InvalidArgument: the unit needs a cell, and `uri` is the notebook's, or a named cell is not in it.
    """
    every = notebook.cells
    if named is not None:
        of_uri = {cell.document: cell for cell in every}
        for name in named:
            if name not in of_uri:
                raise InvalidArgument(
                    f"kernel-bridge.run: field cells: {name} is not a cell of {notebook.uri}"
                )
        return _code((of_uri[name] for name in named), cells)
    here = next((number for number, cell in enumerate(every) if cell.document == uri), None)
    if here is None and unit != "all":
        raise InvalidArgument(
            f'kernel-bridge.run: field textDocument: unit "{unit}" needs a cell, and {uri} is the notebook; '
            "pass the URI of the cell"
        )
    if unit == "cell":
        every = every[here : (here or 0) + 1]
    elif unit == "above":
        every = every[:here]
    elif unit == "below":
        every = every[here:]
    return _code(every, cells)


def _code(chosen: "Iterable[types.NotebookCell]", cells: Cells) -> "list[Snapshot]":
    found = (cells.find(cell.document) for cell in chosen if cell.kind == CODE)
    return [cell for cell in found if cell is not None and cell.language_id != RAW and cell.text.strip()]


def whole(cell: "Snapshot") -> Region:
    """The region of a whole cell."""
    last = len(cell.lines) - 1
    return Region("\n".join(cell.lines), Place(0, 0), Place(last, len(cell.lines[last])), cell.language_id)


def kernelspec_of(notebook: "NotebookDocument") -> str | None:
    """The kernelspec that the notebook names."""
    return text_or_none(_spec(notebook).get("name"))


def language_of(notebook: "NotebookDocument", cells: Cells) -> str | None:
    """The language of the first code cell, or else the language that the notebook names."""
    for cell in notebook.cells:
        document = cells.find(cell.document)
        if cell.kind == CODE and document is not None and document.language_id != RAW:
            return document.language_id
    return text_or_none(_spec(notebook).get("language"))


def cell_id(notebook: "NotebookDocument", uri: str) -> str | None:
    """The id of a cell in the notebook's file; None: the editor does not send it."""
    for cell in notebook.cells:
        if cell.document == uri:
            return text_or_none(_object(cell.metadata).get("id"))
    return None


def as_notebook(notebook: "NotebookDocument", cells: Cells) -> Notebook:
    """The open notebook, with the current text of its cells."""
    found = []
    for cell in notebook.cells:
        document = cells.find(cell.document)
        kind = "code" if cell.kind == CODE else "markdown"
        raw: dict[str, Any] = {
            "cell_type": RAW if document is not None and document.language_id == RAW else kind,
            "metadata": _of_file(cell.metadata),
            "source": "\n".join(document.lines) if document is not None else "",
        }
        if attachments := _object(cell.metadata).get("attachments"):
            raw["attachments"] = attachments
        if (name := cell_id(notebook, cell.document)) is not None:
            raw["id"] = name
        found.append(NotebookCell(raw, uri=cell.document))
    return Notebook(tuple(found), _of_file(notebook.metadata))


def _of_file(metadata: Any) -> dict[str, Any]:
    """The metadata as in the file.

    VS Code nests it one level deeper, beside other fields of the file such as the id. Other editors put these
    into the metadata itself.
    """
    given = _object(metadata)
    if isinstance(nested := given.get("metadata"), dict):
        return nested
    return {name: value for name, value in given.items() if name not in _FIELDS}


def _spec(notebook: "NotebookDocument") -> dict[str, Any]:
    """The kernelspec in the metadata."""
    return _object(_of_file(notebook.metadata).get("kernelspec"))


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
