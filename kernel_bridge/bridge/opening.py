"""Notebook files as text that an editor can show and edit."""

from pathlib import Path
from typing import Literal

from ..files import LARGEST_DOCUMENT_BYTES, read_file
from ..history import export
from ..history.document import fill
from ..history.notebook import Notebook
from ..history.script import script
from ..history.upgrade import read_notebook
from ..protocol.commands import OpenNotebookResult
from ..source.languages import language_of_kernel
from .exporting import unreadable


def open_notebook(path: Path, format: Literal["py", "md"]) -> OpenNotebookResult:
    """The notebook as text. Raises ExportFailed: it cannot be read, or is not a notebook."""
    with unreadable(str(path)):
        raw = read_file(path, LARGEST_DOCUMENT_BYTES)
        notebook = read_notebook(raw.decode("utf-8-sig"))
    language = notebook.language or "python"
    name = notebook.kernelspec or language
    spec = {"name": name, "display_name": name, "language": language}
    cells = fill(notebook.cells, iter([None] * len(notebook.cells)))
    text = "".join(script(Notebook({"kernelspec": spec}, cells)))
    return OpenNotebookResult(
        text=text, language_id=language_of_kernel(language), digest=export.digest(raw).hex()
    )
