"""Writes the outputs of one run to the screen, change by change.

On a terminal, text that is still in view is rewritten when it changes. Text that cannot be erased (in a pipe,
in a file, or scrolled out of view) is written line by line; later changes to it are written once, at the end
of the run.
"""

from dataclasses import dataclass
from itertools import takewhile

from ...bridge.summary import INTERRUPTS
from ...escapes import finished
from ...protocol.vocabulary import Change, Output
from ..exits import EXITED
from .mime import render_data, render_error
from .screen import Name, Screen

KEPT = 65_536  # characters of a stream that are kept for rewriting


@dataclass(slots=True)
class _Block:
    """One output."""

    name: Name
    is_stream: bool
    text: str  # of a stream as received, of any other output as rendered
    printed: int = 0  # characters of `text` written so far
    dropped: int = 0  # characters before `text` that were written and discarded
    lead: str = ""  # the newline written before the output
    column: int = 0  # the terminal's column before the lead
    stale: str | None = None  # the text written, if `text` no longer starts with it
    picture: str | None = None  # the sequences that draw it, instead of text
    drawn: bool = False


class Transcript:
    """The written outputs of one run."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._blocks: list[_Block] = []
        self._floor = 0  # earlier blocks cannot be erased: other text or a picture follows them
        self._ended = False
        self.has_error = False
        self.unanswered: str | None = None  # why input() got no answer; replaces the traceback

    def apply(self, changes: list[Change]) -> None:
        """Write the changes of a kernel-bridge/output notification."""
        for change in changes:
            match change["kind"]:
                case "append":
                    self._append(change["output"])
                case "text":
                    block = self._blocks[change["index"]]
                    block.text += change["text"]
                    self._print(block)
                case "line":
                    self._rewrite_line(change["index"], change["text"])
                case "replace":
                    self._replace(change["index"], change["output"])
                case "clear":
                    self._clear()

    def apply_typed(self, changes: list[Change]) -> None:
        """Apply changes that the screen already shows: a prompt, and what the user typed."""
        self.interrupted()
        for change in changes:
            match change["kind"]:
                case "append":
                    self._blocks.append(self._render(change["output"]))
                case "text":
                    self._blocks[change["index"]].text += change["text"]
                case "line":
                    block = self._blocks[change["index"]]
                    block.text = block.text[: block.text.rfind("\n") + 1] + change["text"]
                case "clear":
                    self._blocks = []
        for block in self._blocks[-1:]:
            block.printed = len(block.text)
        self._floor = len(self._blocks)

    def interrupted(self) -> None:
        """Write pending text, because other text is about to follow."""
        if self._blocks:
            self._print(self._blocks[-1], whole=True)
        self._floor = len(self._blocks)

    def end(self) -> None:
        """Write everything that was held back, because the run has ended."""
        self._ended = True
        for block in self._blocks:
            self._print(block, whole=True)
        self.settle()

    @property
    def is_stale(self) -> bool:
        return any(
            block.stale is not None or (block.picture is not None and not block.drawn)
            for block in self._blocks
        )

    def settle(self) -> None:
        """Write the changes of outputs that could not be erased."""
        for block in self._blocks:
            if block.picture is not None and not block.drawn:  # it replaced another picture
                self._screen.start_line(block.name)
                self._print(block)
            if block.stale is None or block.picture is not None:
                continue
            old, new = block.stale, block.text[block.dropped :]
            block.stale, block.dropped, block.printed = None, 0, len(block.text)
            if old == new:
                continue
            if not new.startswith(old):
                old = _shared_lines(old, new)
                self._screen.start_line(block.name)
            self._screen.write(block.name, new[len(old) :])

    def _append(self, output: Output) -> None:
        if self._blocks:
            self._print(self._blocks[-1], whole=True)
        block = self._render(output)
        self._blocks.append(block)
        self._begin(block)

    def _render(self, output: Output) -> _Block:
        match output["output_type"]:
            case "stream":
                return _Block("stderr" if output["name"] == "stderr" else "stdout", True, output["text"])
            case "error":
                self.has_error = True
                if self.unanswered is not None and output["ename"] in (*INTERRUPTS, "EOFError"):
                    return _Block("stderr", False, "")
                if output["ename"] in EXITED:
                    return _Block("stderr", True, "")
                return _Block("stderr", False, render_error(output, self._screen.channels["stderr"]))
            case _:
                text = render_data(output["data"], self._screen.channels["stdout"])
                return _Block("stdout", False, text, picture=self._screen.picture(output["data"]))

    def _begin(self, block: _Block) -> None:
        screen = self._screen
        block.column = screen.column
        block.lead = ""
        if not block.is_stream:
            screen.start_line(block.name)
            block.lead = "\n" if screen.column != block.column else ""
        self._print(block)

    def _print(self, block: _Block, whole: bool = False) -> None:
        if block.picture is not None:
            if not block.drawn:
                block.drawn = True
                self._screen.draw(block.name, block.picture)
                self._floor = len(self._blocks)
            return
        if block.stale is not None:
            return
        if whole or self._ended or not block.is_stream:
            limit = len(block.text)
        elif self._on_terminal(block):
            limit = finished(block.text)
        else:
            limit = block.text.rfind("\n", block.printed) + 1
        if limit > block.printed:
            self._screen.write(block.name, block.text[block.printed : limit])
            block.printed = limit
        if block.is_stream and block.printed > 2 * KEPT:
            drop = block.printed - KEPT
            block.text = block.text[drop:]
            block.printed -= drop
            block.dropped += drop

    def _rewrite_line(self, index: int, new: str) -> None:
        block = self._blocks[index]
        start = block.text.rfind("\n") + 1
        old = block.text[start : block.printed]
        block.text = block.text[:start] + new
        if block.stale is not None or new.startswith(old):
            self._print(block)
            return
        old = self._clean(block, old)
        column = block.column if start == 0 else 0
        if index == len(self._blocks) - 1 >= self._floor and self._in_view(block, old, column):
            self._screen.rewind(block.name, old, column)
        else:
            self._screen.start_line(block.name)
        block.printed = start
        self._print(block)

    def _replace(self, index: int, output: Output) -> None:
        block, new = self._blocks[index], self._render(output)
        if block.picture is not None or new.picture is not None:
            # A picture cannot be erased: the last one is drawn below when the run has ended.
            if new.picture != block.picture:
                block.picture, block.text, block.drawn = new.picture, new.text, False
                block.printed = 0
            return
        if block.stale is None and new.text != block.text[: block.printed]:
            if self._take_back(index):
                block.text, block.dropped = new.text, 0
                for later in self._blocks[index:]:
                    later.printed = 0
                    self._begin(later)
                return
            block.stale = block.text[: block.printed]
        block.text = new.text

    def _clear(self) -> None:
        if self._blocks and not self._take_back(0):
            for name in ("stdout", "stderr"):
                if self._screen.channels[name].is_terminal:
                    self._screen.start_line(name)
        self._blocks = []
        self._floor = 0

    def _take_back(self, index: int) -> bool:
        """Erase the output at `index` and all later ones from the terminal; False: not all are in view."""
        blocks = self._blocks[index:]
        if index < self._floor or any(
            not self._on_terminal(block) or block.dropped or block.stale is not None for block in blocks
        ):
            return False
        text = "".join(block.lead + self._clean(block, block.text[: block.printed]) for block in blocks)
        if not self._in_view(blocks[0], text, blocks[0].column):
            return False
        self._screen.rewind(blocks[0].name, text, blocks[0].column)
        return True

    def _in_view(self, block: _Block, text: str, column: int) -> bool:
        if not self._on_terminal(block) or not self._screen.can_redraw:
            return False
        _, height = self._screen.size
        return text.count("\n") < height and self._screen.rows(text, column) <= height

    def _on_terminal(self, block: _Block) -> bool:
        return self._screen.channels[block.name].is_terminal

    def _clean(self, block: _Block, text: str) -> str:
        return self._screen.channels[block.name].clean(text)


def _shared_lines(one: str, other: str) -> str:
    """The complete lines that both texts start with."""
    lines = zip(one.splitlines(keepends=True), other.splitlines(keepends=True), strict=False)
    return "".join(
        line for line, _ in takewhile(lambda pair: pair[0] == pair[1] and pair[0].endswith("\n"), lines)
    )
