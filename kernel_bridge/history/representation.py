"""Which representation of an output Markdown and HTML show: the one table of MIME types (pure).

The order is nbconvert's, with more types. The .ipynb file keeps every representation, a script none.
"""

import re
from collections.abc import Iterable
from typing import Literal

Format = Literal["md", "html"]
Way = Literal["markup", "native", "widget", "picture", "media", "figure", "json", "text"]

_MIME = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)  # RFC 6838, 4.2
_VEGA = re.compile(r"application/vnd\.vega(lite)?\.v\d+[+.]json")  # Altair 6 writes a dot

# Best first: how Markdown shows it, and how HTML does ("native": nbconvert draws it). None: it cannot.
_TABLE: dict[str, tuple[Way | None, Way | None]] = {
    "application/vnd.jupyter.widget-view+json": (None, "widget"),  # if the notebook holds its state
    "application/javascript": (None, "native"),
    "text/html": ("native", "native"),
    "application/vnd.plotly.v1+json": (None, "figure"),
    "vega": (None, "figure"),
    "text/markdown": ("markup", "native"),
    "image/svg+xml": ("picture", "native"),
    "text/vnd.mermaid": ("text", "native"),
    "text/latex": ("markup", "native"),
    "image/png": ("picture", "native"),
    "image/jpeg": ("picture", "native"),
    "image/*": ("picture", "picture"),
    "video/*": ("media", "media"),
    "audio/*": ("media", "media"),
    "application/pdf": ("media", "media"),
    "application/json": ("json", "json"),
    "text/plain": ("text", "native"),
    "text/*": ("text", "text"),
}
_RANKS = {name: rank for rank, name in enumerate(_TABLE)}


def ranked(mimes: Iterable[str], format: Format) -> list[tuple[str, Way | None]]:
    """The types of a bundle, best first, each with the way that the format shows it.

    A type outside the table precedes all others: it is what the kernel's front end was meant to show.
    """
    rows = sorted((_RANKS.get(_row(mime), -1), mime) for mime in mimes)
    return [(mime, _TABLE.get(_row(mime), (None, None))[format == "html"]) for _, mime in rows]


def _row(mime: str) -> str:
    """Its name in the table, which has none for text that is no MIME type."""
    if not _MIME.fullmatch(mime):
        return ""
    if _VEGA.fullmatch(mime):
        return "vega"
    return mime if mime in _TABLE else f"{mime.partition('/')[0]}/*"


def is_partial(mime: str) -> bool:
    """Whether this is less than what a better representation shows: a still picture or plain text."""
    return mime.startswith("image/") or mime == "text/plain"


def unshown(mime: str, format: Format) -> str:
    """The line for an output of a type that the format cannot show."""
    if format == "md" and ranked([mime], "html")[0][1] not in (None, "widget"):
        return f"[{named(mime)}, which Markdown cannot show; export to HTML to see it]"
    format_name = "Markdown" if format == "md" else "HTML"
    return f"[{named(mime)}, which {format_name} cannot show; export to .ipynb to keep it]"


def damaged(mime: str) -> str:
    """The line for an output whose data cannot be decoded."""
    return f"[{named(mime)} whose data is damaged]"


def named(mime: str) -> str:
    """`an image/png output`; a hostile type loses what is no character of a MIME type."""
    name = re.sub(r"[^\w!#$&^.+/-]", "", mime, flags=re.ASCII)[:100]
    return f"{'an' if name[:1] in 'aeiou' else 'a'} {name} output"
