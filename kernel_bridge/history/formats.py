"""The formats of an export, rendered piece by piece."""

from collections.abc import Iterator
from pathlib import Path

from ..protocol.objects import ExportFormat, ExportMedia
from . import export
from .export import write
from .html import html, html_exporter
from .ipynb import ipynb
from .markdown import markdown
from .media import beside, inline, require_folder
from .notebook import Notebook
from .script import script


def save(path: Path, notebook: Notebook, format: ExportFormat, media: ExportMedia, overwrite: bool) -> None:
    """Write the file `path`, and for Markdown its media beside it. Raises ExportExists, ExportFailed."""
    if format == "md":
        with beside(path) as place:
            write(path, markdown(notebook, place if media == "files" else inline), overwrite)
    else:
        write(path, render(notebook, format), overwrite)


def rehearse(path: Path, format: ExportFormat, media: ExportMedia, overwrite: bool) -> None:
    """Find what would keep `save` from writing. Raises ExportExists, ExportFailed."""
    if format == "html":
        html_exporter()
    if format == "md" and media == "files":
        require_folder(path)
    export.rehearse(path, overwrite)


def render(notebook: Notebook, format: ExportFormat) -> Iterator[str]:
    """The text of a single file. html needs the whole notebook in memory.

    Raises ExportFailed: the notebook is invalid, or nbconvert is required but missing.
    """
    match format:
        case "ipynb":
            return ipynb(notebook)
        case "py":
            return script(notebook)
        case "md":
            return markdown(notebook)
        case "html":
            return html(notebook)
