"""The formats of an export."""

from pathlib import Path

from ..protocol.objects import ExportFormat, ExportMedia
from . import export
from .html import html, html_exporter
from .ipynb import ipynb
from .markdown import markdown
from .media import beside, inline, require_folder
from .notebook import Notebook
from .script import script


def save(path: Path, notebook: Notebook, format: ExportFormat, media: ExportMedia, overwrite: bool) -> None:
    """Write the file `path`, and for Markdown its media beside it. html needs the whole notebook in memory.

    Raises ExportExists. ExportFailed: the file system refused, the notebook is invalid, or nbconvert fails.
    """
    match format:
        case "ipynb":
            export.write(path, ipynb(notebook), overwrite)
        case "py":
            export.write(path, script(notebook), overwrite)
        case "md":
            with beside(path) as place:
                export.write(path, markdown(notebook, place if media == "files" else inline), overwrite)
        case "html":
            export.write(path, html(notebook, path.stem), overwrite)


def rehearse(path: Path, format: ExportFormat, media: ExportMedia, overwrite: bool) -> None:
    """Find what would keep `save` from writing. Raises ExportExists, ExportFailed."""
    if format == "html":
        html_exporter()
    if format == "md" and media == "files":
        require_folder(path)
    export.rehearse(path, overwrite)
