"""The fold's changes to a run's outputs: exact, and without a budget.

The journal stores them, and runs/live converts them to wire changes. Outputs are nbformat 4.5 objects with
text as one string. `start` and lengths count characters (code points).
"""

from dataclasses import dataclass

from ..protocol.vocabulary import Display, Output


@dataclass(slots=True)
class Append:
    """A new output at the end of the list."""

    output: Output


@dataclass(slots=True)
class Rewrite:
    """From `start` on, the text of the stream output at `index` becomes `text`.

    If `start` equals the current length, text is only added. Otherwise `removed` is the size in bytes (UTF-8)
    of the replaced text, and `removed_lines` its newlines.
    """

    index: int
    start: int
    text: str
    removed: int = 0
    removed_lines: int = 0


@dataclass(slots=True)
class Replace:
    """The output at `index` becomes `output` (never a stream)."""

    index: int
    output: Display


@dataclass(slots=True)
class Clear:
    """All outputs are removed."""


def size_bytes(text: str) -> int:
    """The size of a text in UTF-8; a lone surrogate counts 3."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


FoldChange = Append | Rewrite | Replace | Clear
