"""One cell of a document."""

from dataclasses import dataclass
from typing import Literal

CellKind = Literal["code", "markdown", "raw"]

# Tags of cells, by nbclient's and papermill's names
SKIPPED = "skip-execution"
MAY_FAIL = "raises-exception"


@dataclass(frozen=True, slots=True)
class Cell:
    """The lines of a cell; 0-based, `end_line` exclusive."""

    kind: CellKind
    language_id: str  # of its code
    title: str
    metadata: str  # as written: `key="value" tags=["a"]`, or a JSON object
    start_line: int  # first line of the body
    end_line: int
    marker_line: int | None  # None: prose between fences, or code before the first marker
    tags: tuple[str, ...] = ()
    magic: str = ""  # a cell magic that its code begins with, in place of its marker: `%%bash`
    commented: bool = False  # every line of the body is in a comment

    @property
    def first_line(self) -> int:
        """Its marker, or the first line of its body if it has none."""
        return self.start_line if self.marker_line is None else self.marker_line

    @property
    def skipped(self) -> bool:
        """Whether it runs only if it is asked for by itself."""
        return SKIPPED in self.tags
