"""The files that `run` writes: a copy with the outputs (--export), or the notebook itself (--in-place)."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ...history.document import notebook_of, run_of_cell
from ...history.notebook import OURS
from ...history.records import KernelRecord, RunRecord
from ...plurals import count
from ...protocol.objects import ExportFormat, ExportMedia
from ...source.cell import SKIPPED
from ...source.notebook import Notebook, NotebookCell
from ..exits import UsageError


class Target(Protocol):
    """A file that can be written several times."""

    path: Path

    def write(
        self, notebook: Notebook, started: dict[int, RunRecord], kernel: KernelRecord, kernel_id: str | None
    ) -> str:
        """Write the outputs so far; return a sentence about it.

        `started` has the runs by the index of their cell in `notebook`; `kernel_id` is given if the run can
        be resumed. Raises ExportExists, ExportFailed.
        """
        ...


class Export:
    """A new file; `overwrite`: it may replace an existing one. `kept`: cells that are not run again."""

    def __init__(
        self,
        path: Path,
        format: ExportFormat,
        media: ExportMedia,
        overwrite: bool,
        kept: dict[int, NotebookCell],
    ) -> None:
        self.path = path
        self._format = format
        self._media = media
        self._overwrite = overwrite
        self._kept = kept

    def write(
        self, notebook: Notebook, started: dict[int, RunRecord], kernel: KernelRecord, kernel_id: str | None
    ) -> str:
        from ...history import formats

        skipped = {index: cell for index, cell in enumerate(notebook.cells) if SKIPPED in cell.tags}
        records = {index: run_of_cell(cell, kernel) for index, cell in (skipped | self._kept).items()}
        records |= started
        book = notebook_of(notebook, map(records.get, range(len(notebook.cells))), kernel)
        if kernel_id is not None:
            book = replace(book, metadata={**book.metadata, OURS: {"kernelId": kernel_id}})
        formats.save(self.path, book, self._format, self._media, self._overwrite)
        self._overwrite = True
        return f"wrote {self.path} ({count(len(notebook.cells), 'cell')})"


class InPlace:
    """The notebook that runs. Only its outputs change, and only as long as no other program changes it."""

    def __init__(self, path: Path) -> None:
        """Read the notebook before it runs. Raises ExportFailed: it could not be written later."""
        from ...history import export, writeback

        self.path = path
        _, self._content = writeback.read(path)
        export.rehearse(path, overwrite=True)

    def write(
        self, notebook: Notebook, started: dict[int, RunRecord], kernel: KernelRecord, kernel_id: str | None
    ) -> str:
        from ...history import writeback

        numbered = ((notebook.cells[index].index, run) for index, run in started.items())
        records = {index: run for index, run in numbered if index is not None}
        self._content = writeback.write_back(self.path, self._content, records)
        return f"wrote the outputs of {count(len(records), 'cell')} into {self.path}"


def in_place(options: argparse.Namespace, has_parameters: bool) -> InPlace | None:
    """The notebook that --in-place writes. Raises UsageError, ExportFailed: it cannot be written."""
    if not options.in_place:
        return None
    file = options.file
    path = Path(file).expanduser()
    if file == "-":
        raise UsageError("--in-place writes into a notebook, and stdin is none; use --export OUT")
    if path.suffix.lower() != ".ipynb":
        raise UsageError(f"--in-place writes into a notebook, and {file} holds no outputs; use --export OUT")
    if options.export is not None:
        raise UsageError(f"--in-place writes into {file}, --export into another file; choose one of them")
    if has_parameters:
        raise UsageError(
            "parameters add a cell, and --in-place changes only outputs; write a copy with --export OUT"
        )
    return InPlace(path)
