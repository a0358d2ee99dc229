"""Exports: writes runs of the history, or a document with its outputs, to a file."""

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ..files import LARGEST_DOCUMENT_BYTES, read_file, readable, reason
from ..history.journal import Journal
from ..history.records import Filter
from ..history.selection import Selection
from ..history.upgrade import read_notebook
from ..protocol.commands import ExportParams, ExportResult
from ..protocol.errors import ExportFailed, NothingToExport
from ..protocol.objects import TextDocument
from ..source.decoding import decode
from ..source.languages import extension_of, find_language, language_of_path
from ..source.notebook import Notebook as Document
from ..source.script import read_script
from .documents import path_of
from .observer import Progress

T = TypeVar("T")

AUTO = ".auto"  # replaced by the extension of the kernel's language, as in jupytext


async def export(
    journal: Journal,
    asked: ExportParams,
    path: Path,
    document: Document | None,
    progress: Progress | None,
) -> ExportResult:
    """Write the file. `document` holds the cells for mode "document".

    If this is cancelled, the existing file is kept. Raises ExportExists, ExportFailed, NothingToExport,
    NoSuchRun, HistoryDisabled.
    """
    wanted = Filter(
        kernel_id=asked.kernel_id,
        uri=asked.text_document.uri if asked.text_document is not None else None,
        run_ids=tuple(asked.run_ids) if asked.run_ids is not None else None,
        since=asked.since,
        until=asked.until,
    )
    stop = threading.Event()

    def make(runs: Selection) -> ExportResult:
        return _write(runs, asked, path, document, lambda done, total: _tell(progress, done, total, stop))

    try:
        return await journal.read_runs(wanted, make)
    except asyncio.CancelledError:
        stop.set()
        raise


def read_document(uri: str) -> Document:
    """The cells of a notebook or script on disk. Raises ExportFailed if it cannot be read."""
    path = path_of(uri)
    if path is None:
        raise ExportFailed(f"the document {uri} is neither open nor a file", path=uri)
    language = language_of_path(str(path))
    with unreadable(str(path)):
        text = decode(read_file(path, LARGEST_DOCUMENT_BYTES), language)
    return document_of(str(path), text, language or "")


def document_of(name: str, text: str, language: str) -> Document:
    """The cells of a text; `name` is its path or URI.

    An .ipynb file in a language other than JSON is one that the editor shows as a script (jupytext.nvim).
    Raises ExportFailed: it is not a valid notebook.
    """
    if not name.lower().endswith(".ipynb") or find_language(language) is not None:
        return read_script(text, language)
    with unreadable(name):
        return read_notebook(text)


@contextmanager
def unreadable(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        name = readable(name)
        raise ExportFailed(f"the document {name} cannot be read: {reason(error)}", path=name) from error


def destination(path: Path, language: str) -> Path:
    """The file to write for `path`: `.auto` becomes the extension of the kernel's language."""
    return path.with_suffix(extension_of(language)) if path.suffix.lower() == AUTO else path


class _Stopped(BaseException):
    """The export was cancelled; ends its thread."""


def _tell(progress: Progress | None, done: int, total: int, stop: threading.Event) -> None:
    if stop.is_set():
        raise _Stopped
    if progress is not None:
        progress(done, total)


def _write(
    runs: Selection, asked: ExportParams, path: Path, document: Document | None, progress: Progress
) -> ExportResult:
    from ..history import document as documents
    from ..history import formats, notebook

    if not runs:
        raise NothingToExport("nothing to export: no matching run has started")
    if asked.format in ("ipynb", None) and document is not None and _is_itself(path, asked.text_document):
        return _write_back(runs, path, progress)
    kernel = runs.read(runs.keys[-1]).kernel
    if document is not None:
        total = len(document.cells)
        book = documents.notebook(document, runs.overview(), runs.read, kernel)
    else:
        total = len(runs)
        book = notebook.notebook(runs, kernel)
    book = notebook.Notebook(book.metadata, _counted(book.cells, total, progress))
    format_ = asked.format or ("py" if path.suffix.lower() == AUTO else "ipynb")
    path = destination(path, kernel.language)
    formats.save(path, book, format_, asked.media, asked.overwrite)
    return ExportResult(path=readable(str(path)), cells=total, format=format_)


def _is_itself(path: Path, document: TextDocument | None) -> bool:
    """Whether `path` is the notebook file of the document."""
    own = path_of(document.uri) if document is not None else None
    if own is None or own.suffix.lower() != ".ipynb":
        return False
    try:
        return path.samefile(own)
    except OSError:
        return False


def _write_back(runs: Selection, path: Path, progress: Progress) -> ExportResult:
    """Write the outputs into the cells of the file as it is on disk, not as an editor has it."""
    from ..history import writeback

    document, content = writeback.read(path)
    found = writeback.runs_of_cells(document, runs.overview())
    if not found:
        name = readable(str(path))
        raise NothingToExport(f"nothing to write: no run has the code of a cell in {name} as it is on disk")
    chosen = _counted(found.items(), len(found), progress)
    writeback.write_back(path, content, {index: runs.read(run.key) for index, run in chosen})
    return ExportResult(path=readable(str(path)), cells=len(found), format="ipynb")


def _counted(cells: Iterable[T], total: int, progress: Progress) -> Iterator[T]:
    for done, cell in enumerate(cells):
        progress(done, total)
        yield cell
    progress(total, total)
