"""Which format the name of a file asks for."""

from pathlib import Path

from ..protocol.objects import ExportFormat
from ..source.languages import language_of_path

_FORMATS: dict[str, ExportFormat] = {".ipynb": "ipynb", ".md": "md", ".html": "html", ".auto": "py"}


def format_of(name: str) -> ExportFormat:
    """A script for the extension of a language, else a notebook, where it is none of the others."""
    return _FORMATS.get(Path(name).suffix.lower()) or ("py" if language_of_path(name) else "ipynb")
