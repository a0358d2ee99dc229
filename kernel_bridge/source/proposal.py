"""Where the code that a kernel proposes as its next input belongs in a document."""

import re
from dataclasses import dataclass

from .cell import Cell
from .cells import cell_at, cells_of_lines
from .comments import comment, comment_end
from .document import Place
from .languages import is_fenced

_STYLE = re.compile(r"[ \t]*\S+?[ \t]*%%(?!%)")  # the start of a percent marker, as its author writes it
_OPENING = re.compile(r"(?P<indent>\s*)\W*?(?P<marks>`{3,}|~{3,})\s*(?P<info>\{code-cell\}.*|\{?[^\s,}]*)")


@dataclass(frozen=True, slots=True)
class Edit:
    r"""A replacement of the text from `start` to `end` (exclusive); its lines end with \n."""

    start: Place
    end: Place
    text: str


def replacing(lines: list[str], language_id: str, code: str, first: int, last: int) -> Edit:
    """The proposal in place of the lines that ran, as in Jupyter after `%load`.

    If it would end the fence that they are in, it goes below.
    """
    if is_fenced(language_id) and re.search(r"^\s*(```|~~~)", code, re.MULTILINE):
        return below(lines, language_id, code, last)
    return Edit(Place(first, 0), Place(last, len(lines[last])), code.rstrip())


def below(lines: list[str], language_id: str, code: str, last: int) -> Edit:
    """The proposal as a new cell below the one that ends at or contains line `last`.

    In a document without markers, it follows that line. In a fenced document, it is a fence like the cell's.
    """
    found = cells_of_lines(lines, language_id)
    here = cell_at(found, last)
    code = code.strip("\r\n").rstrip()
    if here is None or all(cell.marker_line is None for cell in found):
        return _after(lines, last, code, gap=0)
    if is_fenced(language_id):
        return _fence(lines, here, code)
    last = next((n for n in range(here.end_line - 1, last, -1) if lines[n].strip()), last)
    return _after(lines, last, f"{_marker(lines, language_id, here.marker_line)}\n{code}", gap=1)


def _after(lines: list[str], line: int, block: str, gap: int) -> Edit:
    """The block on lines of its own, with `gap` blank lines around it."""
    end = Place(line, len(lines[line]))
    follows = line + 1 < len(lines) and lines[line + 1].strip()
    return Edit(end, end, "\n" * (gap + 1) + block + "\n" * (gap if follows else 0))


def _fence(lines: list[str], here: Cell, code: str) -> Edit:
    """A fence with the code below the one of a cell, which is closed first if it is not."""
    opening = _OPENING.match(lines[here.first_line])
    indent, marks, info = opening.groups() if opening else ("", "```", here.language_id)
    longest = max((len(run) for run in re.findall(r"`+|~+", code)), default=0)
    fence = marks[0] * max(len(marks), longest + 1)
    info += "}" * (info.startswith("{") and "}" not in info)
    block = "\n".join(f"{indent}{line}".rstrip() for line in (f"{fence}{info}", *code.split("\n"), fence))
    if here.end_line < len(lines) and lines[here.end_line].strip().startswith(marks):
        return _after(lines, here.end_line, block, gap=1)
    return _after(lines, len(lines) - 1, f"{indent}{marks}\n\n{block}", gap=0)


def _marker(lines: list[str], language_id: str, near: int | None) -> str:
    """A marker in the style of the one on line `near`."""
    style = _STYLE.match(lines[near]) if near is not None else None
    return (
        " ".join(filter(None, (style[0], comment_end(language_id)))) if style else comment("%%", language_id)
    )
