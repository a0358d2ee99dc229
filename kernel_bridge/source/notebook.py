"""A document as notebook cells: read from an .ipynb file, or made from a script (script.py).

Parses the JSON of nbformat 4 itself: it must accept any notebook that has code to run, valid or not, and
nbformat takes a second to import.
"""

from dataclasses import dataclass
from typing import Any

from .broken_json import explain, line_at
from .json_text import TooDeep, read_json
from .notebook_text import start_of_cell
from .region import Region

Json = dict[str, Any]


class OldNotebook(ValueError):
    """The notebook has an nbformat before 4; it must be upgraded first."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"it is nbformat {version}")


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """A cell; `raw` is in nbformat's form, with its source as one string."""

    raw: Json
    title: str = ""  # for code: the last heading of the markdown between it and the previous code cell
    region: Region | None = None  # of the code in a script
    uri: str | None = None  # of the cell's own document, in an editor
    index: int | None = None  # in the notebook file

    @property
    def source(self) -> str:
        source: str = self.raw["source"]
        return source

    @property
    def code(self) -> str:
        """What runs: in a script, the source without common indent and blank lines at its ends."""
        return self.region.source if self.region is not None else self.source

    @property
    def has_code(self) -> bool:
        return self.raw["cell_type"] == "code" and bool(self.source.strip())

    @property
    def tags(self) -> tuple[str, ...]:
        tags = self.raw["metadata"].get("tags")
        return tuple(map(str, tags)) if isinstance(tags, list) else ()

    @property
    def id(self) -> str | None:
        return text_or_none(self.raw.get("id"))


@dataclass(frozen=True, slots=True)
class Notebook:
    cells: tuple[NotebookCell, ...]
    metadata: Json
    problems: tuple[str, ...] = ()  # in the file, each with its line; the cells run nevertheless
    view: str | None = None  # the language id of the text that shows the notebook (view.py)
    has_ids: bool = True  # its cells have ids: nbformat 4.5

    @property
    def kernelspec(self) -> str | None:
        """The name of the kernelspec it was last run with."""
        return text_or_none(_object(self.metadata.get("kernelspec")).get("name"))

    @property
    def language(self) -> str | None:
        spec, info = (_object(self.metadata.get(name)) for name in ("kernelspec", "language_info"))
        return text_or_none(spec.get("language") or info.get("name"))


def read_notebook(text: str) -> Notebook:
    """The notebook. Raises OldNotebook; another ValueError, naming the place: it is not valid nbformat 4."""
    try:
        raw = read_json(text)
    except TooDeep as error:
        raise ValueError(f"not a notebook: {error}") from None
    except ValueError as error:
        raise ValueError(explain(text, error)) from None
    if not isinstance(raw, dict) or not isinstance(raw.get("cells"), list):
        version = raw.get("nbformat") if isinstance(raw, dict) else None
        if version in (1, 2, 3):
            raise OldNotebook(version)
        if isinstance(version, int) and version > 4:
            raise ValueError(f"nbformat {version} is newer than kernel-bridge, which reads up to nbformat 4")
        raise ValueError("not a notebook: it has no list of cells")
    cells = []
    title = ""
    for index, cell in enumerate(raw["cells"]):
        try:
            read = _read_cell(cell)
        except ValueError as error:
            line = line_at(text, start_of_cell(text, index))
            raise ValueError(f"cell {index + 1} at line {line} {error}") from None
        if read["cell_type"] == "markdown":
            title = _heading(read["source"]) or title
        cells.append(NotebookCell(read, title if read["cell_type"] == "code" else "", index=index))
        if cells[-1].has_code:
            title = ""
    minor = raw.get("nbformat_minor")
    has_ids = isinstance(minor, int) and minor >= 5
    return Notebook(tuple(cells), _object(raw.get("metadata")), has_ids=has_ids)


def _read_cell(cell: Any) -> Json:
    if not isinstance(cell, dict):
        raise ValueError("is not an object")
    kind = cell.get("cell_type")
    if not isinstance(kind, str):
        raise ValueError("has no cell_type")
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise ValueError("has a source that is neither text nor a list of lines")
    read = cell | {"source": source, "metadata": _object(cell.get("metadata"))}
    if kind == "code":
        outputs = cell.get("outputs")
        listed = outputs if isinstance(outputs, list) else []
        read["outputs"] = [output for output in listed if isinstance(output, dict)]
    return read


def _heading(markdown: str) -> str:
    headings = [line.lstrip("#").strip() for line in markdown.splitlines() if line.startswith("#")]
    return headings[-1] if headings else ""


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
