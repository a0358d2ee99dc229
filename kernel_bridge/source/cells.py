"""The cells of a document, in the format that its language implies."""

from .cell import Cell
from .document import split_lines
from .percent import percent_cells


def cells(text: str, language_id: str) -> list[Cell]:
    """All cells in order."""
    return cells_of_lines(split_lines(text), language_id)


def cells_of_lines(lines: list[str], language_id: str) -> list[Cell]:
    """Like `cells`, from the lines of a document."""
    return percent_cells(lines, language_id)


def cell_at(found: list[Cell], line: int) -> Cell | None:
    """The cell that contains a line. A marker line belongs to the cell that it starts."""
    for cell in reversed(found):
        if line >= (cell.start_line if cell.marker_line is None else cell.marker_line):
            return cell
    return None
