"""Exports: writes runs of the history, or a document with its outputs, to a file."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ..files import LARGEST_DOCUMENT_BYTES, read_file, readable, reason
from ..history.journal import Journal
from ..history.records import Filter, RunRecord
from ..history.selection import Selection
from ..history.upgrade import read_notebook
from ..protocol.commands import ExportParams, ExportResult
from ..protocol.errors import ExportFailed, NothingToExport
from ..protocol.objects import TextDocument
from ..source.decoding import decode
from ..source.languages import extension_of, find_language, language_of_path
from ..source.notebook import Notebook as Document
from ..source.script import read_script
from ..source.view import NotShown, is_view, read_view
from .documents import name_of, path_of
from .observer import Progress
from .session_runs import SessionRuns

T = TypeVar("T")

Since = Callable[[str], str]
"""From the digest of a notebook file to the time from which on a run is newer than its outputs."""

Runs = Selection | SessionRuns

AUTO = ".auto"  # replaced by the extension of the kernel's language, as in jupytext


async def export(
    source: Journal | SessionRuns,
    asked: ExportParams,
    path: Path,
    document: Document | None,
    progress: Progress | None,
    since: Since = lambda digest: "",
) -> ExportResult:
    """Write the file. `document` holds the cells for mode "document". Runs of the session are only for views.

    If this is cancelled, the existing file is kept. Raises ExportExists, ExportFailed, FileChanged,
    NothingToExport, NoSuchRun, HistoryDisabled.
    """
    is_view = document is not None and document.view is not None
    named = is_view and asked.run_ids is not None  # also of the document before it was renamed
    wanted = Filter(
        kernel_id=asked.kernel_id,
        uri=asked.text_document.uri if asked.text_document is not None and not named else None,
        run_ids=tuple(asked.run_ids) if asked.run_ids is not None else None,
        since=asked.since,
        until=asked.until,
    )
    stop = threading.Event()

    def make(runs: Runs) -> ExportResult:
        return _write(
            runs, asked, path, document, since, lambda done, total: _tell(progress, done, total, stop)
        )

    try:
        if isinstance(source, SessionRuns):
            return await asyncio.to_thread(make, source)
        return await source.read_runs(wanted, make)
    except asyncio.CancelledError:
        stop.set()
        raise


def read_document(uri: str) -> Document:
    """The cells of a notebook or script on disk. Raises ExportFailed if it cannot be read."""
    path = path_of(uri)
    if path is None:
        raise ExportFailed(f"{name_of(uri)} is neither open in the editor nor a file on disk", path=uri)
    language = language_of_path(str(path))
    with unreadable(str(path)):
        text = decode(read_file(path, LARGEST_DOCUMENT_BYTES), language)
    return document_of(str(path), text, language or "")


def document_of(name: str, text: str, language: str) -> Document:
    """The cells of a text; `name` is its path or URI.

    An .ipynb file in a language other than JSON is one that the editor shows as text: as `openNotebook` or
    jupytext.nvim wrote it.
    Raises ExportFailed: it is not a valid notebook.
    """
    if not name.lower().endswith(".ipynb"):
        return read_script(text, language)
    if find_language(language) is not None:
        return read_view(text, language) if is_view(text, language) else read_script(text, language)
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
    runs: Runs,
    asked: ExportParams,
    path: Path,
    document: Document | None,
    since: Since,
    progress: Progress,
) -> ExportResult:
    from ..history import document as documents
    from ..history import formats, notebook

    is_notebook = asked.format in ("ipynb", None)
    is_itself = is_notebook and _is_itself(path, asked.text_document)
    is_view = document is not None and document.view is not None
    if document is not None and is_view and (is_itself or (is_notebook and asked.digest is not None)):
        return _write_view(runs, asked, path, document, since, progress)
    if not runs and not is_view:
        raise NothingToExport("nothing to export: no matching run has started")
    if is_itself and document is not None:
        return _write_back(runs, asked, path, progress)
    kernel = runs.read(runs.keys[-1]).kernel if runs else None
    if document is not None:
        total = len(document.cells)
        book = documents.notebook(document, runs.overview(), runs.read, kernel)
    else:
        assert kernel is not None  # there are runs
        total = len(runs)
        book = notebook.notebook(map(runs.read, runs.keys), kernel)
    book = notebook.Notebook(book.metadata, _counted(book.cells, total, progress))
    format_ = asked.format or ("py" if path.suffix.lower() == AUTO else "ipynb")
    path = destination(path, kernel.language if kernel is not None else "python")
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


def _write_back(runs: Runs, asked: ExportParams, path: Path, progress: Progress) -> ExportResult:
    """Write the outputs into the cells of the file as it is on disk, not as an editor has it."""
    from ..history import writeback

    document, content = _read_back(path, asked.digest)
    found = writeback.runs_of_cells(document, runs.overview())
    if not found:
        name = readable(str(path))
        raise NothingToExport(f"nothing to write: no run has the code of a cell in {name} as it is on disk")
    chosen = _counted(found.items(), len(found), progress)
    digest = writeback.write_back(path, content, {index: runs.read(run.key) for index, run in chosen})
    return ExportResult(path=readable(str(path)), cells=len(found), format="ipynb", digest=digest.hex())


def _write_view(
    runs: Runs,
    asked: ExportParams,
    path: Path,
    document: Document,
    since: Since,
    progress: Progress,
) -> ExportResult:
    """Write the cells of a view into its file, each with the outputs of its run.

    A run counts only if it is named or newer than the file as this session has found it.
    """
    from ..history import rewriting
    from ..history.matching import match

    file, content = _read_back(path, asked.digest)
    after = since(content.hex())
    cells = document.cells

    def choose(aligned: Sequence[int | None]) -> dict[int, RunRecord]:
        found = match(cells, runs.overview()[::-1])
        return {
            number: runs.read(run.key)
            for number, run in _counted(list(enumerate(found)), len(cells), progress)
            if run is not None
            and run.source.strip() == cells[number].code.strip()
            and (aligned[number] is None or run.started_at > after or asked.run_ids is not None)
        }

    try:
        digest = rewriting.write(path, content, file, document, choose)
    except NotShown as error:
        name = readable(str(path))
        raise ExportFailed(
            f"nothing was written into {name}: {error}", path=name, reason=str(error)
        ) from None
    return ExportResult(path=readable(str(path)), cells=len(cells), format="ipynb", digest=digest.hex())


def _read_back(path: Path, digest: str | None) -> tuple[Document, bytes]:
    """The notebook to write back, and its digest. Raises FileChanged: it is not `digest`; ExportFailed."""
    from ..history import export, writeback

    document, content = writeback.read(path)
    if digest is not None and digest != content.hex():
        raise export.conflict(path, "changed")
    return document, content


def _counted(cells: Iterable[T], total: int, progress: Progress) -> Iterator[T]:
    for done, cell in enumerate(cells):
        progress(done, total)
        yield cell
    progress(total, total)
