"""What the fold says has changed in a run's outputs, exact and without a budget.

The journal writes these down, runs/live turns them into the changes of the wire. Outputs are nbformat 4.5
output objects with text as one string; `start` and lengths count characters (code points).
"""

from dataclasses import dataclass

from ..protocol.vocabulary import Display, Output


@dataclass(slots=True)
class Append:
    """A new output at the end of the list."""

    output: Output


@dataclass(slots=True)
class Rewrite:
    """The text of the stream output at `index` is `text` from `start` on.

    `start` equal to the length so far is plain addition; else `removed` is the size in bytes (UTF-8) of what
    stood there.
    """

    index: int
    start: int
    text: str
    removed: int = 0


@dataclass(slots=True)
class Replace:
    """The output at `index` is now `output` (never a stream)."""

    index: int
    output: Display


@dataclass(slots=True)
class Clear:
    """All outputs are gone."""


def size_bytes(text: str) -> int:
    """The size of a text in UTF-8; a lone surrogate counts 3."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


FoldChange = Append | Rewrite | Replace | Clear
