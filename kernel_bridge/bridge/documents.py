"""Documents as the bridge sees them: URIs, paths and folders."""

import sys
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit


def path_of(uri: str) -> Path | None:
    """The path of a `file:` URI; None for other schemes (untitled:, vscode-remote:, …) and malformed URIs."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file":
        return None
    if sys.platform == "win32":
        from urllib.request import url2pathname  # imports 37 more modules

        return Path(url2pathname(unquote(parts.path)))
    return Path(unquote(parts.path))


def name_of(uri: str) -> str:
    """The document's name in messages to people: of a file, an unsaved document, or a notebook's cell."""
    try:
        path = urlsplit(uri).path
    except ValueError:
        return uri
    return PurePosixPath(unquote(path)).name or uri


def folder_of(uri: str | None, root: Path) -> Path:
    """The document's folder, or `root` if it has none or the folder does not exist."""
    path = path_of(uri) if uri is not None else None
    return path.parent if path is not None and path.parent.is_dir() else root
