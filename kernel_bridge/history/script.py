"""Writes a notebook as a script with percent cells, which jupytext and `source/script` read as that notebook.

Without outputs. Magics are not in comments, unlike by jupytext's default; the header declares that. Text that
would look like a cell marker is written in a string of its own in Python, and elsewhere with a backslash
(`# \\%% text`), which Markdown does not show.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ..escapes import legible
from ..source.comments import comment
from ..source.document import split_lines
from ..source.languages import extension_of, is_python, language_of_kernel
from ..source.options import UNWRITTEN, write_marker
from ..source.percent import has_active_code, percent_cells
from .notebook import Json, Notebook

_NOTEBOOK_METADATA = ("kernel_info", "orphan", "tocdepth")  # those that jupytext writes too
_UTF8 = re.compile(r".*coding[:=]\s*utf-?8\b", re.IGNORECASE)
_MARK = re.compile(r"%%|In\[|<(?=code|markdown)")


def script(notebook: Notebook) -> Iterator[str]:
    """The text of the script, a cell at a time."""
    language_id = language_of_kernel(notebook.metadata["kernelspec"]["language"])
    yield "".join(f"{line}\n" for line in _header(notebook.metadata, language_id))
    for cell in notebook.cells:
        yield "\n" + "".join(f"{line}\n" for line in _cell(cell, language_id))


def _header(metadata: Json, language_id: str) -> Iterator[str]:
    spec = metadata["kernelspec"]
    jupytext = metadata.get("jupytext")
    options = dict(jupytext) if isinstance(jupytext, dict) else {}
    first_lines = "#!" + str(options.pop("executable", "")), str(options.pop("encoding", ""))
    options["comment_magics"] = False
    extension = extension_of(spec["language"])
    options["text_representation"] = {"extension": extension, "format_name": "percent"}
    kept = {name: metadata[name] for name in _NOTEBOOK_METADATA if name in metadata}
    kernelspec = {name: spec[name] for name in ("display_name", "language", "name")}
    if first_lines[0].strip() != "#!" and first_lines[0].isprintable():
        yield first_lines[0]
    if _UTF8.fullmatch(first_lines[1]):
        yield first_lines[1]
    yaml = _yaml({"jupyter": {**kept, "jupytext": options, "kernelspec": kernelspec}})
    for line in ("---", *yaml, "---"):
        yield comment(line, language_id)


def _yaml(value: dict[str, Any]) -> Iterator[str]:
    for name, part in value.items():
        key = name if re.fullmatch(r"[A-Za-z_][\w-]*", name, re.ASCII) else json.dumps(name)
        if isinstance(part, dict) and part:
            yield f"{key}:"
            yield from (f"  {line}" for line in _yaml(part))
        else:
            yield f"{key}: {legible(json.dumps(part, ensure_ascii=False))}"  # JSON is valid YAML


def _cell(cell: Json, language_id: str) -> list[str]:
    metadata = {name: value for name, value in cell["metadata"].items() if name not in UNWRITTEN}
    kind = "" if cell["cell_type"] == "code" else cell["cell_type"]
    if kind == "markdown" and cell["metadata"].get("region_name") == "md":
        kind = "md"
    marker = comment("%%" + write_marker(kind, metadata), language_id)
    source = cell["source"].rstrip("\r\n")
    lines = split_lines(source) if source else []
    if not kind and has_active_code(metadata, language_id):
        return _escaped([marker, *lines], language_id)
    commented = [marker, *(comment(line, language_id) for line in lines)]
    escaped = _escaped(commented, language_id)
    if kind and is_python(language_id) and escaped != commented and (quotes := _quotes(source)):
        return [marker, quotes, *lines, quotes[-3:]]
    return escaped


def _escaped(lines: list[str], language_id: str) -> list[str]:
    """The lines of a cell, with a backslash where another cell would begin."""
    result = list(lines)
    for cell in percent_cells(lines, language_id)[1:]:
        assert cell.marker_line is not None
        result[cell.marker_line] = _MARK.sub(r"\\\g<0>", lines[cell.marker_line], count=1)
    return result


def _quotes(text: str) -> str:
    """The quotes that begin a string with this text; empty: there are none."""
    quotes = next((quotes for quotes in ('"""', "'''") if quotes not in text + text[-1:] * 2), "")
    if quotes and "\\" in text:
        return "" if text.endswith("\\") else f"r{quotes}"
    return quotes
