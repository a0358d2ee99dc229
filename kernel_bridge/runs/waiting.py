"""Unsent wire changes of one run, merged so that they stay few (protocol.md, "Notifications").

Applying what is taken has the same effect as applying everything that was added. Changes to different outputs
may be reordered. However long they wait, there are at most two per output.
"""

from ..protocol import vocabulary as wire


class _Entry:
    """The pending changes of one output."""

    __slots__ = ("change", "elide", "parts")

    def __init__(self) -> None:
        self.change: wire.AppendChange | wire.TextChange | wire.LineChange | wire.ReplaceChange | None = None
        self.parts: list[str] | None = None  # of its text, while it grows
        self.elide: wire.ElideChange | None = None

    def text(self) -> str | None:
        """The text of the change, if more can be appended to it."""
        if self.parts is not None:
            self.parts = ["".join(self.parts)]
            return self.parts[0]
        change = self.change
        if change is None:
            return None
        if change["kind"] == "text" or change["kind"] == "line":
            return change["text"]
        output = change["output"]
        return output["text"] if output["output_type"] == "stream" else None

    def settled(self) -> wire.Change | None:
        """The change with its text. A copy, because the original is shared with other clients."""
        if self.change is None or self.parts is None:
            return self.change
        change, text = self.change.copy(), "".join(self.parts)
        if change["kind"] == "text" or change["kind"] == "line":
            change["text"] = text
        else:
            output = change["output"].copy()
            assert output["output_type"] == "stream"
            output["text"] = text
            change["output"] = output
        return change


class WaitingChanges:
    """The changes of one run that a client has not received; `outputs` is the number of outputs it has."""

    def __init__(self, outputs: int = 0) -> None:
        self._clear: wire.ClearChange | None = None
        self._entries: dict[int, _Entry] = {}  # by index, in the order of their first change
        self._outputs = outputs  # after all changes so far
        self._last: tuple[int, list[str]] | None = None  # index and parts of the text that grows

    def __bool__(self) -> bool:
        return self._clear is not None or bool(self._entries)

    def add(self, changes: list[wire.Change]) -> None:
        for change in changes:
            if change["kind"] == "text" and self._last is not None and self._last[0] == change["index"]:
                self._last[1].append(change["text"])
            else:
                self._last = None
                self._add(change)

    def _add(self, change: wire.Change) -> None:
        if change["kind"] == "clear":
            self._clear = change
            self._entries.clear()
            self._outputs = 0
            return
        if change["kind"] == "append":
            index = self._outputs
            self._outputs += 1
        else:
            index = change["index"]
        entry = self._entries.get(index)
        if entry is None:
            entry = self._entries[index] = _Entry()
        if change["kind"] == "elide":
            entry.elide = change
        elif change["kind"] == "text" and (text := entry.text()) is not None:
            entry.parts = [text, change["text"]]
            self._last = (index, entry.parts)
        elif change["kind"] == "line" and (text := entry.text()) is not None:
            assert entry.change is not None
            kept = text.rfind("\n") + 1
            if kept or entry.change["kind"] != "text":
                entry.parts = [text[:kept], change["text"]]
            else:  # the line began in text that was sent
                entry.change, entry.parts = change, None
        elif change["kind"] == "replace":
            is_new = entry.change is not None and entry.change["kind"] == "append"
            entry.change = {"kind": "append", "output": change["output"]} if is_new else change
            entry.parts = entry.elide = None
        else:
            entry.change = change

    def take(self) -> list[wire.Change]:
        """Take all pending changes."""
        changes: list[wire.Change] = [] if self._clear is None else [self._clear]
        for entry in self._entries.values():
            changes += [change for change in (entry.settled(), entry.elide) if change is not None]
        self._clear = self._last = None
        self._entries.clear()
        return changes
