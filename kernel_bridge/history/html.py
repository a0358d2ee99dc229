"""Writes a notebook as an HTML page. The only user of nbconvert, which is imported when needed.

nbconvert draws what it can. Every other representation becomes HTML first, or a line that names it.
"""

import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from html import escape
from importlib.resources import files
from typing import Any

from ..escapes import coloured
from ..protocol.errors import ExportFailed
from ..runs.mime import is_json
from .attachments import placed
from .markdown import fenced, raw_format
from .media import decoded, inline
from .notebook import Json, Notebook, as_node
from .records import whole
from .representation import damaged, is_partial, named, ranked, unshown

_FIGURE = "data-figure"
_RAW_FORMATS = ("", "text/html")
_STATE = "application/vnd.jupyter.widget-state+json"
_alone = threading.Lock()  # catch_warnings is not safe in threads


def html(notebook: Notebook, title: str = "Notebook") -> Iterator[str]:
    """The page; a title in the notebook's metadata precedes `title`.

    Raises ExportFailed: nbconvert is missing or fails.
    """
    widgets = _widgets(notebook)
    node = as_node(replace(notebook, cells=[_cell(cell, widgets) for cell in notebook.cells]))
    page = _convert(node, title)
    if _FIGURE in page:
        start, end, rest = page.rpartition("</body>")
        page = f"{start}{_drawing()}\n{end}{rest}"
    yield page


def figure(mime: str, output: Json) -> str | None:
    """HTML that draws one entry of a MIME bundle as a figure; None: it is none, or damaged."""
    if ranked([mime], "html")[0][1] != "figure":
        return None
    try:
        return f"{_figure(mime, output)}\n{_drawing()}"
    except (TypeError, ValueError):
        return None


def _drawing() -> str:
    """The script that draws the figures of a page."""
    return f"<script>\n{files(__package__).joinpath('figures.js').read_text()}</script>"


def html_exporter() -> Any:
    """nbconvert's exporter, untyped. Raises ExportFailed: nbconvert is missing, or broken."""
    try:
        with _without_warnings():
            from nbconvert import HTMLExporter
    except ModuleNotFoundError:
        raise ExportFailed(
            f"exporting html needs nbconvert; install it with: {sys.executable} -m pip install nbconvert"
        ) from None
    except Exception as error:  # its dependencies may not fit together
        raise ExportFailed(f"exporting html needs nbconvert, which cannot be imported: {error}") from error
    return HTMLExporter


def _convert(node: Any, title: str) -> str:
    exporter = html_exporter()
    try:
        with _without_warnings():
            # by default nbconvert would load templates, which run code, from the current folder
            converter = exporter(extra_template_basedirs=[], log=_log)
            page, _ = converter.from_notebook_node(node, {"metadata": {"name": title}})
    except Exception as error:  # nbconvert's templates and filters may raise anything
        raise ExportFailed(f"nbconvert could not make html of the runs: {error}") from error
    return str(page)


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Log the warnings of libraries, which name their files and tell a user nothing."""
    with _alone, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        _log.debug("nbconvert: %s", warning.message)


class _Quiet(logging.Filter):
    """nbconvert's log is of interest only to developers."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return _log.isEnabledFor(logging.DEBUG)


_log = logging.getLogger(__name__)
_log.addFilter(_Quiet())


def _widgets(notebook: Notebook) -> set[str]:
    """The ids of the widgets whose state the notebook holds."""
    try:
        return set(notebook.metadata["widgets"][_STATE]["state"])
    except (KeyError, TypeError):
        return set()


def _cell(cell: Json, widgets: set[str]) -> Json:
    match cell["cell_type"]:
        case "code":
            outputs = [shown for output in cell["outputs"] for shown in _output(whole(output), widgets)]
            return cell | {"outputs": outputs}
        case "markdown":
            source = placed(cell["source"], cell.get("attachments", {}), inline)
            return cell | {"source": source, "attachments": {}}
        case _:
            return _raw_cell(cell)


def _raw_cell(cell: Json) -> Json:
    if (raw_format(cell) or "") in _RAW_FORMATS or not cell["source"].strip():
        return cell
    return cell | {"cell_type": "markdown", "source": fenced(cell["source"], "")}


def _output(output: Json, widgets: set[str]) -> Iterator[Json]:
    match output["output_type"]:
        case "stream":
            yield output | {"text": coloured(output["text"])}
        case "error":
            lines = output["traceback"] or [f"{output['ename']}: {output['evalue']}"]
            yield output | {"traceback": [coloured(line) for line in lines]}
        case _:
            yield from _display(output, widgets)


def _display(output: Json, widgets: set[str]) -> Iterator[Json]:
    """The best representation that HTML shows, then a line for a better one that it cannot show."""
    data, lost = output["data"], ""
    for mime, way in ranked(data, "html"):
        if way is None or (way == "widget" and not _has_state(data[mime], widgets)):
            lost = unshown(mime, "html")
            continue
        try:
            shown = _representation(mime, way, output)
        except (TypeError, ValueError):
            lost = damaged(mime)
            continue
        yield output | {"data": shown}
        if not is_partial(mime):
            lost = ""
        break
    if lost:
        yield {"output_type": "display_data", "metadata": {}, "data": {"text/html": f"<p>{escape(lost)}</p>"}}


def _has_state(view: Any, widgets: set[str]) -> bool:
    return isinstance(view, dict) and view.get("model_id") in widgets


def _representation(mime: str, way: str, output: Json) -> Json:
    """A bundle that nbconvert draws. Raises TypeError or ValueError: the value is damaged."""
    value = output["data"][mime]
    match way:
        case "native" if mime == "text/plain":
            return {mime: coloured(value)}
        case "native" | "widget":
            if mime.startswith("image/"):
                decoded(mime, value)
            return {mime: value}
        case "figure":
            return {"text/html": _figure(mime, output)}
        case "picture":
            return {"text/html": _picture(mime, value)}
        case "media":
            return {"text/html": _player(mime, _data_uri(mime, value))}
        case "json":
            return {"text/plain": json.dumps(value, ensure_ascii=False, indent=2)}
        case _:
            return {"text/plain": coloured(value)}


def _figure(mime: str, output: Json) -> str:
    """A figure that the page's script draws. Until then it shows a picture, if there is one, or says so."""
    data, options = output["data"], output["metadata"].get(mime)
    figure = {
        "spec": data[mime] if is_json(mime) else json.loads(data[mime]),
        "options": options.get("embed_options", {}) if isinstance(options, dict) else {},
    }
    script = json.dumps(figure, ensure_ascii=False).replace("<", "\\u003c")  # so it can't end the element
    shown = _still(data) or escape(f"[{named(mime)}; its library is loaded from the web to draw it]")
    return (
        f'<div class="kernel-bridge-figure">{shown}</div>'
        f'<script type="application/json" {_FIGURE}="{escape(mime)}">{script}</script>'
    )


def _still(data: Json) -> str:
    """The picture in a bundle; empty if there is none."""
    for mime in ("image/svg+xml", "image/png", "image/jpeg"):
        with suppress(KeyError, TypeError, ValueError):
            return _picture(mime, data[mime])
    return ""


def _picture(mime: str, value: Any) -> str:
    return f'<img src="{_data_uri(mime, value)}">'


def _data_uri(mime: str, value: Any) -> str:
    return escape(inline("output", mime, decoded(mime, value)))


def _player(mime: str, url: str) -> str:
    match mime.partition("/")[0]:
        case "audio" | "video" as element:
            return f'<{element} controls src="{url}"></{element}>'
        case _:
            return f'<object type="{escape(mime)}" data="{url}" width="100%" height="600"></object>'
