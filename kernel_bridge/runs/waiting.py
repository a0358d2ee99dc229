"""Wire changes of one run that wait to be sent, joined so that they stay few (protocol.md, "Notifications").

What is taken, applied in order, gives what the changes that were added give.
"""

from typing import Any

from .live import Change


class WaitingChanges:
    """The changes of one run that a client does not have yet."""

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._parts: list[str] | None = None  # of the text of the last change, while it grows
        self._outputs = 0  # how many outputs there are behind all changes so far
        self._appended: dict[int, Change] = {}  # index -> the append among the changes that made it

    def __bool__(self) -> bool:
        return bool(self._changes)

    def add(self, changes: list[Change]) -> None:
        for change in changes:
            kind = change["kind"]
            if kind == "text" and self._grows(change["index"]):
                self._grow(change["text"])
            elif kind == "line" and self._grows(change["index"]):
                self._replace_line(change["text"])
            else:
                self._settle()
                getattr(self, f"_{kind}", self._other)(change)

    def take(self) -> list[Change]:
        """All changes that wait; none wait afterwards."""
        self._settle()
        changes, self._changes = self._changes, []
        self._appended.clear()
        return changes

    def _grows(self, index: int) -> bool:
        """The last change is text of the stream output at `index`."""
        if not self._changes:
            return False
        last = self._changes[-1]
        if last["kind"] == "append":
            return index == self._outputs - 1 and last["output"]["output_type"] == "stream"
        return last["kind"] in ("text", "line") and last["index"] == index

    def _grow(self, text: str) -> None:
        if self._parts is None:
            self._parts = [_holder(self._changes[-1])["text"]]
        self._parts.append(text)

    def _replace_line(self, text: str) -> None:
        self._settle()
        last = self._changes[-1]
        so_far = _holder(last)["text"]
        kept = so_far.rfind("\n") + 1
        if not kept and last["kind"] == "text":  # the line began before what waits
            self._changes[-1] = {"kind": "line", "index": last["index"], "text": text}
        else:
            self._change_text(so_far[:kept] + text)

    def _change_text(self, text: str) -> None:
        """Give the last change another text; what was handed to us is never changed itself."""
        last = self._changes[-1]
        if last["kind"] == "append":
            changed: Change = {"kind": "append", "output": {**last["output"], "text": text}}
            self._appended[self._outputs - 1] = changed
        else:
            changed = {**last, "text": text}
        self._changes[-1] = changed

    def _settle(self) -> None:
        if self._parts is not None:
            self._change_text("".join(self._parts))
            self._parts = None

    def _append(self, change: Change) -> None:
        self._appended[self._outputs] = change
        self._outputs += 1
        self._changes.append(change)

    def _clear(self, change: Change) -> None:
        self._changes = [change]
        self._appended.clear()
        self._outputs = 0

    def _elide(self, change: Change) -> None:
        if (
            self._changes
            and self._changes[-1]["kind"] == "elide"
            and self._changes[-1]["index"] == change["index"]
        ):
            self._changes[-1] = change
        else:
            self._changes.append(change)

    def _replace(self, change: Change) -> None:
        index = change["index"]
        self._changes = [other for other in self._changes if other.get("index") != index]
        if append := self._appended.get(index):
            at = next(at for at, other in enumerate(self._changes) if other is append)
            self._changes[at] = self._appended[index] = {"kind": "append", "output": change["output"]}
        else:
            self._changes.append(change)

    def _other(self, change: Change) -> None:
        self._changes.append(change)


def _holder(change: Change) -> dict[str, Any]:
    """The object that holds the text of a change."""
    holder: dict[str, Any] = change["output"] if change["kind"] == "append" else change
    return holder
