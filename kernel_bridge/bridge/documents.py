"""Documents as the bridge knows them: by their URIs."""

import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit


def path_of(uri: str) -> Path | None:
    """The path of a file URI; None for any other (untitled:, vscode-remote:, ...), and for what is no URI."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file":
        return None
    if sys.platform == "win32":
        from urllib.request import url2pathname  # with 37 more modules

        return Path(url2pathname(unquote(parts.path)))
    return Path(unquote(parts.path))


def folder_of(uri: str | None, root: Path) -> Path:
    """The folder of a document; `root` where it has none, or none that is there."""
    path = path_of(uri) if uri is not None else None
    return path.parent if path is not None and path.parent.is_dir() else root
