"""A script with percent cells, or a document with fences, as a notebook, by jupytext's conventions."""

import re
from collections.abc import Iterator

from .cell import Cell
from .cells import main_language
from .code import Code, code_of
from .comments import uncomment
from .document import split_lines
from .fences import unclosed_fence
from .front_matter import FrontMatter, front_matter
from .header import read_header
from .languages import is_fenced, is_python
from .notebook import Json, Notebook, NotebookCell
from .options import read_marker, read_options
from .percent import marker_text
from .quoting import unclosed_strings
from .region import region_of

_STRING = re.compile(r"""\s*[rR]?(?P<quotes>\"{3}|'{3})\n?(?P<text>.*?)\n?(?P=quotes)\s*""", re.DOTALL)
_LAYOUT = ("cell_type", "language", "magic_args")  # options that are not metadata of a notebook's cell


def read_script(text: str, language_id: str) -> Notebook:
    """The cells of a document, and the metadata in its header or front matter."""
    lines = split_lines(text)
    code = code_of(lines, language_id)
    if is_fenced(language_id):
        front = front_matter(lines)
        kernelspec = front.kernelspec
        main = main_language(lines, code.cells, language_id)
        cells = tuple(_fenced_cell(cell, code, main) for cell in code.cells)
        metadata = {"kernelspec": {"language": main, **kernelspec}} if kernelspec else {}
        return Notebook(cells, metadata, tuple(_problems_of_fences(front, lines)))
    header = read_header(lines, language_id)
    found = [_cell(cell, code) for cell in code.cells]
    if header.front_matter:
        found.insert(0, NotebookCell({"cell_type": "raw", "metadata": {}, "source": header.front_matter}))
    problems = [header.problem] if header.problem else []
    if is_python(language_id):
        problems += (
            f"line {line + 1}: a string begins here and is never closed" for line in unclosed_strings(lines)
        )
    return Notebook(tuple(found), header.metadata, tuple(problems))


def _cell(cell: Cell, code: Code) -> NotebookCell:
    """A percent cell."""
    marker = None
    if cell.marker_line is not None:
        marker = marker_text(code.written[cell.marker_line], cell.language_id)
    body = slice(cell.start_line, cell.end_line)
    text = text_of(code.written[body], cell.language_id) if cell.commented else "\n".join(code.lines[body])
    return _notebook_cell(cell, code, marker_metadata(marker or ""), text)


def _problems_of_fences(front: FrontMatter, lines: list[str]) -> Iterator[str]:
    if front.problem:
        yield front.problem
    line = unclosed_fence(lines)
    if line is not None:
        yield f"line {line + 1}: this fence is never closed, so its code runs to the end"


def _fenced_cell(cell: Cell, code: Code, main_language_id: str) -> NotebookCell:
    """A cell; one in another language than the notebook says so in VS Code's way."""
    metadata: Json = ({"title": cell.title} if cell.title else {}) | (read_options(cell.metadata) or {})
    if cell.tags:
        metadata["tags"] = list(cell.tags)
    if cell.kind == "code" and cell.language_id != main_language_id:
        metadata["vscode"] = {"languageId": cell.language_id}
    return _notebook_cell(cell, code, metadata, "\n".join(code.written[cell.start_line : cell.end_line]))


def _notebook_cell(cell: Cell, code: Code, metadata: Json, text: str) -> NotebookCell:
    """A cell; `text` is its source if it is not code."""
    region = region_of(code, cell) if cell.kind == "code" else None
    if cell.kind == "code":
        text = region.source if region else ""
    return NotebookCell({"cell_type": cell.kind, "metadata": metadata, "source": text}, cell.title, region)


def text_of(lines: list[str], language_id: str) -> str:
    """The text of a markdown or raw cell: in comments, or in Python also in a string of its own."""
    text = "\n".join(lines)
    if is_python(language_id) and (string := _STRING.fullmatch(text)):
        return string["text"]
    return "\n".join(uncomment(line, language_id) for line in text.strip("\n").split("\n"))


def marker_metadata(marker: str) -> Json:
    """The metadata of a cell, as jupytext names it."""
    read = read_marker(marker)
    metadata: Json = {"cell_depth": read.depth} if read.depth else {}
    metadata |= {name: value for name, value in read.options.items() if name not in _LAYOUT}
    if read.kind == "md":
        metadata["region_name"] = "md"
    if read.title:
        metadata["title"] = read.title
    if metadata.get("active") == "":
        del metadata["active"]
    return metadata
