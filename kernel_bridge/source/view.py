"""A notebook as text that an editor shows and edits, and that text as the notebook (pure).

With percent cells in the language of the kernel, or as Markdown with fences. Each cell of the notebook is one
cell of the text. Blank lines at the end of a cell are not shown.
"""

import json
import re
from collections.abc import Collection, Iterator, Sequence

from .cell import Cell
from .cells import main_language
from .code import Code, code_of
from .comments import comment, uncomment
from .document import split_lines
from .front_matter import front_matter
from .header import read_header
from .languages import is_fenced, language_of_fence, language_of_kernel
from .magics import comment_magics
from .notebook import Json, Notebook, NotebookCell
from .options import UNWRITTEN, read_options, write_marker, write_options
from .percent import has_active_code, marker_text
from .quoting import quoted_lines
from .region import region_of
from .script import marker_metadata, text_of

ATTEMPTS = 100  # texts of which one is read as the notebook

_MARK = re.compile(r"(?P<escapes>\\*)(?P<mark>%%|In\[|<(?=code|markdown))")
_MARKS = re.compile(r"^\s*(`{3,}|~{3,})", re.MULTILINE)


class NotShown(ValueError):
    """The notebook cannot be shown in this format."""


# writing


def write_view(notebook: Notebook, language_id: str) -> str:
    """The notebook as text in its language, or in one with fences. Raises NotShown."""
    special: set[int] = set()
    for _ in range(ATTEMPTS):
        text = "\n".join(_written(notebook, language_id, special))
        read = read_view(text, language_id).cells
        misread = _misread(notebook.cells, read, special)
        if not misread:
            break
        special |= misread
    if misread or not _has_same_kinds(notebook.cells, read):
        raise NotShown("one of its cells would be read as several")
    return text


def kind_of(cell: NotebookCell) -> str:
    """The type of a cell; those of older versions of nbformat are shown as raw cells."""
    kind: str = cell.raw["cell_type"]
    return kind if kind in ("code", "markdown", "raw") else "raw"


def _has_same_kinds(cells: Sequence[NotebookCell], read: Sequence[NotebookCell]) -> bool:
    return [cell.raw["cell_type"] for cell in read] == [kind_of(cell) for cell in cells]


def _misread(
    cells: Sequence[NotebookCell], read: Sequence[NotebookCell], special: Collection[int]
) -> set[int]:
    """The cells that are not read as they are: only the first if it may have taken others into itself.

    Those that are special already are left out.
    """
    wrong = [
        index
        for index, cell in enumerate(cells)
        if index not in special
        and (
            index >= len(read)
            or read[index].raw["cell_type"] != kind_of(cell)
            or _trimmed(split_lines(read[index].source)) != _trimmed(split_lines(cell.source))
        )
    ]
    return set(wrong if _has_same_kinds(cells, read) else wrong[:1])


def _trimmed(lines: Sequence[str]) -> list[str]:
    """The lines without blank ones at the end."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return list(lines[:end])


def _written(notebook: Notebook, language_id: str, special: Collection[int]) -> Iterator[str]:
    code = language_of_kernel(notebook.language or "python")
    sources = [_trimmed(split_lines(cell.source)) for cell in notebook.cells]
    if is_fenced(language_id):
        if language_of_fence(code) is None:
            raise NotShown(f"fences cannot have code in the language {notebook.language!r}")
        header = list(_header(notebook, comments_magics=True))
        yield from (*header, "") if header else ()
        yield from _fenced(notebook.cells, sources, code, special)
        return
    magics = [
        comment_magics(source, code) if kind_of(cell) == "code" else source
        for cell, source in zip(notebook.cells, sources, strict=True)
    ]
    comments_magics = notebook.kernelspec is not None and None not in magics
    yield from (comment(line, code) for line in _header(notebook, comments_magics))
    for index, cell in enumerate(notebook.cells):
        lines = (magics[index] if comments_magics else None) or sources[index]
        yield ""
        yield from _percent(cell, lines, code, index in special)
    yield ""


def _header(notebook: Notebook, comments_magics: bool) -> Iterator[str]:
    """YAML that names the kernelspec."""
    if notebook.kernelspec is None:
        return
    spec = notebook.metadata["kernelspec"] | {"language": notebook.language or "python"}
    yield from ("---", "jupyter:")
    if not comments_magics:
        yield from ("  jupytext:", "    comment_magics: false")
    yield "  kernelspec:"
    for name in ("display_name", "language", "name"):
        if isinstance(spec.get(name), str):
            yield f"    {name}: {json.dumps(spec[name])}"  # JSON is valid YAML
    yield "---"


def _metadata(cell: NotebookCell) -> Json:
    return {name: value for name, value in cell.raw["metadata"].items() if name not in UNWRITTEN}


def _percent(cell: NotebookCell, lines: list[str], language_id: str, special: bool) -> Iterator[str]:
    """The lines of a percent cell. A special one is in comments, or its type is an option."""
    metadata = _metadata(cell)
    kind = kind_of(cell)
    if kind == "code":
        if special:
            metadata["active"] = "ipynb"
        marker = write_marker("", metadata)
        if special or not has_active_code(metadata, language_id):
            lines = [comment(line, language_id) for line in split_lines(cell.source)] if lines else []
    else:
        marker = (
            write_marker("", {"cell_type": kind, **metadata}) if special else write_marker(kind, metadata)
        )
        lines = [comment(line, language_id) for line in lines]
    yield comment("%%" + marker, language_id)
    quoted = quoted_lines(lines, language_id)
    for number, line in enumerate(lines):
        yield line if number in quoted else _escaped(line, language_id)


def _escaped(line: str, language_id: str) -> str:
    """The line with another backslash if it would be a marker but for those it has."""
    plain = _MARK.sub(r"\g<mark>", line, count=1)
    return _MARK.sub(r"\\\g<0>", line, count=1) if marker_text(plain, language_id) is not None else line


def _unescaped(line: str, language_id: str) -> str:
    plain = _MARK.sub(r"\g<mark>", line, count=1)
    if plain == line or marker_text(plain, language_id) is None:
        return line
    return line.replace("\\", "", 1)


def _fenced(
    cells: Sequence[NotebookCell], sources: Sequence[list[str]], language_id: str, special: Collection[int]
) -> Iterator[str]:
    """The lines of all cells: code in fences; prose as it is, or in a region; raw cells in regions."""
    is_bare = False  # whether the previous cell is prose without a region
    for index, (cell, lines) in enumerate(zip(cells, sources, strict=True)):
        kind, options = kind_of(cell), write_options(_metadata(cell))
        if index:
            yield ""
        is_bare = (
            kind == "markdown"
            and not (is_bare or options or index in special)
            and bool(lines and lines[0].strip())
        )
        if is_bare:
            yield from lines
        elif kind == "code":
            mark = "~" if "`" in options else "`"
            longest = max((len(found) for found in _MARKS.findall("\n".join(lines))), default=2)
            yield f"{mark * max(3, longest + 1)}{language_id} {options}".rstrip()
            yield from lines
            yield mark * max(3, longest + 1)
        else:
            names = ("raw",) if kind == "raw" else ("md", "markdown")
            name = next((one for one in names if f"<!-- #end{one} -->" not in lines), names[0])
            yield f"<!-- #{name} {options}".rstrip().replace("-->", "--\\u003e") + " -->"
            yield from lines
            yield f"<!-- #end{name} -->"
    yield ""


# reading


def is_view(text: str, language_id: str) -> bool:
    """Whether kernel-bridge wrote this text of a notebook: jupytext's says so in its header."""
    lines = split_lines(text)
    if is_fenced(language_id):
        metadata = front_matter(lines).values.get("jupyter")
    else:
        metadata = read_header(lines, language_id).metadata
    jupytext = metadata.get("jupytext") if isinstance(metadata, dict) else None
    return not (isinstance(jupytext, dict) and "text_representation" in jupytext)


def read_view(text: str, language_id: str) -> Notebook:
    """The notebook that a text shows."""
    lines = split_lines(text)
    code = code_of(lines, language_id)
    if is_fenced(language_id):
        main = main_language(lines, code.cells, language_id)
        cells = [_fenced_cell(cell, code, main) for cell in code.cells]
        metadata: Json = {"kernelspec": front_matter(lines).kernelspec}
    else:
        quoted = quoted_lines(lines, language_id)
        found = (_percent_cell(cell, code, quoted) for cell in code.cells)
        cells = [
            cell
            for cell, read in zip(found, code.cells, strict=True)
            if cell.source or read.marker_line is not None
        ]
        metadata = read_header(lines, language_id).metadata
    return Notebook(tuple(cells), metadata, view=language_id)


def _fenced_cell(cell: Cell, code: Code, main_language_id: str) -> NotebookCell:
    first = cell.start_line if cell.kind != "code" or cell.marker_line is None else cell.marker_line + 1
    metadata = read_options(cell.metadata) or {}
    if cell.kind == "code" and cell.language_id != main_language_id:
        metadata["vscode"] = {"languageId": cell.language_id}
    return _cell(cell, code, metadata, code.written[first : cell.end_line])


def _percent_cell(cell: Cell, code: Code, quoted: Collection[int]) -> NotebookCell:
    marker = None
    if cell.marker_line is not None:
        marker = marker_text(code.written[cell.marker_line], cell.language_id)
    body = range(cell.start_line, cell.end_line)
    lines = [
        line if number in quoted else _unescaped(line, cell.language_id)
        for number, line in zip(body, code.written[body.start : body.stop], strict=True)
    ]
    if cell.kind != "code":
        lines = split_lines(text_of(lines, cell.language_id))
    elif cell.commented:
        lines = [uncomment(line, cell.language_id) for line in _trimmed(lines)]
    else:
        magics = (code.lines[number] != code.written[number] for number in body)
        lines = [
            code.lines[number] if magic else line
            for number, line, magic in zip(body, lines, magics, strict=True)
        ]
    if cell.magic:
        lines.insert(0, cell.magic)
    return _cell(cell, code, marker_metadata(marker or ""), lines)


def _cell(cell: Cell, code: Code, metadata: Json, lines: Sequence[str]) -> NotebookCell:
    region = region_of(code, cell) if cell.kind == "code" else None
    raw = {"cell_type": cell.kind, "metadata": metadata, "source": "\n".join(_trimmed(lines))}
    return NotebookCell(raw, cell.title, region)
