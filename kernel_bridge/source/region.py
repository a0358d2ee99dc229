"""Finds the code to run for a unit at a place in a document, and the lines it is on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ..protocol.vocabulary import Unit
from .cell import MAY_FAIL, Cell
from .cells import cell_at, cells_of_lines, language_at
from .document import BYTE_ORDER_MARK, Place, clamp, split_lines
from .languages import is_fenced, is_python
from .logical_lines import classify
from .percent import is_marker
from .statement import incremental_statement, python_statement


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
    lines = split_lines(text)
    every = cells_of_lines(lines, language_id)
    if unit == "all":
        return _of_cells(lines, _that_run(every))
    if selection is None and position is None:
        raise ValueError(f"unit {unit!r} needs a range or a position")
    place = clamp(lines, position if position is not None else selection[0])  # type: ignore[index]  # checked above
    if unit == "range":
        start, end = sorted(clamp(lines, edge) for edge in selection or (place, place))
        return _range(lines, language_id, every, start, end)
    if unit == "line":
        return _of_lines(lines, language_id, every, place.line, place.line)
    here = cell_at(every, place.line)
    if unit == "statement":
        language = here.language_id if here else language_id
        if not is_python(language):
            raise ValueError(f"statements of {language!r} are found with statement_candidates")
        found = python_statement(text, place.line, language_id)
        return _of_lines(lines, language_id, every, *found) if found else []
    if unit == "cell":
        return _of_cells(lines, [here] if here else [])
    is_above = [cell is not here and cell.first_line <= place.line for cell in every]
    chosen = [cell for cell, above in zip(every, is_above, strict=True) if above is (unit == "above")]
    return _of_cells(lines, _that_run(chosen))


def statement_candidates(text: str, language_id: str, position: Place) -> Iterator[Region]:
    """Growing candidates for the statement at `position`, to be checked with is_complete_request.

    The statement is the first candidate that is not incomplete or, if all are, the very first. If there is
    nothing to run, there are no candidates.
    """
    lines = split_lines(text)
    line = clamp(lines, position).line
    language = language_at(lines, language_id, line)
    if language is None:
        return
    for first, last in incremental_statement(lines, line, language_id):
        source = "\n".join(_dedent(lines[first : last + 1], language)).removeprefix(BYTE_ORDER_MARK)
        yield Region(source, Place(first, 0), Place(last, len(lines[last])), language)


def _that_run(cells: list[Cell]) -> list[Cell]:
    """The cells that run when many are asked for."""
    return [cell for cell in cells if not cell.skipped]


def _range(lines: list[str], language_id: str, cells: list[Cell], start: Place, end: Place) -> list[Region]:
    if start == end:
        return _of_lines(lines, language_id, cells, start.line, start.line)
    if start.line < end.line:
        last = end.line - 1 if end.column == 0 else end.line
        return _of_lines(lines, language_id, cells, start.line, last)
    whole_line = _of_lines(lines, language_id, cells, start.line, start.line)
    if not whole_line:
        return []
    chosen = lines[start.line][start.column : end.column]
    source = chosen.lstrip(f"{BYTE_ORDER_MARK} \t\f")
    if not source.strip():
        return []
    return [replace(whole_line[0], source=source, start=Place(start.line, end.column - len(source)), end=end)]


def region_of(lines: list[str], cell: Cell) -> Region | None:
    """The code of one code cell; None: it has none."""
    return next(iter(_of_cells(lines, [cell])), None)


def _of_cells(lines: list[str], chosen: list[Cell]) -> list[Region]:
    return [
        region
        for cell in chosen
        if cell.kind == "code"
        and (region := _of_body(lines[cell.start_line : cell.end_line], cell.start_line, cell))
    ]


def _of_lines(lines: list[str], language_id: str, cells: list[Cell], first: int, last: int) -> list[Region]:
    """A region of whole lines: of a script, at most one; of fences, one for each."""
    if is_fenced(language_id):
        parts = [
            (max(first, cell.start_line), min(last + 1, cell.end_line), cell)
            for cell in cells
            if cell.kind == "code"
        ]
    else:
        whole = Cell("code", language_id, "", "", first, last + 1, None)
        parts = [(first, last + 1, whole)]
    found = (_of_body(lines[start:end], start, cell) for start, end, cell in parts)
    return [region for region in found if region is not None]


def _of_body(lines: list[str], first: int, cell: Cell) -> Region | None:
    """The code on lines of one language, without blank lines at its ends, cell markers, and common indent."""
    language_id = cell.language_id
    body = ["" if is_marker(line, language_id) else line for line in lines]
    if first == 0 and body:
        body[0] = body[0].removeprefix(BYTE_ORDER_MARK)
    code = [number for number, line in enumerate(body) if line.strip()]
    if not code:
        return None
    source = "\n".join(_dedent(body[code[0] : code[-1] + 1], language_id))
    start, end = Place(first + code[0], 0), Place(first + code[-1], len(lines[code[-1]]))
    return Region(source, start, end, language_id, MAY_FAIL in cell.tags)


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
