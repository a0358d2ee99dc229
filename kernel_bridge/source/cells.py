"""The cells of a document, in the format that its language implies.

What reads fences is imported when it is needed: `initialize` does not need it.
"""

from bisect import bisect_right

from .cell import Cell
from .document import split_lines
from .languages import is_fenced, language_of_fence
from .percent import percent_cells


def cells(text: str, language_id: str) -> list[Cell]:
    """All cells in order."""
    return cells_of_lines(split_lines(text), language_id)


def cells_of_lines(lines: list[str], language_id: str) -> list[Cell]:
    """Like `cells`, from the lines of a document."""
    if not is_fenced(language_id):
        return percent_cells(lines, language_id)
    from .fences import fenced_cells

    return fenced_cells(lines)


def cell_at(found: list[Cell], line: int) -> Cell | None:
    """The cell that contains a line. A marker or fence belongs to its cell."""
    index = bisect_right(found, line, key=lambda cell: cell.first_line)
    return found[index - 1] if index and line <= found[index - 1].end_line else None


def language_at(found: list[Cell], language_id: str, line: int) -> str | None:
    """The language of the code on a line of a document with these cells; None: prose between fences."""
    if not is_fenced(language_id):
        return language_id
    cell = cell_at(found, line)
    return cell.language_id if cell is not None and cell.kind == "code" else None


def main_language(lines: list[str], found: list[Cell], language_id: str) -> str:
    """The language of a document as a whole: with fences, the one its kernelspec or its first fence names.

    `found` are the cells of its lines.
    """
    if not is_fenced(language_id):
        return language_id
    from .front_matter import front_matter

    named = language_of_fence(front_matter(lines).kernelspec.get("language", ""))
    languages = (cell.language_id for cell in found if cell.kind == "code")
    return named or next(languages, "r" if language_id.lower() in ("rmd", "rmarkdown") else "python")
