"""A document as it runs: markers are blank, and magics and other code are out of their comments (pure)."""

from dataclasses import dataclass

from .cell import Cell
from .cells import cells_of_lines
from .comments import uncomment
from .header import read_header
from .languages import is_fenced
from .magics import uncomment_magics


@dataclass(frozen=True, slots=True)
class Code:
    """Line i of `lines` is what runs for line i of the document, `written[i]`."""

    written: list[str]
    lines: list[str]
    cells: list[Cell]


def code_of(lines: list[str], language_id: str) -> Code:
    """The code of a document."""
    cells = cells_of_lines(lines, language_id)
    result = list(lines)
    if not is_fenced(language_id) and read_header(lines, language_id).comments_magics:
        result = uncomment_magics(result, language_id)
    for cell in cells:
        if cell.marker_line is not None:
            result[cell.marker_line] = cell.magic
        if cell.commented:
            body = slice(cell.start_line, cell.end_line)
            is_code = cell.kind == "code"
            result[body] = [uncomment(line, language_id) for line in lines[body]] if is_code else lines[body]
    return Code(lines, result, cells)
