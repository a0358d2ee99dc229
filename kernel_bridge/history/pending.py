"""The unwritten updates of one run, merged while they wait, so that a slow disk costs little memory.

Pure: the caller locks.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ..protocol.objects import Run
from ..protocol.vocabulary import Output
from ..runs.changes import Append, Clear, FoldChange, Replace, Rewrite, size_bytes
from .records import KernelRecord, Options

OVERHEAD_BYTES = 64  # overhead of a short string


@dataclass(slots=True)
class Text:
    """Merged rewrites: the stream output at `index` reads `parts` from character `start` to `end`."""

    index: int
    start: int
    end: int
    parts: list[str]

    def rewrite(self, start: int, text: str) -> int:
        """Write `text` at `start`. Return the change in the number of pending characters."""
        before = self.end - self.start
        if start < self.start:
            self.start = self.end = start
            self.parts.clear()
        while self.end > start:
            part = self.parts.pop()
            self.end -= len(part)
            if self.end < start:
                self.parts.append(part[: start - self.end])
                self.end = start
        self.parts.append(text)
        self.end += len(text)
        return self.end - self.start - before


class Pending:
    """What is still to be written of one run; `changes` are in order."""

    __slots__ = (
        "_text",
        "blobs",
        "changes",
        "heard",
        "kernel",
        "missing_bytes",
        "options",
        "run",
        "size",
        "started",
        "taken",
        "times",
    )

    def __init__(self) -> None:
        self.started: Run | None = None  # set if the run has no row yet
        self.kernel: KernelRecord | None = None
        self.options: Options | None = None
        self.taken = False  # this bridge becomes its owner
        self.heard: int | None = None  # the last kernel message that these updates contain
        self.run: Run | None = None  # the newest state
        self.times: dict[str, str] = {}
        self.changes: list[Append | Text | Replace | Clear] = []
        self.blobs: list[str] = []
        self.missing_bytes = 0  # total lost output of the run that is known so far
        self.size = 0  # of memory, roughly
        self._text: Text | None = None  # the last of `changes`, if text can be appended to it

    def add(self, changes: Iterable[FoldChange]) -> None:
        for change in changes:
            if type(change) is Rewrite:
                text = self._text
                if text is None or text.index != change.index or text.end < change.start:
                    end = change.start + len(change.text)
                    self._text = Text(change.index, change.start, end, [change.text])
                    self.changes.append(self._text)
                    self.size += len(change.text) + OVERHEAD_BYTES
                elif text.end == change.start:  # the common case, which must be cheap
                    length = len(change.text)
                    text.parts.append(change.text)
                    text.end += length
                    self.size += length + OVERHEAD_BYTES
                else:
                    self.size += text.rewrite(change.start, change.text)
                continue
            self._text = None
            if type(change) is Clear:
                self.changes.clear()
                self.size = 0
                self.changes.append(change)
            elif type(change) is Append:
                self.changes.append(Append(change.output.copy()))  # the fold keeps changing its own
                self.size += _size(change)
            elif type(change) is Replace:
                self.changes.append(Replace(change.index, change.output.copy()))
                self.size += _size(change)

    def drop_changes(self) -> int:
        """Drop the output changes. Return how many bytes they had."""
        dropped = sum(map(_bytes, self.changes))
        self.changes, self.size, self._text = [], 0, None
        return dropped

    def join(self, later: "Pending") -> None:
        """Merge later updates of the same run into this one."""
        later.follow(self)
        if later.changes and type(later.changes[0]) is Clear:
            self.changes, self.size = later.changes, later.size
        else:
            self.changes += later.changes
            self.size += later.size
        self._text = later._text
        self.started, self.kernel, self.options = later.started, later.kernel, later.options
        self.taken, self.heard, self.run = later.taken, later.heard, later.run
        self.times, self.blobs, self.missing_bytes = later.times, later.blobs, later.missing_bytes

    def follow(self, earlier: "Pending") -> None:
        """Merge earlier updates of the same run into this one, except its outputs."""
        self.started = self.started or earlier.started
        self.kernel = self.kernel or earlier.kernel
        self.options = self.options or earlier.options
        self.taken = self.taken or earlier.taken
        self.heard = earlier.heard if self.heard is None else self.heard
        if self.run is None:
            self.run, self.times = earlier.run, earlier.times
        self.blobs[:0] = earlier.blobs
        self.missing_bytes = max(self.missing_bytes, earlier.missing_bytes)


def bytes_of(changes: Iterable[FoldChange | Text]) -> int:
    """The number of output bytes in these changes."""
    return sum(size_bytes(change.text) if type(change) is Rewrite else _bytes(change) for change in changes)


def _bytes(change: FoldChange | Text) -> int:
    match change:
        case Text():
            return sum(map(size_bytes, change.parts))
        case Append() | Replace():
            return sum(map(size_bytes, texts_of(change.output)))
        case _:
            return 0


def _size(change: Append | Replace) -> int:
    return OVERHEAD_BYTES + sum(map(len, texts_of(change.output)))


def texts_of(output: Output) -> list[str]:
    """The texts of an output that may be large."""
    match output["output_type"]:
        case "stream":
            return [output["text"]]
        case "error":
            return []
        case _:
            return [value for value in output["data"].values() if isinstance(value, str)]
