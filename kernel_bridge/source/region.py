"""Finds the code to run for a unit at a place in a document, and the lines it is on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..protocol.vocabulary import Unit
from .cell import Cell
from .cells import cell_at, cells_of_lines
from .document import BYTE_ORDER_MARK, Place, clamp, split_lines
from .languages import is_python
from .logical_lines import classify
from .percent import is_marker
from .statement import incremental_statement, python_statement


@dataclass(frozen=True, slots=True)
class Region:
    r"""Code to run: line i of `source` (its lines end with \n) is line `start.line + i` of the document."""

    source: str
    start: Place
    end: Place  # exclusive


def regions(
    text: str,
    language_id: str,
    unit: Unit,
    selection: tuple[Place, Place] | None = None,
    position: Place | None = None,
) -> list[Region]:
    """The code of a unit of the document, in order; empty if there is nothing to run.

    `position` defaults to the start of `selection`. Places past the end are clamped. "statement" is only for
    Python; use `statement_candidates` for other languages.

    Raises ValueError: the unit needs a selection or a position and has neither, or it is "statement" of
    another language.
    """
    lines = split_lines(text)
    if unit == "all":
        return _of_cells(lines, language_id, cells_of_lines(lines, language_id))
    if selection is None and position is None:
        raise ValueError(f"unit {unit!r} needs a range or a position")
    place = clamp(lines, position if position is not None else selection[0])  # type: ignore[index]  # checked above
    if unit == "range":
        start, end = sorted(clamp(lines, edge) for edge in selection or (place, place))
        return _range(lines, language_id, start, end)
    if unit == "line":
        return _of_lines(lines, language_id, place.line, place.line)
    if unit == "statement":
        if not is_python(language_id):
            raise ValueError(f"statements of {language_id!r} are found with statement_candidates")
        found = python_statement(text, place.line)
        return _of_lines(lines, language_id, *found) if found else []
    every = cells_of_lines(lines, language_id)
    here = cell_at(every, place.line)
    first = every.index(here) if here else 0
    if unit == "cell":
        return _of_cells(lines, language_id, [here] if here else [])
    return _of_cells(lines, language_id, every[:first] if unit == "above" else every[first:])


def statement_candidates(text: str, language_id: str, position: Place) -> Iterator[Region]:
    """Growing candidates for the statement at `position`, to be checked with is_complete_request.

    The statement is the first candidate that is not incomplete or, if all are, the very first. If there is
    nothing to run, there are no candidates.
    """
    lines = split_lines(text)
    for first, last in incremental_statement(lines, clamp(lines, position).line, language_id):
        source = "\n".join(_dedent(lines[first : last + 1], language_id))
        yield Region(source.removeprefix(BYTE_ORDER_MARK), Place(first, 0), Place(last, len(lines[last])))


def _range(lines: list[str], language_id: str, start: Place, end: Place) -> list[Region]:
    if start == end:
        return _of_lines(lines, language_id, start.line, start.line)
    if start.line < end.line:
        return _of_lines(lines, language_id, start.line, end.line - 1 if end.column == 0 else end.line)
    if is_marker(lines[start.line], language_id):
        return []
    chosen = lines[start.line][start.column : end.column]
    source = chosen.lstrip(f"{BYTE_ORDER_MARK} \t\f")
    if not source.strip():
        return []
    return [Region(source, Place(start.line, end.column - len(source)), end)]


def region_of(lines: list[str], language_id: str, cell: Cell) -> Region | None:
    """The code of one code cell; None: it has none."""
    return next(iter(_of_cells(lines, language_id, [cell])), None)


def _of_cells(lines: list[str], language_id: str, chosen: list[Cell]) -> list[Region]:
    return [
        region
        for cell in chosen
        if cell.kind == "code"
        for region in _of_lines(lines, language_id, cell.start_line, cell.end_line - 1)
    ]


def _of_lines(lines: list[str], language_id: str, first: int, last: int) -> list[Region]:
    """At most one region of whole lines, without blank lines at its ends, markers, and common indent."""
    body = ["" if is_marker(line, language_id) else line for line in lines[first : last + 1]]
    if first == 0 and body:
        body[0] = body[0].removeprefix(BYTE_ORDER_MARK)
    code = [number for number, line in enumerate(body) if line.strip()]
    if not code:
        return []
    source = "\n".join(_dedent(body[code[0] : code[-1] + 1], language_id))
    last = first + code[-1]
    return [Region(source, Place(first + code[0], 0), Place(last, len(lines[last])))]


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
