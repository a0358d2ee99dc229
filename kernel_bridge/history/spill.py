"""Batches that wait on disk: a private file beside the journal, appended quickly and read back in order.

Writing to the tables is slower than a kernel can print, and impossible while another process holds them. The
spill keeps the excess out of memory. A bridge that is killed leaves the file to the next one. The tables
record the number of each batch with it, so that a batch is written once, however often it is read.
"""

import errno
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from ..protocol.objects import Run
from ..runs.changes import Append, Clear, Replace, size_bytes
from .identity import open_regular
from .pending import Pending, Text
from .records import KernelRecord, Options, decode, encode, encode_output, to_bytes

LARGEST_BYTES = 8 << 30  # of the file: a flood that never gets into the tables must not fill the disk
_HEAD = struct.Struct(">4sQIQII")  # magic, number, sizes of outline and body, their checksums
_MAGIC = b"kbsp"

Batch = dict[str, Pending]


class _Change(msgspec.Struct, array_like=True):
    """A change of a Pending, without its text or output, which are in the body."""

    kind: str
    index: int
    start: int
    end: int
    size_bytes: int


class _Outline(msgspec.Struct, array_like=True):
    """A Pending without the text and data of its changes."""

    run_id: str
    started: Run | None
    kernel: KernelRecord | None
    run: Run | None
    times: dict[str, str]
    blobs: list[str]
    missing: int
    changes: list[_Change]
    options: Options | None = None  # this and what follows is not in the spills of earlier versions
    taken: bool = False
    heard: int | None = None


class Spill:
    """The spill of a living bridge, created when needed. One thread appends while another reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing: BinaryIO | None = None
        self._reading: BinaryIO | None = None
        self._end = 0
        self.appended_bytes = 0  # including incomplete appends: shows whether the disk accepts data

    def append(self, number: int, batch: Batch) -> None:
        """Append a batch. Raises OSError, in which case none of it was kept."""
        # Encoded once to measure and again to write, to avoid a second copy of all text in memory.
        outlines = list(map(_outline, batch, batch.values()))
        outline, checksum = encode(outlines), 0
        for piece in _body(batch):
            checksum = zlib.crc32(piece, checksum)
        size = sum(change.size_bytes for one in outlines for change in one.changes)
        if self._end + size > LARGEST_BYTES:
            raise OSError(errno.EFBIG, f"more than {LARGEST_BYTES >> 30} GB wait to be written")
        head = _HEAD.pack(_MAGIC, number, len(outline), size, zlib.crc32(outline), checksum)
        file = self._opened()
        try:
            for piece in chain((head, outline), _body(batch)):
                view = memoryview(piece)
                while view:
                    written = file.write(view)
                    view = view[written:]
                    self.appended_bytes += written
        except OSError:
            file.truncate(self._end)
            raise
        self._end += len(head) + len(outline) + size

    def _opened(self) -> BinaryIO:
        if self._writing is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._writing = os.fdopen(os.open(self._path, flags, 0o600), "wb", buffering=0)
            self._reading = self._path.open("rb")
        return self._writing

    def take(self, number: int) -> Batch:
        """The batch with that number; earlier ones are skipped. Raises OSError, ValueError, EOFError."""
        assert self._reading is not None
        while (head := _head(self._reading)) is not None and head[1] < number:
            self._reading.seek(head[2] + head[3], os.SEEK_CUR)
        self._reading.seek(-_HEAD.size, os.SEEK_CUR)
        return _read(self._reading)[1]

    def clear(self) -> None:
        """Empty the file. All batches must have been taken, and no thread may append."""
        if self._writing is not None and self._reading is not None:
            self._reading.seek(0)
            self._writing.truncate(0)
            self._end = 0

    def close(self, is_needed: bool) -> None:
        """Close the file, and remove it unless the next bridge `is_needed` to read it."""
        for file in (self._writing, self._reading):
            if file is not None:
                file.close()
        if self._writing is not None and not is_needed:
            self._path.unlink(missing_ok=True)


def left_batches(path: Path) -> Iterator[tuple[int, Batch]]:
    """The batches that a bridge left behind, in the order of their numbers.

    If the bridge was killed within a batch, its runs come without output but with the number of missing
    bytes. Raises OSError, Unusable: it cannot be read, or is not a file. ValueError: it is damaged.
    """
    with open_regular(path) as file:
        places = []
        while (head := _head(file)) is not None:
            _, number, outline_bytes, size, *_ = head
            places.append((number, file.tell() - _HEAD.size))
            file.seek(outline_bytes + size, os.SEEK_CUR)
        for _, at in sorted(places):
            file.seek(at)
            try:
                yield _read(file)
            except EOFError:
                return


def _head(file: BinaryIO) -> tuple[bytes, int, int, int, int, int] | None:
    data = file.read(_HEAD.size)
    if len(data) < _HEAD.size:
        return None
    magic, number, outline_bytes, size, outline_sum, body_sum = _HEAD.unpack(data)
    if magic != _MAGIC:
        raise ValueError("it is damaged")
    return magic, number, outline_bytes, size, outline_sum, body_sum


def _read(file: BinaryIO) -> tuple[int, Batch]:
    """The batch at the current position. Raises EOFError: even its outline is incomplete."""
    head = _head(file)
    if head is None:
        raise EOFError
    _, number, outline_bytes, size, outline_sum, body_sum = head
    outline = file.read(outline_bytes)
    if len(outline) < outline_bytes:
        raise EOFError
    if zlib.crc32(outline) != outline_sum:
        raise ValueError("it is damaged")
    body = file.read(size)
    outlines = decode(outline, list[_Outline])
    if len(body) == size and zlib.crc32(body) == body_sum:
        return number, _filled(outlines, memoryview(body))
    for one in outlines:
        one.missing += sum(change.size_bytes for change in one.changes)
        one.changes, one.heard = [], None
    return number, _filled(outlines, memoryview(b""))


def _outline(run_id: str, pending: Pending) -> _Outline:
    return _Outline(
        run_id,
        pending.started,
        pending.kernel,
        pending.run,
        pending.times,
        pending.blobs,
        pending.missing_bytes,
        list(map(_noted, pending.changes)),
        pending.options,
        pending.taken,
        pending.heard,
    )


def _noted(change: Append | Text | Replace | Clear) -> _Change:
    size = 0 if isinstance(change, Text) else sum(map(len, _pieces(change)))
    match change:
        case Text():
            size = sum(map(size_bytes, change.parts))
            return _Change("text", change.index, change.start, change.end, size)
        case Append():
            return _Change("append", 0, 0, 0, size)
        case Replace():
            return _Change("replace", change.index, 0, 0, size)
        case Clear():
            return _Change("clear", 0, 0, 0, 0)


def _body(batch: Batch) -> Iterator[bytes]:
    for pending in batch.values():
        yield from chain.from_iterable(map(_pieces, pending.changes))


def _pieces(change: Append | Text | Replace | Clear) -> Iterable[bytes]:
    match change:
        case Text():
            return map(to_bytes, change.parts)
        case Append() | Replace():
            return encode_output(change.output)
        case Clear():
            return ()


def _filled(outlines: list[_Outline], body: memoryview) -> Batch:
    batch: Batch = {}
    at = 0
    for outline in outlines:
        pending = batch[outline.run_id] = Pending()
        pending.started, pending.kernel, pending.run = outline.started, outline.kernel, outline.run
        pending.options, pending.taken, pending.heard = outline.options, outline.taken, outline.heard
        pending.times, pending.blobs = outline.times, outline.blobs
        pending.missing_bytes = outline.missing
        for noted in outline.changes:
            part = body[at : at + noted.size_bytes]
            at += noted.size_bytes
            match noted.kind:
                case "text":
                    text = str(part, "utf-8", "surrogatepass")
                    pending.changes.append(Text(noted.index, noted.start, noted.end, [text]))
                case "append":
                    pending.changes.append(Append(_output(part)))
                case "replace":
                    pending.changes.append(Replace(noted.index, _output(part)))
                case "clear":
                    pending.changes.append(Clear())
        pending.size = sum(noted.size_bytes for noted in outline.changes)
    return batch


def _output(part: memoryview) -> Any:
    return decode(bytes(part), dict)
