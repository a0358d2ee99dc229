"""The text formats of an export, rendered piece by piece."""

import base64
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from ..escapes import legible, plain
from ..protocol.errors import ExportFailed
from ..protocol.objects import ExportFormat
from ..source.languages import comments_of, extension_of
from .ipynb import ipynb
from .notebook import Json, Notebook, as_node
from .records import whole

_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")  # in order of preference


def render(notebook: Notebook, format: ExportFormat) -> Iterator[str]:
    """The text of the file. html needs the whole notebook in memory.

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


def markdown(notebook: Notebook) -> Iterator[str]:
    """Sources and text outputs as fenced blocks, images as data URIs."""
    language = notebook.metadata["kernelspec"]["language"]
    between = ""
    for cell in notebook.cells:
        for block in _markdown_cell(cell, language):
            yield between + block
            between = "\n\n"
    yield "\n"


def _markdown_cell(cell: Json, language: str) -> Iterator[str]:
    if cell["cell_type"] != "code":
        if cell["source"].strip():
            yield cell["source"].rstrip()
        return
    if cell["source"].strip():
        yield _fence(cell["source"], language)
    for output in cell["outputs"]:
        if block := _markdown_output(whole(output)):
            yield block


def html(notebook: Notebook) -> Iterator[str]:
    """An HTML page made by nbconvert. Raises ExportFailed: nbconvert is missing or fails."""
    try:
        from nbconvert import HTMLExporter
    except ImportError:
        raise ExportFailed(
            f"exporting html needs nbconvert; install it with: {sys.executable} -m pip install nbconvert"
        ) from None
    exporter: Any = HTMLExporter  # untyped
    node = as_node(notebook)
    try:
        # by default nbconvert would load templates, which run code, from the current folder
        body, _ = exporter(extra_template_basedirs=[]).from_notebook_node(node)
    except Exception as error:  # nbconvert's templates and filters may raise anything
        raise ExportFailed(f"nbconvert could not make html of the runs: {error}") from error
    yield str(body)


def _markdown_output(output: Json) -> str:
    match output["output_type"]:
        case "stream":
            return _fence(plain(output["text"]), "")
        case "error":
            lines = output["traceback"] or [f"{output['ename']}: {output['evalue']}"]
            return _fence(plain("\n".join(lines)), "")
        case _:
            return _markdown_data(output["data"])


def _markdown_data(data: dict[str, Any]) -> str:
    for mime in _IMAGES:
        if mime in data:
            value = data[mime]
            if mime == "image/svg+xml":
                value = base64.b64encode(value.encode()).decode()
            return f"![](data:{mime};base64,{''.join(value.split())})"
    for mime in ("text/markdown", "text/latex"):
        if mime in data:
            return plain(str(data[mime])).rstrip()
    if "text/plain" in data:
        return _fence(plain(data["text/plain"]), "")
    return plain(str(data.get("text/html", ""))).rstrip()


def _fence(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = re.sub(r"[^\w+#.-]", "", language)  # from a kernelspec: a backtick in it would end the fence
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
