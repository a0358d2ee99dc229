"""The formats of an export, rendered piece by piece."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..escapes import legible
from ..protocol.objects import ExportFormat, ExportMedia
from ..source.languages import comments_of, extension_of
from . import export
from .export import write
from .html import html, html_exporter
from .ipynb import ipynb
from .markdown import markdown
from .media import beside, inline, require_folder
from .notebook import Json, Notebook


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
            return percent(notebook)
        case "md":
            return markdown(notebook)
        case "html":
            return html(notebook)


def percent(notebook: Notebook) -> Iterator[str]:
    """A script with percent cells as jupytext writes it, using the language's comment syntax.

    Without outputs. Magics are not commented out, unlike jupytext's default; the header declares that.
    """
    spec = notebook.metadata["kernelspec"]
    prefix, end = comments_of(spec["language"])

    def comment(line: str) -> str:
        return " ".join(part for part in (prefix, line, end) if part)

    header = {
        "jupytext": {
            "comment_magics": False,
            "text_representation": {"extension": extension_of(spec["language"]), "format_name": "percent"},
        },
        "kernelspec": {name: spec[name] for name in ("display_name", "language", "name")},
    }
    lines = ["---", "jupyter:", *(f"  {line}" for line in _yaml(header)), "---"]
    yield "".join(f"{comment(line)}\n" for line in lines)
    for cell in notebook.cells:
        source = cell["source"].rstrip()
        if cell["cell_type"] != "code":
            source = "\n".join(map(comment, source.split("\n"))) if source else ""
        marker = " ".join(["%%", *_marker(cell)])
        yield f"\n{comment(marker)}\n{source}\n"


def _marker(cell: Json) -> Iterator[str]:
    """The rest of a cell's marker after `%%`: its title, type and tags."""
    title, tags = cell["metadata"].get("title"), cell["metadata"].get("tags")
    if isinstance(title, str) and title.isprintable():
        yield title
    if cell["cell_type"] != "code":
        yield f"[{cell['cell_type']}]"
    if tags:
        yield f"tags={json.dumps(tags)}"


def _yaml(value: dict[str, Any]) -> Iterator[str]:
    for name, part in value.items():
        if isinstance(part, dict):
            yield f"{name}:"
            yield from (f"  {line}" for line in _yaml(part))
        else:
            yield f"{name}: {legible(json.dumps(part, ensure_ascii=False))}"  # JSON scalars are valid YAML
