"""Pictures, sound, video and PDF of an exported document: in files beside it, or inline as data URIs.

Names contain the digest of the content. So an export only ever adds files, and a document that it does not
replace after all still finds its own.
"""

import binascii
import hashlib
import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..files import read_file
from ..protocol.errors import ExportFailed

SVG = "image/svg+xml"

Place = Callable[[str, str, bytes], str]
"""Stores a medium, given a readable name, its MIME type and its content. Returns its URL."""

_EXTENSIONS = {
    "application/pdf": ".pdf",
    "audio/mpeg": ".mp3",
    "audio/x-wav": ".wav",
    "image/jpeg": ".jpg",
    "image/svg+xml": ".svg",
    "image/x-icon": ".ico",
    "video/ogg": ".ogv",
    "video/quicktime": ".mov",
}
LARGEST_MEDIUM_BYTES = 1 << 30
_OURS = re.compile(r".+-(?P<digest>[0-9a-f]{16})\.\w+")


def inline(name: str, mime: str, content: bytes) -> str:
    """A data URI."""
    return f"data:{mime};base64,{binascii.b2a_base64(content, newline=False).decode()}"


def decoded(mime: str, value: Any) -> bytes:
    """The content that a MIME bundle or attachment holds. Raises ValueError: it is not base64."""
    if mime == SVG and "<" in value:
        return str(value).encode("utf-8", "replace")
    return binascii.a2b_base64("".join(value.split()), strict_mode=True)


@contextmanager
def beside(path: Path) -> Iterator[Place]:
    """Store media in the folder `NAME_files` beside the document `path`, as nbconvert and Quarto do.

    If writing the document fails, the folder is left as it was. Once it is written, media of an earlier
    export that it no longer shows are removed. Place raises ExportFailed: the file system refused.
    """
    folder = _folder(path)
    is_new = not folder.exists()
    used: set[str] = set()
    added: list[Path] = []

    def place(name: str, mime: str, content: bytes) -> str:
        stem = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "output"
        file = folder / f"{stem}-{_digest(content)}{_extension(mime)}"
        if file.name not in used:
            used.add(file.name)
            try:
                folder.mkdir(exist_ok=True)
                if not _is_complete(file):
                    added.append(file)
                    _write(file, content)
            except OSError as error:
                raise _refused(path, error) from error
        return quote(f"{folder.name}/{file.name}")

    try:
        yield place
    except BaseException:
        for file in added:
            file.unlink(missing_ok=True)
        if is_new:
            with suppress(OSError):
                folder.rmdir()
        raise
    with suppress(OSError):  # the document is complete; files that cannot be removed do no harm
        _remove_others(folder, used)


def require_folder(path: Path) -> None:
    """Raises ExportFailed: the name of the folder for the media of `path` is that of a file."""
    folder = _folder(path)
    if os.path.lexists(folder) and not folder.is_dir():
        raise _refused(path, FileExistsError())


def _folder(path: Path) -> Path:
    return path.with_name(f"{path.stem}_files")


def _refused(path: Path, error: OSError) -> ExportFailed:
    folder = str(_folder(path))
    why = "it is not a folder" if isinstance(error, FileExistsError) else error.strerror or error
    return ExportFailed(
        f"the pictures of {path.name} could not be written to {folder!r}: {why}",
        path=folder,
        reason=str(error),
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _extension(mime: str) -> str:
    subtype = re.sub(r"\W", "", mime.partition("/")[2].removeprefix("x-"), flags=re.ASCII)
    return _EXTENSIONS.get(mime) or f".{subtype or 'bin'}"


def _is_complete(file: Path) -> bool:
    """Whether the file is there and its name has the digest of its content."""
    match = _OURS.fullmatch(file.name)
    try:
        return match is not None and _digest(read_file(file, LARGEST_MEDIUM_BYTES)) == match["digest"]
    except OSError:
        return False


def _write(file: Path, content: bytes) -> None:
    temporary = file.with_name(f".kernel-bridge-{uuid.uuid4().hex}.tmp")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with open(fd, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(fd)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_others(folder: Path, used: set[str]) -> None:
    """Remove media of earlier exports."""
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.name not in used and _is_complete(file):
            file.unlink()
    if not used:
        with suppress(OSError):  # it holds other files
            folder.rmdir()
