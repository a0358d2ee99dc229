"""Writes binary MIME data to files, for clients that set `blobs: "file"` (protocol.md, "Blobs").

The files are in the user's private cache folder. A file is removed with its run: when the history deletes the
run or, if the run is not in the history, at the end of the session.
"""

import binascii
import hashlib
import mimetypes
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..protocol.vocabulary import BlobFile, Change, Output
from .session_files import SessionFiles, cache_folder

if TYPE_CHECKING:
    from ..bridge.application import Bridge

BINARY = ("image/", "audio/", "video/")
SVG = "image/svg+xml"


class Blobs:
    """The files of one session. Data that cannot be written is sent inline, with one warning."""

    def __init__(self, bridge: "Bridge", files: SessionFiles, warn: Callable[[str], None]) -> None:
        self._bridge = bridge
        self._files = files  # for runs that are not in the history
        self._warn = warn
        self._warned = False
        self._kept: set[Path] = set()  # written here; the history removes them

    def outputs(self, run_id: str, outputs: list[Output]) -> list[Output]:
        """The outputs, with binary data replaced by files."""
        return [self._output(run_id, output) for output in outputs]

    def changes(self, run_id: str, changes: list[Change]) -> list[Change]:
        """The changes, with binary data replaced by files."""
        return [self._change(run_id, change) for change in changes]

    def _change(self, run_id: str, change: Change) -> Change:
        if change["kind"] == "append" or change["kind"] == "replace":
            change = change.copy()
            change["output"] = self._output(run_id, change["output"])
        return change

    def _output(self, run_id: str, output: Output) -> Output:
        if output["output_type"] == "stream" or output["output_type"] == "error":
            return output
        if not any(map(_is_binary, output["data"])):
            return output
        output = output.copy()
        output["data"] = {
            mime: self._value(run_id, mime, value) if _is_binary(mime) else value
            for mime, value in output["data"].items()
        }
        return output

    def _value(self, run_id: str, mime: str, value: Any) -> BlobFile | Any:
        try:
            content = value.encode("utf-8", "replace") if mime == SVG else _decode(value)
        except (AttributeError, TypeError, ValueError):
            return value  # neither text nor base64: the kernel sent something else
        try:
            path = self._file(run_id, mime, content)
        except OSError as error:
            if not self._warned:
                self._warned = True
                self._warn(f"cannot write binary data to a file, so it is sent inline: {error}")
            return value
        return {"uri": path.as_uri(), "bytes": len(content)}

    def _file(self, run_id: str, mime: str, content: bytes) -> Path:
        digest = hashlib.blake2b(content, digest_size=8).hexdigest()
        name = f"{run_id}-{digest}{mimetypes.guess_extension(mime, strict=False) or '.bin'}"
        if not self._bridge.keeps(run_id):
            path = self._files.folder() / name
            _write(path, content)
        elif (path := cache_folder() / name) not in self._kept:  # otherwise it exists, or its run was deleted
            _write(path, content)
            self._kept.add(path)
            self._bridge.history.blob_written(run_id, path)
        return path


def _write(path: Path, content: bytes) -> None:
    """Write atomically. An existing file has the same content: its name contains the hash."""
    if path.exists():
        return
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _decode(value: str) -> bytes:
    return binascii.a2b_base64("".join(value.split()), strict_mode=True)


def _is_binary(mime: str) -> bool:
    return mime.startswith(BINARY) or mime == "application/pdf"
