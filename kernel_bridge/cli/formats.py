"""The export format for a file name, by its extension."""

from pathlib import Path

from ..protocol.objects import ExportFormat
from ..source.languages import is_fenced, language_of_path
from .exits import UsageError

_FORMATS: dict[str, ExportFormat] = {
    ".ipynb": "ipynb",
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".htm": "html",
    ".auto": "py",
}
# By extension: what `--to` of Quarto and nbconvert is; nbconvert writes fewer formats.
_CONVERTED: dict[str, tuple[str, str | None]] = {
    ".docx": ("docx", None),
    ".odt": ("odt", None),
    ".pdf": ("pdf", "pdf"),
    ".pptx": ("pptx", None),
    ".rst": ("rst", "rst"),
    ".tex": ("latex", "latex"),
    ".typ": ("typst", None),
}


def format_of(name: str) -> ExportFormat:
    """The format. A language's extension, such as .py, means a script.

    Raises UsageError: the extension is unknown.
    """
    suffix = Path(name).suffix.lower()
    if format_ := _FORMATS.get(suffix):
        return format_
    if suffix in _CONVERTED:
        raise UsageError(f"cannot write {name!r}: {_advice(Path(name), *_CONVERTED[suffix])}")
    if (language_id := language_of_path(name)) and not is_fenced(language_id):
        return "py"
    raise UsageError(
        f"the name {name!r} has no known format; end it in .ipynb, .md, .html, .auto "
        "or the extension of a language, such as .py"
    )


def _advice(path: Path, quarto: str, nbconvert: str | None) -> str:
    notebook = path.with_suffix(".ipynb")
    commands = f"`quarto render {notebook} --to {quarto}`"
    if nbconvert:
        commands += f" or `jupyter nbconvert {notebook} --to {nbconvert}`"
    return f"export to {notebook}, and convert that with {commands}"
