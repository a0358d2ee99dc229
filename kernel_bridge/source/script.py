"""A script with percent cells, or a document with fences, as notebook cells, by jupytext's conventions.

In a script, markdown is in comments (in Python also in a string of its own), and a header in comments names
the kernel. A document with fences names it in its front matter.
"""

import re
from typing import Any

from .cell import Cell
from .cells import cells_of_lines, main_language
from .document import split_lines
from .front_matter import front_matter
from .json_text import read_json
from .languages import comment_prefixes, find_language, is_fenced, is_python
from .notebook import Json, Notebook, NotebookCell
from .percent import header_end
from .region import region_of

_PAIR = re.compile(r"""([\w.-]+)=("(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]]*\]|\{[^}]*\}|[^\s]+)""")
_STRING = re.compile(r"""[rR]?(?P<quotes>\"{3}|'{3})(?P<text>.*)(?P=quotes)""", re.DOTALL)
_SPEC = re.compile(r"""\s*(?P<name>display_name|language|name):\s*(?P<value>.*)""")


def read_script(text: str, language_id: str) -> Notebook:
    """The code and markdown cells of a script."""
    lines = split_lines(text)
    found = cells_of_lines(lines, language_id)
    cells = tuple(_cell(cell, lines, language_id) for cell in found)
    if is_fenced(language_id):
        kernelspec = front_matter(lines).kernelspec
        main = main_language(lines, language_id)
        return Notebook(cells, {"kernelspec": {"language": main, **kernelspec}} if kernelspec else {})
    return Notebook(cells, _header(lines[: header_end(lines, language_id)], language_id))


def _cell(cell: Cell, lines: list[str], language_id: str) -> NotebookCell:
    metadata = read_metadata(cell.metadata)
    if cell.title:
        metadata = {"title": cell.title, **metadata}
    if cell.tags:
        metadata = {**metadata, "tags": list(cell.tags)}
    raw: Json = {"cell_type": cell.kind, "metadata": metadata}
    if cell.kind == "code":
        region = region_of(lines, cell)
        return NotebookCell(raw | {"source": region.source if region else ""}, cell.title, region)
    body = lines[cell.start_line : cell.end_line]
    text = "\n".join(body) if is_fenced(language_id) else _text(body, language_id)
    return NotebookCell(raw | {"source": text}, cell.title)


def _text(lines: list[str], language_id: str) -> str:
    text = "\n".join(lines).strip("\n")
    if is_python(language_id) and (string := _STRING.fullmatch(text.strip())):
        return string["text"].strip("\n")
    return "\n".join(_uncomment(line, language_id) for line in text.split("\n"))


def _uncomment(line: str, language_id: str) -> str:
    language = find_language(language_id)
    end = language.comment_end if language else ""
    for prefix in sorted(comment_prefixes(language_id), key=len, reverse=True):
        stripped = line.lstrip(" \t")
        if stripped.startswith(prefix):
            text = stripped[len(prefix) :]
            if end and text.rstrip().endswith(end):
                text = text.rstrip().removesuffix(end).removesuffix(" ")
            return text.removeprefix(" ")
    return line


def read_metadata(written: str) -> Json:
    """The metadata in a marker: a JSON object, or name=value pairs whose values are JSON or words."""
    if written.startswith("{"):
        try:
            value = read_json(written)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}
    return {match[1]: _value(match[2]) for match in _PAIR.finditer(written)}


def _value(written: str) -> Any:
    if written.startswith("'"):
        return written[1:-1]
    try:
        return read_json(written)
    except ValueError:
        return {"True": True, "False": False, "None": None}.get(written, written)


def _header(lines: list[str], language_id: str) -> Json:
    """The kernelspec in a header, the only part of its YAML that is read."""
    spec: dict[str, str] = {}
    inside = -1  # minimum indent of the kernelspec's lines
    for line in lines:
        text = _uncomment(line, language_id)
        indent = len(text) - len(text.lstrip())
        if text.strip() == "kernelspec:":
            inside = indent + 1
        elif 0 < inside <= indent and (match := _SPEC.fullmatch(text)):
            value = _value(match["value"].strip())
            spec[match["name"]] = value if isinstance(value, str) else match["value"].strip()
        elif text.strip():
            inside = -1
    return {"kernelspec": spec} if spec else {}
