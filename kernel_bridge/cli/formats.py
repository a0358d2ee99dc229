"""The export format that a file name asks for."""

from pathlib import Path

from ..protocol.objects import ExportFormat
from ..source.languages import language_of_path
from .exits import UsageError

_FORMATS: dict[str, ExportFormat] = {".ipynb": "ipynb", ".md": "md", ".html": "html", ".auto": "py"}


def format_of(name: str) -> ExportFormat:
    """The format; the extension of a language asks for a script. Raises UsageError: unknown extension."""
    if format_ := _FORMATS.get(Path(name).suffix.lower()):
        return format_
    if language_of_path(name):
        return "py"
    raise UsageError(
        f"the name {name!r} has no known format; end it in .ipynb, .md, .html, .auto "
        "or the extension of a language, such as .py"
    )
