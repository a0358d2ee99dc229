"""Finds the code to run for a unit at a place in a document, and the lines it is on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ..protocol.vocabulary import Unit
from .cell import MAY_FAIL, Cell
from .cells import cell_at
from .code import Code, code_of
from .document import BYTE_ORDER_MARK, Place, clamp, split_lines
from .languages import is_fenced, is_python
from .logical_lines import classify
from .statement import incremental_statement, statement_at


@dataclass(frozen=True, slots=True)
class Region:
    r"""Code to run: line i of `source` (its lines end with \n) is line `start.line + i` of the document."""

    source: str
    start: Place
    end: Place  # exclusive
    language_id: str
    may_fail: bool = False  # its error does not stop what follows


def regions(
    text: str,
    language_id: str,
    unit: Unit,
    selection: tuple[Place, Place] | None = None,
    position: Place | None = None,
) -> list[Region]:
    """The code of a unit of the document, in order; empty if there is nothing to run.

    `position` defaults to the start of `selection`. Places past the end are clamped. "statement" is only for
    Python; use `statement_candidates` for other languages. In prose between fences there is nothing to run.

    Raises ValueError: the unit needs a selection or a position and has neither, or it is "statement" of
    another language.
    """
    code = code_of(split_lines(text), language_id)
    if unit == "all":
        return _of_cells(code, _that_run(code.cells))
    if selection is None and position is None:
        raise ValueError(f"unit {unit!r} needs a range or a position")
    place = clamp(code.written, position if position is not None else selection[0])  # type: ignore[index]  # checked above
    if unit == "range":
        start, end = sorted(clamp(code.written, edge) for edge in selection or (place, place))
        return _range(code, language_id, start, end)
    if unit == "line":
        return _of_lines(code, language_id, place.line, place.line)
    here = cell_at(code.cells, place.line)
    if unit == "statement":
        language = here.language_id if here else language_id
        if not is_python(language):
            raise ValueError(f"statements of {language!r} are found with statement_candidates")
        found = statement_at(code, place.line)
        return _of_lines(code, language_id, *found) if found else []
    if unit == "cell":
        return _of_cells(code, [here] if here else [])
    is_above = [cell is not here and cell.first_line <= place.line for cell in code.cells]
    chosen = [cell for cell, above in zip(code.cells, is_above, strict=True) if above is (unit == "above")]
    return _of_cells(code, _that_run(chosen))


def statement_candidates(text: str, language_id: str, position: Place) -> Iterator[Region]:
    """Growing candidates for the statement at `position`, to be checked with is_complete_request.

    The statement is the first candidate that is not incomplete or, if all are, the very first. If there is
    nothing to run, there are no candidates.
    """
    code = code_of(split_lines(text), language_id)
    line = clamp(code.written, position).line
    cell = cell_at(code.cells, line)
    if cell is None:
        return
    for first, last in incremental_statement(code, line):
        source = "\n".join(_dedent(code.lines[first : last + 1], cell.language_id))
        start, end = Place(first, 0), Place(last, len(code.written[last]))
        yield Region(source.removeprefix(BYTE_ORDER_MARK), start, end, cell.language_id)


def _that_run(cells: list[Cell]) -> list[Cell]:
    """The cells that run when many are asked for."""
    return [cell for cell in cells if not cell.skipped]


def _range(code: Code, language_id: str, start: Place, end: Place) -> list[Region]:
    if start == end:
        return _of_lines(code, language_id, start.line, start.line)
    if start.line < end.line:
        return _of_lines(code, language_id, start.line, end.line - 1 if end.column == 0 else end.line)
    whole_line = _of_lines(code, language_id, start.line, start.line)
    chosen = code.written[start.line][start.column : end.column]
    if chosen.strip() not in code.lines[start.line]:  # it includes the comment sign of a magic
        return whole_line
    source = chosen.lstrip(f"{BYTE_ORDER_MARK} \t\f")
    if not source.strip():
        return []
    return [replace(whole_line[0], source=source, start=Place(start.line, end.column - len(source)), end=end)]


def region_of(code: Code, cell: Cell) -> Region | None:
    """The code of one code cell; None: it has none."""
    return next(iter(_of_cells(code, [cell])), None)


def _of_cells(code: Code, chosen: list[Cell]) -> list[Region]:
    return [
        region
        for cell in chosen
        if cell.kind == "code" and (region := _of_body(code, cell.start_line, cell.end_line, cell))
    ]


def _of_lines(code: Code, language_id: str, first: int, last: int) -> list[Region]:
    """A region of whole lines: of a script, at most one; of fences, one for each."""
    if is_fenced(language_id):
        parts = [
            (max(first, cell.start_line), min(last + 1, cell.end_line), cell)
            for cell in code.cells
            if cell.kind == "code"
        ]
    else:
        here = cell_at(code.cells, first)
        magic = here.magic if here is not None else ""
        parts = [(first, last + 1, Cell("code", language_id, "", "", first, last + 1, None, magic=magic))]
    found = (_of_body(code, start, end, cell) for start, end, cell in parts)
    return [region for region in found if region is not None]


def _of_body(code: Code, start_line: int, end_line: int, cell: Cell) -> Region | None:
    """The code on lines of one cell, without blank lines at its ends, and common indent.

    With a magic of the cell it begins a line earlier, so that line i is still line i.
    """
    body = code.lines[start_line:end_line]
    if start_line == 0 and body:
        body[0] = body[0].removeprefix(BYTE_ORDER_MARK)
    filled = [number for number, line in enumerate(body) if line.strip()]
    if not filled or body == [cell.magic]:
        return None
    body = _dedent(body[filled[0] : filled[-1] + 1], cell.language_id)
    first, last = start_line + filled[0], start_line + filled[-1]
    if cell.magic and body[0] != cell.magic:
        body, first = [cell.magic, *body], first - 1
    end = Place(last, len(code.written[last]))
    return Region("\n".join(body), Place(first, 0), end, cell.language_id, MAY_FAIL in cell.tags)


def _dedent(lines: list[str], language_id: str) -> list[str]:
    """Remove the indent that all lines share, ignoring blank lines.

    In Python only lines that start a logical line count, since continuation lines may be indented less. Lines
    of a multi-line string lose the indent as in IPython and VS Code, but only if all of them have it.
    """
    if not is_python(language_id) or lines[0].lstrip().startswith("%%"):
        margin = _shared_indent(line for line in lines if line.strip())
        return [line[len(margin) :] for line in lines] if margin else lines
    kinds = classify(lines)
    starts = [line for line, kind in zip(lines, kinds, strict=True) if kind in ("code", "magic")]
    margin = _shared_indent(starts or (line for line in lines if line.strip()))
    if not margin:
        return lines
    strings = [line for line, kind in zip(lines, kinds, strict=True) if kind == "string" and line.strip()]
    keep_strings = not all(line.startswith(margin) for line in strings)
    return [
        line if kind == "string" and keep_strings else line[_shared_length(line, margin) :]
        for line, kind in zip(lines, kinds, strict=True)
    ]


def _shared_indent(lines: Iterable[str]) -> str:
    indents = [line[: len(line) - len(line.lstrip(" \t\f"))] for line in lines]
    low, high = min(indents, default=""), max(indents, default="")
    return low[: _shared_length(low, high)]


def _shared_length(one: str, other: str) -> int:
    """The length of the common prefix of two strings."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))
