"""The code cells of a notebook file, for running them.

Reads the JSON of nbformat 4 itself: it must take any notebook that still has code to run, valid or not, and
nbformat takes a second to import.
"""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CodeCell:
    """A code cell with code in it."""

    source: str
    title: str  # the last heading of the markdown above it, since the code cell before
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notebook:
    cells: tuple[CodeCell, ...]
    kernelspec: str | None  # the name it was last run with
    language: str | None  # of that kernelspec


def read_notebook(text: str) -> Notebook:
    """The code of a notebook; raises ValueError: it is not one of nbformat 4."""
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("cells"), list):
        version = raw.get("nbformat") if isinstance(raw, dict) else None
        if isinstance(version, int) and version < 4:
            raise ValueError(
                f"nbformat {version}, which is older than 4; open and save it in Jupyter to convert it"
            )
        raise ValueError("not a notebook: it has no list of cells")
    metadata = _object(raw.get("metadata"))
    spec = _object(metadata.get("kernelspec"))
    language = spec.get("language") or _object(metadata.get("language_info")).get("name")
    return Notebook(tuple(_code_cells(raw["cells"])), _text(spec.get("name")), _text(language))


def _code_cells(raw_cells: list[Any]) -> list[CodeCell]:
    cells = []
    title = ""
    for raw in map(_object, raw_cells):
        source = raw.get("source", "")
        if isinstance(source, list):
            source = "".join(line for line in source if isinstance(line, str))
        if raw.get("cell_type") == "markdown":
            headings = [line.lstrip("#").strip() for line in source.splitlines() if line.startswith("#")]
            title = headings[-1] if headings else title
        elif raw.get("cell_type") == "code" and source.strip():
            tags = _object(raw.get("metadata")).get("tags")
            cells.append(CodeCell(source, title, tuple(map(str, tags)) if isinstance(tags, list) else ()))
            title = ""
    return cells


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
