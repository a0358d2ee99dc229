"""The export format for a file name, by its extension."""

from pathlib import Path

from ..protocol.objects import ExportFormat
from ..source.languages import is_fenced, language_of_path
from .exits import UsageError

_FORMATS: dict[str, ExportFormat] = {".ipynb": "ipynb", ".md": "md", ".html": "html", ".auto": "py"}


def format_of(name: str) -> ExportFormat:
    """The format. A language's extension, such as .py, means a script.

    Raises UsageError: the extension is unknown.
    """
    if format_ := _FORMATS.get(Path(name).suffix.lower()):
        return format_
    if (language_id := language_of_path(name)) and not is_fenced(language_id):
        return "py"
    raise UsageError(
        f"the name {name!r} has no known format; end it in .ipynb, .md, .html, .auto "
        "or the extension of a language, such as .py"
    )
