"""A run's outputs as clients see them: the fold's changes as wire changes, within a budget of stream text.

Applied in order to an empty list, the changes produce `outputs`.
"""

from dataclasses import dataclass
from typing import Any

from ..protocol.vocabulary import Change, Display, ElideChange, ErrorOutput, Output, StreamOutput
from .changes import Append, FoldChange, Replace, Rewrite, size_bytes
from .packed import pack, unpack

TAIL_BYTES = 4096
NODE_BYTES = 100  # overhead of a JSON value
LARGEST_COUNT = 10_000  # JSON values examined to estimate an output's size


@dataclass(slots=True)
class LiveState:
    """What `LiveOutputs` needs to continue in another process."""

    outputs: bytes  # packed list[Output]
    length: int  # characters in the whole text of the last output, if it is a stream; else 0
    budget_bytes: int


class _Stream:
    """A stream output: the text that is sent, and what is omitted after it."""

    __slots__ = ("characters", "length", "lines", "name", "omitted", "parts", "tail")

    def __init__(self, name: str) -> None:
        self.name = name
        self.parts: list[str] = []  # of the text that is sent, none of them empty
        self.characters = 0  # in the text that is sent
        self.length = 0  # characters in the whole text
        self.omitted = 0  # bytes after the text that is sent
        self.lines = 0  # newlines among them
        self.tail = ""  # the newest of them

    def head(self) -> str:
        if len(self.parts) > 1:
            self.parts = ["".join(self.parts)]
        return self.parts[0] if self.parts else ""

    def output(self) -> StreamOutput:
        output: StreamOutput = {"output_type": "stream", "name": self.name, "text": self.head()}
        if self.omitted:
            output["elided"] = {"omitted": self.omitted, "tail": self.tail, "lines": self.lines}
        return output

    def cut(self, start: int) -> str:
        """Remove the sent text from character `start` on, and return it."""
        removed = []
        while self.characters > start:
            part = self.parts.pop()
            self.characters -= len(part)
            if self.characters < start:
                self.parts.append(part[: start - self.characters])
                part = part[start - self.characters :]
                self.characters = start
            removed.append(part)
        return "".join(reversed(removed))

    def leave_out(self, text: str) -> None:
        self.omitted += size_bytes(text)
        self.lines += text.count("\n")
        self.length += len(text)
        self.tail = _end(self.tail + text if len(text) < TAIL_BYTES else text)


class LiveOutputs:
    """The outputs of one run as a client sees them; `budget_bytes` limits its stream text."""

    def __init__(self, budget_bytes: int) -> None:
        self._room = max(budget_bytes, 0)  # bytes of stream text that may still be sent
        self._budget = self._room
        self._items: list[Display | ErrorOutput | _Stream] = []

    def state(self) -> LiveState:
        last = self._items[-1] if self._items else None
        return LiveState(pack(self.outputs), last.length if isinstance(last, _Stream) else 0, self._budget)

    @classmethod
    def restored(cls, state: LiveState) -> "LiveOutputs":
        return cls.of_stored(unpack(state.outputs), state.length, state.budget_bytes)

    @classmethod
    def of_stored(cls, outputs: list[Output], length: int, budget_bytes: int) -> "LiveOutputs":
        """From outputs that are elided within the budget already, as the history returns them.

        `length`: characters in the whole text of the last output, if it is a stream. Only the last one grows.
        """
        live = cls(budget_bytes)
        for output in outputs:
            live._items.append(live._stored(output, length) if output["output_type"] == "stream" else output)
        return live

    def _stored(self, output: StreamOutput, length: int) -> _Stream:
        stream = _Stream(output["name"])
        if text := output["text"]:
            stream.parts = [text]
        stream.characters = stream.length = len(text)
        self._room -= size_bytes(text)
        if (elided := output.get("elided")) is not None:
            stream.omitted, stream.tail = elided["omitted"], elided["tail"]
            stream.lines = elided.get("lines", stream.tail.count("\n"))
            stream.length = length
        return stream

    @property
    def outputs(self) -> list[Output]:
        return [item.output() if isinstance(item, _Stream) else item for item in self._items]

    @property
    def size_bytes(self) -> int:
        """The rough size of the outputs in memory."""
        data = sum(_size(item) for item in self._items if not isinstance(item, _Stream))
        return self._budget - self._room + data

    def under(self, budget_bytes: int) -> "LiveOutputs":
        """A copy with another budget. Text that is omitted here stays omitted there."""
        copy = LiveOutputs(budget_bytes)
        for item in self._items:
            copy._items.append(copy._shortened(item) if isinstance(item, _Stream) else item)
        return copy

    def _shortened(self, stream: _Stream) -> _Stream:
        short = _Stream(stream.name)
        self._add(short, stream.head())
        if stream.omitted:
            has_all = stream.omitted == size_bytes(stream.tail)
            short.tail = _end(short.tail + stream.tail) if has_all else stream.tail
            short.omitted += stream.omitted
            short.lines += stream.lines
            short.length = stream.length
        return short

    def apply(self, changes: list[FoldChange]) -> list[Change]:
        """Apply the changes. Return the wire changes that result, in order."""
        sent: list[Change] = []
        for change in changes:
            if isinstance(change, Rewrite):
                stream = self._items[change.index]
                assert isinstance(stream, _Stream)
                if change.start == stream.length:
                    if added := self._add(stream, change.text):
                        sent.append({"kind": "text", "index": change.index, "text": added})
                    if stream.omitted:
                        sent.append(_elide(change.index, stream))
                elif change.start < stream.characters:
                    self._overwrite(change, stream, sent)
                else:
                    self._overwrite_left_out(change, stream, sent)
            elif isinstance(change, Append):
                self._append(change.output, sent)
            elif isinstance(change, Replace):
                self._items[change.index] = change.output
                sent.append({"kind": "replace", "index": change.index, "output": change.output})
            else:
                self._items.clear()
                self._room = self._budget
                sent.append({"kind": "clear"})
        return sent

    def _append(self, output: Output, sent: list[Change]) -> None:
        if output["output_type"] != "stream":
            self._items.append(output)
            sent.append({"kind": "append", "output": output})
            return
        stream = _Stream(output["name"])
        self._items.append(stream)
        text = self._add(stream, output["text"])
        sent.append(
            {"kind": "append", "output": {"output_type": "stream", "name": stream.name, "text": text}}
        )
        if stream.omitted:
            sent.append(_elide(len(self._items) - 1, stream))

    def _overwrite(self, change: Rewrite, stream: _Stream, sent: list[Change]) -> None:
        was_omitted = stream.omitted
        removed = stream.cut(change.start)
        is_last_line = "\n" not in removed and (not stream.parts or stream.parts[-1][-1] == "\n")
        self._room += size_bytes(removed)
        stream.length, stream.omitted, stream.lines, stream.tail = change.start, 0, 0, ""
        added = self._add(stream, change.text)
        if not is_last_line or (was_omitted and not stream.omitted):
            sent.append({"kind": "replace", "index": change.index, "output": stream.output()})
            return
        sent.append({"kind": "line", "index": change.index, "text": added})
        if stream.omitted:
            sent.append(_elide(change.index, stream))

    def _overwrite_left_out(self, change: Rewrite, stream: _Stream, sent: list[Change]) -> None:
        """Change only omitted text, unless all of it now fits."""
        taken = stream.length - change.start
        stream.tail = stream.tail[:-taken] if taken < len(stream.tail) else ""
        stream.omitted -= change.removed
        stream.lines -= change.removed_lines
        stream.length = change.start
        stream.leave_out(change.text)
        if stream.omitted > self._room or stream.omitted != size_bytes(stream.tail):
            sent.append(_elide(change.index, stream))
            return
        text = stream.tail
        stream.omitted, stream.lines, stream.tail, stream.length = 0, 0, "", stream.characters
        self._add(stream, text)
        sent.append({"kind": "replace", "index": change.index, "output": stream.output()})

    def _add(self, stream: _Stream, text: str) -> str:
        """Append `text` within the budget. Return the part that is sent."""
        if stream.omitted:
            stream.leave_out(text)
            return ""
        size = whole = len(text) if text.isascii() else size_bytes(text)
        sent = text
        if size > self._room:
            sent = _start(text, self._room)
            size = size_bytes(sent)
        if sent:
            stream.parts.append(sent)
            stream.characters += len(sent)
            self._room -= size
        stream.length = stream.characters
        if sent is not text:  # omitted text is not copied: it may be most of a long text
            stream.omitted = whole - size
            stream.lines = text.count("\n", len(sent))
            stream.length += len(text) - len(sent)
            stream.tail = _end(text[max(len(sent), len(text) - TAIL_BYTES) :])
        return sent


class Unseen(LiveOutputs):
    """The outputs of a run that no client sees. Changes are not applied, so that nothing is held."""

    def __init__(self) -> None:
        super().__init__(0)

    def under(self, budget_bytes: int) -> "LiveOutputs":
        return self

    def apply(self, changes: list[FoldChange]) -> list[Change]:
        return []


def _size(output: Display | ErrorOutput) -> int:
    size, nodes = 0, 0
    values: list[Any] = [output]
    while values and nodes < LARGEST_COUNT:
        value = values.pop()
        nodes += 1
        if isinstance(value, str):
            size += len(value)
        elif isinstance(value, dict):
            values += value.values()
        elif isinstance(value, list):
            values += value
    return size + (nodes + len(values)) * NODE_BYTES


def _elide(index: int, stream: _Stream) -> ElideChange:
    return {
        "kind": "elide",
        "index": index,
        "omitted": stream.omitted,
        "tail": stream.tail,
        "lines": stream.lines,
    }


def _start(text: str, size: int) -> str:
    """The longest prefix of `text` of at most `size` bytes."""
    data = text[: size + 1].encode("utf-8", "surrogatepass")
    if len(data) <= size:
        return text
    while data[size] & 0xC0 == 0x80:
        size -= 1
    return data[:size].decode("utf-8", "surrogatepass")


def _end(text: str) -> str:
    """The longest suffix of `text` of at most TAIL_BYTES."""
    text = text[-TAIL_BYTES:]
    if text.isascii():
        return text
    data = text.encode("utf-8", "surrogatepass")
    start = max(len(data) - TAIL_BYTES, 0)
    while start < len(data) and data[start] & 0xC0 == 0x80:
        start += 1
    return data[start:].decode("utf-8", "surrogatepass")
