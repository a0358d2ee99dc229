"""The texts that a notebook can be exported as."""

import base64
import re
import sys
from typing import Any

from ..protocol.errors import ExportFailed
from ..protocol.objects import ExportFormat
from .notebook import Json, as_node, ipynb

_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")  # the best first
_CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")  # ECMA-48


def render(notebook: Json, format: ExportFormat, comment: tuple[str, str] = ("#", "")) -> str:
    """The text of a file in that format; `comment` is what begins and what ends a comment of the language.

    Raises ExportFailed: not valid, or nbconvert is needed and not installed.
    """
    match format:
        case "ipynb":
            return ipynb(notebook)
        case "py":
            return percent(notebook, comment)
        case "md":
            return markdown(notebook)
        case "html":
            return html(notebook)


def percent(notebook: Json, comment: tuple[str, str] = ("#", "")) -> str:
    """Percent cells, sources as they are, without outputs."""
    marker = " ".join(part for part in (comment[0], "%%", comment[1]) if part)
    return "\n".join(f"{marker}\n{cell['source'].rstrip()}\n" for cell in notebook["cells"])


def markdown(notebook: Json) -> str:
    """Sources and text outputs as fenced blocks, images as data URIs."""
    language = notebook["metadata"]["kernelspec"]["language"]
    blocks = []
    for cell in notebook["cells"]:
        blocks.append(_fence(cell["source"], language))
        blocks += filter(None, map(_markdown_output, cell["outputs"]))
    return "\n\n".join(blocks) + "\n"


def html(notebook: Json) -> str:
    """A page as nbconvert makes it; raises ExportFailed: nbconvert is not installed, or fails."""
    try:
        from nbconvert import HTMLExporter
    except ImportError:
        raise ExportFailed(
            f"exporting html needs nbconvert; install it with: {sys.executable} -m pip install nbconvert"
        ) from None
    try:
        exporter: Any = HTMLExporter  # it has no types
        body, _ = exporter().from_notebook_node(as_node(notebook))
    except Exception as error:  # templates and filters of nbconvert raise what they like
        raise ExportFailed(f"nbconvert could not make html of the runs: {error}") from error
    return str(body)


def _markdown_output(output: Json) -> str:
    match output["output_type"]:
        case "stream":
            return _fence(_plain(output["text"]), "")
        case "error":
            lines = output["traceback"] or [f"{output['ename']}: {output['evalue']}"]
            return _fence(_plain("\n".join(lines)), "")
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
            return str(data[mime]).rstrip()
    if "text/plain" in data:
        return _fence(_plain(data["text/plain"]), "")
    return str(data.get("text/html", "")).rstrip()


def _fence(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _plain(text: str) -> str:
    return _CONTROL.sub("", text)
