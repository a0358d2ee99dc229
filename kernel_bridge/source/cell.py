"""One cell of a document."""

from dataclasses import dataclass
from typing import Literal

CellKind = Literal["code", "markdown", "raw"]


@dataclass(frozen=True, slots=True)
class Cell:
    """The lines of a cell; 0-based, `end_line` exclusive."""

    kind: CellKind
    language_id: str  # of its code
    title: str
    metadata: str  # as written: `key="value" tags=["a"]`, or a JSON object
    start_line: int  # first line of the body
    end_line: int
    marker_line: int | None  # None: the text before the first marker, or a document without any
