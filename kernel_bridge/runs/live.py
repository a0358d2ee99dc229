"""What stands in a run's outputs live: the fold's changes under a budget of stream text, as wire changes.

A change is a JSON object of protocol.md ("Notifications"), an output one of its Output objects. Applied in
order to nothing, the changes give `outputs`.
"""

from typing import Any

from .changes import Append, Clear, FoldChange, Output, Replace, Rewrite, size_bytes

Change = dict[str, Any]

TAIL_BYTES = 4096


class _Stream:
    """A stream output: the text that is sent, and what is left out behind it."""

    __slots__ = ("characters", "length", "name", "omitted", "parts", "size", "tail")

    def __init__(self, name: str) -> None:
        self.name = name
        self.parts: list[str] = []  # of the text that is sent
        self.characters = 0  # of it
        self.size = 0  # of it, in bytes
        self.length = 0  # characters of the whole text
        self.omitted = 0  # bytes behind the text that is sent
        self.tail = ""  # the newest of them

    def head(self) -> str:
        if len(self.parts) > 1:
            self.parts = ["".join(self.parts)]
        return self.parts[0] if self.parts else ""

    def output(self) -> Output:
        output: Output = {"output_type": "stream", "name": self.name, "text": self.head()}
        if self.omitted:
            output["elided"] = {"omitted": self.omitted, "tail": self.tail}
        return output


class LiveOutputs:
    """The outputs of one run as a client sees them; `budget_bytes` bounds its stream text."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._standing = 0  # bytes of stream text that is sent
        self._items: list[Output | _Stream] = []

    @property
    def outputs(self) -> list[Output]:
        return [item.output() if isinstance(item, _Stream) else item for item in self._items]

    def apply(self, changes: list[FoldChange]) -> list[Change]:
        """The wire changes that `changes` make, in order."""
        sent: list[Change] = []
        for change in changes:
            match change:
                case Rewrite():
                    self._rewrite(change, sent)
                case Append(output):
                    self._append(output, sent)
                case Replace(index, output):
                    self._items[index] = output
                    sent.append({"kind": "replace", "index": index, "output": output})
                case Clear():
                    self._items.clear()
                    self._standing = 0
                    sent.append({"kind": "clear"})
        return sent

    def _append(self, output: Output, sent: list[Change]) -> None:
        if output["output_type"] != "stream":
            self._items.append(output)
            sent.append({"kind": "append", "output": output})
            return
        stream = _Stream(output["name"])
        self._items.append(stream)
        self._add(stream, output["text"])
        sent.append({"kind": "append", "output": {**stream.output(), "text": stream.head()}})
        if stream.omitted:
            del sent[-1]["output"]["elided"]
            sent.append(self._elide(len(self._items) - 1, stream))

    def _rewrite(self, change: Rewrite, sent: list[Change]) -> None:
        index, stream = change.index, self._items[change.index]
        assert isinstance(stream, _Stream)
        was_omitted = stream.omitted
        if change.start == stream.length:
            added = self._add(stream, change.text)
            if added:
                sent.append({"kind": "text", "index": index, "text": added})
            if stream.omitted:
                sent.append(self._elide(index, stream))
            return
        if change.start >= stream.characters:  # all that changes is left out
            taken = stream.length - change.start
            stream.tail = stream.tail[:-taken] if taken < len(stream.tail) else ""
            stream.omitted -= change.removed
            stream.length = change.start
            self._leave_out(stream, change.text)
            if self._take_back(stream):
                sent.append({"kind": "replace", "index": index, "output": stream.output()})
            else:
                sent.append(self._elide(index, stream))
            return
        head = stream.head()
        line_start = head.rfind("\n") + 1
        kept = head[: change.start]
        self._standing -= size_bytes(head[change.start :])
        stream.size -= size_bytes(head[change.start :])
        stream.parts, stream.characters, stream.length = [kept], change.start, change.start
        stream.omitted, stream.tail = 0, ""
        added = self._add(stream, change.text)
        if change.start != line_start or (was_omitted and not stream.omitted):
            sent.append({"kind": "replace", "index": index, "output": stream.output()})
            return
        sent.append({"kind": "line", "index": index, "text": added})
        if stream.omitted:
            sent.append(self._elide(index, stream))

    def _add(self, stream: _Stream, text: str) -> str:
        """Put `text` at the end; what of it is sent."""
        if stream.omitted:
            self._leave_out(stream, text)
            return ""
        size, room = size_bytes(text), self._budget - self._standing
        sent = text if size <= room else _start(text, room)
        sent_size = size if sent is text else size_bytes(sent)
        stream.parts.append(sent)
        stream.characters += len(sent)
        stream.length += len(sent)
        stream.size += sent_size
        self._standing += sent_size
        if sent is not text:
            self._leave_out(stream, text[len(sent) :])
        return sent

    def _take_back(self, stream: _Stream) -> bool:
        """Let what was left out stand again, where all of it is known and fits."""
        if stream.omitted > self._budget - self._standing or stream.omitted != size_bytes(stream.tail):
            return False
        text = stream.tail
        stream.omitted, stream.tail, stream.length = 0, "", stream.characters
        self._add(stream, text)
        return True

    @staticmethod
    def _leave_out(stream: _Stream, text: str) -> None:
        stream.omitted += size_bytes(text)
        stream.length += len(text)
        stream.tail = _end(stream.tail + text if len(text) < TAIL_BYTES else text)

    @staticmethod
    def _elide(index: int, stream: _Stream) -> Change:
        return {"kind": "elide", "index": index, "omitted": stream.omitted, "tail": stream.tail}


def _start(text: str, size: int) -> str:
    """The longest start of `text` that takes at most `size` bytes."""
    if text.isascii():
        return text[:size]
    return text[:size].encode("utf-8", "surrogatepass")[: max(size, 0)].decode("utf-8", "ignore")


def _end(text: str) -> str:
    """The longest end of `text` that takes at most TAIL_BYTES."""
    text = text[-TAIL_BYTES:]
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass")[-TAIL_BYTES:].decode("utf-8", "ignore")
