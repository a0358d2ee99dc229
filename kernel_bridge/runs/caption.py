"""What a MIME bundle shows, in a few words: `plot 640 x 480`, `table 10 x 3` (pure).

Of long data, only the beginning and the end are read.
"""

import html
import re
from typing import Any

from ..plurals import count
from ..protocol.vocabulary import MimeBundle
from .picture import pixels

HEAD = 65_536  # characters
TAIL = 1000

_NAME_ONLY = re.compile(r"<(?:[^<>\n]*\.)?([^<>\n]+?)(?: object| at 0x[0-9A-Fa-f]+)+>(?:\n\n.*)?", re.DOTALL)
"""A text/plain that only names an object: IPython.display's, one with an address, or Altair's."""

_WIDGET = "application/vnd.jupyter.widget-view+json"
_FIGURE = re.compile(r"application/vnd\.(plotly|vega|vegalite|bokehjs_exec|holoviews_exec)\.v\d")
_PLOT_TEXT = re.compile(r"<?[\w.]*(figure|plot|axes|chart)\b", re.IGNORECASE)  # matplotlib's, R's, Altair's
_NUMBER = r"([\d_]+)"
_SHAPES = (  # of a table, where its page says it
    re.compile(rf"<p>{_NUMBER} rows × {_NUMBER} columns</p>"),  # pandas, of a table that it cut
    re.compile(rf"shape: \({_NUMBER}, {_NUMBER}\)"),  # polars
    re.compile(rf": {_NUMBER} × {_NUMBER}</caption>"),  # R
    re.compile(rf"<span>{_NUMBER}×{_NUMBER} DataFrame</span>"),  # Julia
)
_HIDDEN = re.compile(r"<(style|script|head)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


def caption(data: MimeBundle) -> str | None:
    """The kind of thing that the bundle shows, and its size. None: it is text, which says more itself."""
    text = data.get("text/plain")
    if _WIDGET in data:
        kind = re.match(r"(\w+)\(", text[:100]) if isinstance(text, str) else None
        return f"{kind[1]} widget" if kind else "widget"
    for mime, value in data.items():
        if _FIGURE.match(mime):
            return _sized("plot", _figure_size(value))
    page = data.get("text/html")
    if isinstance(page, str) and (table := _table(page)):
        return table
    said = text if isinstance(text, str) else ""
    is_plot = not said or _PLOT_TEXT.match(said) is not None
    if is_plot or said.startswith("<"):
        for mime, value in data.items():
            if (kind_of := _media(mime, is_plot)) is not None:
                return _sized(kind_of, pixels(mime, value) if isinstance(value, str) else None)
    named = _NAME_ONLY.fullmatch(said)
    if not (is_plot or named) or "text/markdown" in data or "text/latex" in data:
        return None
    if isinstance(page, str):
        return "plot" if said and is_plot else _page(page) or (named[1] if named else "HTML")
    value = data.get("application/json")
    if isinstance(value, dict):
        return f"JSON, {count(len(value), 'key')}"
    return f"JSON, {count(len(value), 'item')}" if isinstance(value, list) else None


def without_name(data: MimeBundle) -> MimeBundle:
    """The bundle without a text/plain that only names a class, unless it has no other content."""
    if len(data) > 1 and _NAME_ONLY.fullmatch(str(data.get("text/plain"))):
        return {mime: value for mime, value in data.items() if mime != "text/plain"}
    return data


def _sized(kind: str, size: tuple[int, int] | None) -> str:
    return kind if size is None else f"{kind} {size[0]} x {size[1]}"


def _media(mime: str, is_plot: bool) -> str | None:
    if mime.startswith("image/"):
        return "plot" if is_plot else "picture"
    if mime.startswith(("audio/", "video/")):
        return mime[:5]
    return "PDF" if mime == "application/pdf" else None


def _figure_size(figure: Any) -> tuple[int, int] | None:
    """The size that a plotly figure or a Vega specification asks for."""
    if not isinstance(figure, dict):
        return None
    layout = figure.get("layout")
    sizes = layout if isinstance(layout, dict) else figure
    width, height = sizes.get("width"), sizes.get("height")
    if isinstance(width, int | float) and isinstance(height, int | float):
        return round(width), round(height)
    return None


def _table(page: str) -> str | None:
    """Rows and columns of the table on a page, without its heads and index."""
    head = page[:HEAD]
    start = head.find("<table")
    if start < 0:
        return None
    for shape in _SHAPES:
        if (found := shape.search(head[: start + TAIL]) or shape.search(page[-TAIL:])) is not None:
            rows, columns = (int(number.replace("_", "")) for number in found.groups())
            return f"table {rows} x {columns}"
    if len(page) > len(head):
        return "table"
    body = head[max(start, head.find("<tbody")) :]
    lines = [line for line in re.split(r"<tr\b", body)[1:] if "<td" in line]
    return f"table {len(lines)} x {lines[-1].count('<td')}" if lines else "table 0 x 0"


def _page(page: str) -> str:
    """The kind of medium on a page, or else its text."""
    head = page[:HEAD]
    if (medium := re.search(r"<(audio|video)\b", head)) is not None:
        return medium[1]
    return "" if "<iframe" in head else html.unescape(_TAG.sub(" ", _HIDDEN.sub("", head))).strip()
