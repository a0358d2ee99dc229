"""Finds the statement at a line: by Python's grammar, or in other languages by asking the kernel."""

import ast
import re
import warnings
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .cells import cell_at
from .code import Code, code_of
from .document import BYTE_ORDER_MARK, split_lines
from .languages import comment_prefixes
from .logical_lines import Kind, classify, indent_of

_CLAUSE = re.compile(r"\s*(?:else|elif|except|finally)\b")
_TAKES_CLAUSES = re.compile(r"\s*(?:async\s+)?(?:if|for|while|try)\b")
_DEFINITION = re.compile(r"\s*(?:async\s+def|def|class)\b")

TRUST_LINES = 1000
"""How many lines before a multi-line string must parse to confirm that it is one."""


@dataclass(slots=True)
class _Statement:
    """An outermost statement; 0-based lines, both inclusive."""

    first: int
    last: int
    body: int  # the line after the decorators


def python_statement(text: str, line: int, language_id: str = "python") -> tuple[int, int] | None:
    """First and last line (0-based, both inclusive) of the outermost Python statement that contains `line`.

    `language_id` is the document's; its cell at that line must be in Python. Never crosses a cell marker.
    For a blank line, comment or marker between statements, it is the next statement below in the cell, or
    None. Several statements on one line are one. A line magic is a statement. A cell magic is its whole cell
    if it is on the first line; elsewhere it extends to the next blank line. Syntax errors above or below do
    not matter; with one in the statement itself, brackets, indents and clauses determine its lines.
    """
    return statement_at(code_of(split_lines(text), language_id), line)


def statement_at(code: Code, line: int) -> tuple[int, int] | None:
    """Like `python_statement`."""
    line = min(max(line, 0), len(code.lines) - 1)
    cell = cell_at(code.cells, line)
    if cell is None or cell.kind != "code":
        return None
    first = cell.start_line - 1 if cell.magic else cell.start_line
    body = code.lines[first : cell.end_line]
    if body and first == 0:
        body[0] = body[0].removeprefix(BYTE_ORDER_MARK)
    found = _statement_in(body, max(line - first, 0))
    return found and (found[0] + first, found[1] + first)


def first_unread(code: Code, line: int, ran: Collection[int]) -> int:
    """The first line to send to a Python kernel that is asked about `line`: it knows the lines that `ran`.

    At the latest, it is the first line of the statement at `line`; a statement is read as a whole.
    """
    cell = cell_at(code.cells, line)
    if cell is None or cell.magic:
        return 0
    found = statement_at(code, line)
    last = min(found[0], line) if found is not None else line
    for first in range(cell.start_line, last):
        text = code.lines[first].strip()
        if first not in ran and text and not text.startswith("#"):
            partly = statement_at(code, first)
            return min(partly[0], first) if partly is not None else first
    return last


def incremental_statement(code: Code, line: int, limit: int = 1000) -> Iterator[tuple[int, int]]:
    """Growing candidates (first, last line, both inclusive) for the statement that starts at `line`.

    The caller checks each with is_complete_request and stops at the first that is not incomplete. If all are,
    the first candidate is the statement. Ends at the end of the cell, or after `limit` candidates. For a
    blank or comment line, starts at the next line of the cell that is neither.
    """
    lines = code.lines
    line = min(max(line, 0), len(lines) - 1)
    cell = cell_at(code.cells, line)
    if cell is None or cell.kind != "code":
        return
    prefixes = comment_prefixes(cell.language_id)
    for first in range(max(line, cell.start_line), cell.end_line):
        stripped = lines[first].lstrip(f"{BYTE_ORDER_MARK} \t\f")
        if stripped and not stripped.startswith(prefixes):
            for last in range(first, min(cell.end_line, first + limit)):
                yield first, last
            return


def _statement_in(lines: list[str], line: int) -> tuple[int, int] | None:
    code = [number for number, content in enumerate(lines) if content.strip()]
    if not code:
        return None
    if lines[code[0]].startswith("%%"):
        return (code[0], code[-1]) if line <= code[-1] else None
    kinds = classify(lines)
    statements = _statements(lines, kinds)
    index = bisect_left(statements, line, key=lambda statement: statement.last)
    if index == len(statements):
        return None
    found = statements[index]
    in_string = line > found.first and kinds[line] == "string"
    after_string = "string" in kinds[found.first : line + 1]
    if _parses(lines, kinds, found.first, found.last):
        if not in_string:
            return found.first, found.last
        # A string opened far above and never closed turns code into strings and strings into code. Docstring
        # text would then count as code here, which does not parse.
        index = bisect_left(statements, found.first - TRUST_LINES, key=lambda statement: statement.first)
        if _parses(lines, kinds, statements[index].first, found.last):
            return found.first, found.last
    elif found.first < found.body <= line and _parses(lines, kinds, found.body, found.last):
        return found.body, found.last  # an incomplete decorator
    elif not after_string:
        return found.first, found.last
    base = min(len(indent_of(lines[statement.first])) for statement in statements)
    return _nearest(lines, line, base) or (found.first, found.last)


def _statements(lines: list[str], kinds: list[Kind]) -> list[_Statement]:
    result: list[_Statement] = []
    base = -1
    decorating = False
    for number, kind in enumerate(kinds):
        if kind == "blank":
            continue
        if kind in ("inside", "string"):
            result[-1].last = number
            continue
        line = lines[number]
        indent = len(indent_of(line)) if line[0] in " \t\f" else 0
        if result and indent > base:
            result[-1].last = number
            continue
        base = indent
        start = line.lstrip()[0]
        if decorating and (start == "@" or _DEFINITION.match(line)):
            result[-1].last = result[-1].body = number
        elif (
            start in "ef" and result and _CLAUSE.match(line) and _TAKES_CLAUSES.match(lines[result[-1].first])
        ):
            result[-1].last = number
        else:
            result.append(_Statement(number, number, number))
        decorating = start == "@"
    return result


def _nearest(lines: list[str], line: int, base: int, tries: int = 40) -> tuple[int, int] | None:
    """The smallest block that parses and contains `line`, ignoring everything above the block."""
    for first in range(line, -1, -1):
        content = lines[first]
        if not content.strip() or len(indent_of(content)) > base or _CLAUSE.match(content):
            continue
        above = next((other for other in reversed(lines[:first]) if other.strip()), "")
        if _DEFINITION.match(content) and above.lstrip().startswith("@"):
            continue
        if tries == 0:
            return None
        tries -= 1
        block = lines[first : line + 500]
        kinds = classify(block)
        statement = next(iter(_statements(block, kinds)), None)
        reaches = statement is not None and statement.first == 0 and statement.last >= line - first
        if statement and reaches and _parses(block, kinds, 0, statement.last):
            return first, first + statement.last
    return None


def _parses(lines: list[str], kinds: list[Kind], first: int, last: int) -> bool:
    source: list[str] = []
    magic = False
    for number in range(first, last + 1):
        magic = kinds[number] == "magic" or (magic and kinds[number] == "inside")
        if magic:
            source.append(f"{indent_of(lines[number])}pass" if kinds[number] == "magic" else "")
        else:
            source.append(lines[number])
    if indent_of(lines[first]):
        source.insert(0, "if True:")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # reporting invalid escapes is the kernel's task
            ast.parse("\n".join(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
