"""Opening what a run gave in the editor, the browser or a viewer (LSP 3.17, "Show Document Request").

A client that cannot show documents is told where the file is.
"""

import base64
import binascii
import html
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from ...escapes import plain
from ...owned import write_private
from ...protocol.errors import ExportFailed, InvalidArgument
from ...protocol.vocabulary import Output
from ..jsonrpc import ConnectionClosed, ResponseError
from ..session_files import SessionFiles

VIEWS = {
    "image/svg+xml": ("picture", ".svg"),
    "image/png": ("picture", ".png"),
    "image/jpeg": ("picture", ".jpg"),
    "image/gif": ("picture", ".gif"),
    "image/webp": ("picture", ".webp"),
    "application/pdf": ("PDF", ".pdf"),
    "text/html": ("page", ".html"),
}
"""What can be looked at outside of a text editor, the best first: what it is called, the file's suffix."""

SHOW_S = 10.0  # how long a client may take to say whether it has shown a document

Ask = Callable[[str, Any], Awaitable[Any]]


def view_of(output: Output) -> str | None:
    """The MIME type by which an output is looked at; None: it is text."""
    if output["output_type"] == "stream" or output["output_type"] == "error":
        return None
    return next((mime for mime in VIEWS if mime in output["data"]), None)


def whole_text(outputs: Sequence[Output]) -> str:
    """The outputs of a run as one text."""
    parts = []
    for output in outputs:
        match output["output_type"]:
            case "stream":
                parts.append(output["text"])
            case "error":
                parts.append("\n".join(output["traceback"]) or f"{output['ename']}: {output['evalue']}")
            case _:
                data = output["data"]
                parts.append(data.get("text/plain") or f"[{', '.join(data)}]")
    return "".join(part if part.endswith("\n") else f"{part}\n" for part in map(plain, parts))


def write_shown(files: SessionFiles, name: str, content: bytes) -> Path:
    """A file with that content (blocks). Raises ExportFailed."""
    try:
        path = files.folder() / name
        write_private(str(path), content)
    except OSError as error:
        raise ExportFailed(
            f"{name} cannot be written to be shown: {error}", path=name, reason=str(error)
        ) from None
    return path


def content_of(output: Output) -> tuple[str, bytes]:
    """The suffix and the bytes of a file that shows an output; raises InvalidArgument: there is none."""
    mime = view_of(output)
    if mime is None or output["output_type"] == "stream" or output["output_type"] == "error":
        raise InvalidArgument(
            f"kernel-bridge.showOutput: field index: names a {output['output_type']} that is only text; "
            "leave index out to see it"
        )
    suffix, value = VIEWS[mime][1], output["data"][mime]
    text = value if isinstance(value, str) else "".join(map(str, value))
    if mime == "text/html":
        return suffix, f"<!doctype html>\n<meta charset=utf-8>\n<title>output</title>\n{text}".encode()
    if mime == "image/svg+xml":
        return suffix, text.encode()
    try:
        return suffix, base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return ".html", f"<!doctype html>\n<pre>{html.escape(text)}</pre>".encode()


async def show_document(ask: Ask, uri: str, *, external: bool) -> bool:
    """Whether the client has shown it; `external`: by another program, such as the browser."""
    params = {"uri": uri, "external": True} if external else {"uri": uri, "takeFocus": True}
    try:
        answer = await ask("window/showDocument", params)
    except (ResponseError, ConnectionClosed, TimeoutError):
        return False
    return isinstance(answer, dict) and answer.get("success") is True
