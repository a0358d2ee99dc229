"""Which format the name of a file asks for."""

from pathlib import Path

from ..protocol.objects import ExportFormat
from ..source.languages import language_of_path
from .exits import UsageError

_FORMATS: dict[str, ExportFormat] = {".ipynb": "ipynb", ".md": "md", ".html": "html", ".auto": "py"}


def format_of(name: str) -> ExportFormat:
    """A script for the extension of a language. Raises UsageError: the name says nothing of a format."""
    if format_ := _FORMATS.get(Path(name).suffix.lower()):
        return format_
    if language_of_path(name):
        return "py"
    raise UsageError(
        f"the name {name!r} has no known format; end it in .ipynb, .md, .html, .auto "
        "or the extension of a language, such as .py"
    )
