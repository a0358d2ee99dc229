"""The fold: turns kernel events into changes of a run's outputs (nbformat 4.5).

Pure and exact: the same events make the same changes, which, applied to an empty list, produce the outputs.
Keeps only what later events need (a window of a stream's text, display ids), never the outputs.
"""

from dataclasses import dataclass

from ..protocol import vocabulary as wire
from .changes import Append, Clear, FoldChange, Replace, Rewrite
from .events import (
    ClearOutput,
    DisplayData,
    Error,
    ExecuteResult,
    Json,
    OutputEvent,
    Stream,
    UpdateDisplayData,
)
from .mime import is_json
from .packed import pack, unpack
from .terminal import Terminal, TerminalState


@dataclass(slots=True)
class OutputsState:
    """What `Outputs` needs to continue in another process."""

    count: int
    stream: tuple[bytes, TerminalState] | None  # packed name
    clear_next: bool
    displays: bytes  # packed list[tuple[display id, index, output without its data]]


class Outputs:
    """The fold's state for one run."""

    def __init__(self) -> None:
        self._count = 0
        self._stream: tuple[str, Terminal] | None = None  # the last output, if it is a stream
        self._clear_next = False  # clear_output(wait=True) was received
        # Display id -> index -> output without its data.
        self._displays: dict[str, dict[int, wire.Display]] = {}

    def state(self) -> OutputsState:
        displays = [
            (display_id, index, output)
            for display_id, shown in self._displays.items()
            for index, output in shown.items()
        ]
        stream = None if self._stream is None else (pack(self._stream[0]), self._stream[1].state())
        return OutputsState(self._count, stream, self._clear_next, pack(displays))

    @classmethod
    def restored(cls, state: OutputsState) -> "Outputs":
        outputs = cls()
        outputs._count, outputs._clear_next = state.count, state.clear_next
        if state.stream is not None:
            name, terminal = state.stream
            outputs._stream = (unpack(name), Terminal.restored(terminal))
        for display_id, index, output in unpack(state.displays):
            outputs._displays.setdefault(display_id, {})[index] = output
        return outputs

    @classmethod
    def resumed(cls, count: int, stream: tuple[str, int, str] | None) -> "Outputs":
        """The fold after `count` outputs whose state is lost.

        `stream`: the name, the length in characters and the end of the text, if the last output is a stream.
        A display cannot be updated, because its id is not in the output.
        """
        outputs = cls()
        outputs._count = count
        if stream is not None:
            name, length, tail = stream
            outputs._stream = (name, Terminal.at_end(length, tail))
        return outputs

    @property
    def size_bytes(self) -> int:
        """The rough size in memory, without displays: they are small."""
        return 0 if self._stream is None else self._stream[1].size_bytes

    @property
    def display_ids(self) -> list[str]:
        return list(self._displays)

    def fold(self, event: OutputEvent) -> list[FoldChange]:
        """The changes that `event` makes, in order."""
        if isinstance(event, Stream):  # first, and without pattern matching: streams arrive in floods
            return self._write(event.name, event.text)
        match event:
            case ExecuteResult(data, metadata, execution_count, display_id):
                return self._show(
                    {
                        "output_type": "execute_result",
                        "data": _bundle(data),
                        "metadata": metadata,
                        "execution_count": execution_count,
                    },
                    display_id,
                )
            case DisplayData(data, metadata, display_id):
                return self._show(_display(data, metadata), display_id)
            case Error(ename, evalue, traceback):
                return self._append(
                    {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": traceback}
                )
            case UpdateDisplayData(data, metadata, display_id):
                return self.update_display(display_id, data, metadata) if display_id is not None else []
            case ClearOutput(wait=True):
                self._clear_next = True
                return []
            case ClearOutput():
                return self._clear()

    def page(self, data: Json) -> list[FoldChange]:
        """A pager payload (`obj?`), shown as an output."""
        return self._append(_display(data, {}))

    def update_display(self, display_id: str, data: Json, metadata: Json) -> list[FoldChange]:
        """Update every output of this run that has this display id."""
        changes: list[FoldChange] = []
        for index, shown in self._displays.get(display_id, {}).items():
            output = shown.copy()
            output["data"], output["metadata"] = _bundle(data), metadata
            changes.append(Replace(index, output))
        return changes

    def _write(self, name: str, text: str) -> list[FoldChange]:
        if not text:
            return []
        if self._stream is not None and self._stream[0] == name and not self._clear_next:
            written = self._stream[1].write(text)
            return [] if written is None else [Rewrite(self._count - 1, *written)]
        terminal = Terminal()
        written = terminal.write(text)
        shown = "" if written is None else written[1]
        changes = self._append({"output_type": "stream", "name": name, "text": shown})
        self._stream = (name, terminal)
        return changes

    def _show(self, output: wire.Display, display_id: str | None) -> list[FoldChange]:
        changes = self._append(output)
        if display_id is not None:
            shown = output.copy()
            shown["data"], shown["metadata"] = {}, {}
            self._displays.setdefault(display_id, {})[self._count - 1] = shown
        return changes

    def _append(self, output: wire.Output) -> list[FoldChange]:
        changes = self._clear() if self._clear_next else []
        self._count += 1
        self._stream = None
        changes.append(Append(output))
        return changes

    def _clear(self) -> list[FoldChange]:
        self._clear_next = False
        had_outputs = self._count > 0
        self._count = 0
        self._stream = None
        self._displays.clear()
        return [Clear()] if had_outputs else []


def apply(outputs: list[wire.Output], change: FoldChange) -> None:
    """Apply one change to a list of outputs, in place."""
    match change:
        case Append(output):
            outputs.append(output.copy())
        case Rewrite(index, start, text):
            stream = outputs[index]
            assert stream["output_type"] == "stream"
            stream["text"] = stream["text"][:start] + text
        case Replace(index, output):
            outputs[index] = output
        case Clear():
            outputs.clear()


def _display(data: Json, metadata: Json) -> wire.DisplayData:
    return {"output_type": "display_data", "data": _bundle(data), "metadata": metadata}


def _bundle(data: Json) -> Json:
    """A MIME bundle with each text as one string; some kernels send lists of lines, as files contain them."""
    if not any(isinstance(value, list) for value in data.values()):
        return data
    return {
        mime: "".join(value)
        if isinstance(value, list) and not is_json(mime) and all(isinstance(part, str) for part in value)
        else value
        for mime, value in data.items()
    }
