"""What the fold says has changed in a run's outputs, exact and without a budget.

The journal writes these down, runs/live turns them into the changes of the wire. Outputs are nbformat 4.5
output objects with text as one string; `start` and lengths count characters (code points).
"""

from dataclasses import dataclass
from typing import Any

Output = dict[str, Any]


@dataclass(slots=True)
class Append:
    """A new output at the end of the list."""

    output: Output


@dataclass(slots=True)
class Rewrite:
    """The text of the stream output at `index` is `text` from `start` on.

    `start` equal to the length so far is plain addition.
    """

    index: int
    start: int
    text: str


@dataclass(slots=True)
class Replace:
    """The output at `index` is now `output` (never a stream)."""

    index: int
    output: Output


@dataclass(slots=True)
class Clear:
    """All outputs are gone."""


FoldChange = Append | Rewrite | Replace | Clear
