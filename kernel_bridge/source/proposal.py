"""Where the code that a kernel proposes as its next input belongs in a document."""

import re
from dataclasses import dataclass

from .cells import cell_at, cells_of_lines
from .document import Place
from .languages import comments_of_document

_STYLE = re.compile(r"[ \t]*\S+?[ \t]*%%(?!%)")  # the start of a percent marker, as its author writes it


@dataclass(frozen=True, slots=True)
class Edit:
    r"""A replacement of the text from `start` to `end` (exclusive); its lines end with \n."""

    start: Place
    end: Place
    text: str


def replacing(lines: list[str], code: str, first: int, last: int) -> Edit:
    """The proposal in place of the lines that ran, as in Jupyter after `%load`."""
    return Edit(Place(first, 0), Place(last, len(lines[last])), code.rstrip())


def below(lines: list[str], language_id: str, code: str, last: int) -> Edit:
    """The proposal as a new cell below the one that ends at or contains line `last`.

    In a document without markers, it follows that line.
    """
    found = cells_of_lines(lines, language_id)
    here = cell_at(found, last)
    code = code.strip("\r\n").rstrip()
    if here is None or all(cell.marker_line is None for cell in found):
        return _after(lines, last, code, gap=0)
    last = next((n for n in range(here.end_line - 1, last, -1) if lines[n].strip()), last)
    return _after(lines, last, f"{_marker(lines, language_id, here.marker_line)}\n{code}", gap=1)


def _after(lines: list[str], line: int, block: str, gap: int) -> Edit:
    """The block on lines of its own, with `gap` blank lines around it."""
    end = Place(line, len(lines[line]))
    follows = line + 1 < len(lines) and lines[line + 1].strip()
    return Edit(end, end, "\n" * (gap + 1) + block + "\n" * (gap if follows else 0))


def _marker(lines: list[str], language_id: str, near: int | None) -> str:
    """A marker in the style of the one on line `near`."""
    start, end = comments_of_document(language_id)
    style = _STYLE.match(lines[near]) if near is not None else None
    return " ".join(filter(None, (style[0] if style else f"{start} %%", end)))
