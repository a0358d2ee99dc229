"""Notebook files as text that an editor can show and edit."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ..files import LARGEST_DOCUMENT_BYTES, read_file, readable
from ..history import export
from ..history.records import time_text
from ..history.upgrade import read_notebook
from ..protocol.commands import OpenNotebookResult
from ..protocol.errors import ExportFailed
from ..source.languages import language_of_kernel
from ..source.view import NotShown, write_view
from .exporting import unreadable


class OpenedNotebooks:
    """For each notebook file, from when on runs are newer than its outputs: its last change by others."""

    def __init__(self) -> None:
        # real path -> digest of the content, time of the change
        self._changed: dict[str, tuple[str, str]] = {}

    def since(self, path: Path) -> Callable[[str], str]:
        """A function from the digest of the file, as it is now, to the time when others changed it."""

        def since(digest: str) -> str:
            key = os.path.realpath(path)
            known = self._changed.get(key)
            if known is None or known[0] != digest:
                with unreadable(str(path)):
                    time = time_text(datetime.fromtimestamp(os.stat(key).st_mtime, UTC))
                self._changed[key] = known = digest, time
            return known[1]

        return since

    def written(self, path: Path, digest: str) -> None:
        """This session has written the file, which has this digest now."""
        key = os.path.realpath(path)
        if key in self._changed:
            self._changed[key] = digest, self._changed[key][1]


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
