"""What other programs can show of an output: the representation, and a file that shows it (pure)."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...protocol.vocabulary import Display, Output

NAMES = {
    "image/svg+xml": "picture",
    "image/png": "picture",
    "image/jpeg": "picture",
    "image/gif": "picture",
    "image/webp": "picture",
    "application/pdf": "PDF",
    "text/html": "page",
    "application/vnd.plotly.v1+json": "Plotly figure",
}
"""The names of MIME types for people, best first. Other types follow in the order of the bundle."""

READABLE = ("text/plain", "text/markdown", "text/latex", "application/vnd.jupyter.widget-view+json")
"""Types that need no other program: they are text, or mean nothing outside a notebook."""

MEDIA = ("image/", "audio/", "video/", "application/pdf")


def view_of(output: "Output") -> str | None:
    """The MIME type of an output that another program can show; None: the output is text."""
    if output["output_type"] == "stream" or output["output_type"] == "error":
        return None
    data = output["data"]
    known = next((mime for mime in NAMES if mime in data), None)
    return known or next((mime for mime in data if mime not in READABLE), None)


def name_of(mime: str) -> str:
    """The name of a MIME type for people."""
    return NAMES.get(mime, mime)


def file_of(mime: str, output: "Display") -> tuple[str, bytes]:
    """The suffix and the content of a file that shows one entry of a MIME bundle.

    Plotly and Vega figures are drawn. What a browser cannot draw becomes a page with its source.
    """
    import json
    import mimetypes  # none is needed to answer `initialize`

    from ...history.html import figure
    from ...history.media import decoded

    value: Any = output["data"][mime]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    if mime == "text/html":
        return ".html", _page("output", text)
    if mime == "image/svg+xml":
        return ".svg", text.encode("utf-8", "replace")
    if mime.startswith(MEDIA):
        try:
            content = decoded(mime, text)
        except ValueError:
            return ".html", _source(f"{mime} that is not base64", text)
        return mimetypes.guess_extension(mime, strict=False) or ".bin", content
    drawn = figure(mime, dict(output))
    return ".html", _source(mime, text) if drawn is None else _page(name_of(mime), drawn)


def _source(title: str, text: str) -> bytes:
    import html

    title = html.escape(title)
    return _page(title, f"<p>An output of type {title}:</p>\n<pre>{html.escape(text, quote=False)}</pre>")


def _page(title: str, body: str) -> bytes:
    return f"<!doctype html>\n<meta charset=utf-8>\n<title>{title}</title>\n{body}".encode("utf-8", "replace")
