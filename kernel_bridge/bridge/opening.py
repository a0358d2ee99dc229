"""Notebook files as text that an editor can show and edit."""

from pathlib import Path
from typing import Literal

from ..files import LARGEST_DOCUMENT_BYTES, read_file, readable
from ..history import export
from ..history.upgrade import read_notebook
from ..protocol.commands import OpenNotebookResult
from ..protocol.errors import ExportFailed
from ..source.languages import language_of_kernel
from ..source.view import NotShown, write_view
from .exporting import unreadable


def open_notebook(path: Path, format: Literal["py", "md"]) -> OpenNotebookResult:
    """The notebook as text. Raises ExportFailed: it cannot be read, is no notebook, or cannot be shown."""
    with unreadable(str(path)):
        raw = read_file(path, LARGEST_DOCUMENT_BYTES)
        notebook = read_notebook(raw.decode("utf-8-sig"))
    language = "markdown" if format == "md" else language_of_kernel(notebook.language or "python")
    try:
        text = write_view(notebook, language)
    except NotShown as error:
        name, other = readable(str(path)), "py" if format == "md" else "md"
        raise ExportFailed(
            f'the notebook {name} cannot be shown in the format "{format}": {error}; use "{other}"',
            path=name,
            reason=str(error),
        ) from None
    return OpenNotebookResult(text=text, language_id=language, digest=export.digest(raw).hex())
