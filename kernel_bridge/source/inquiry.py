"""What to ask a kernel about a place in a document: the code around it, and names and calls at it (pure)."""

import re
from dataclasses import dataclass

from .cell import Cell
from .cells import cell_at
from .document import BYTE_ORDER_MARK, Place

LINES_ABOVE = 200  # lines of a long cell that are sent in addition to the line itself

_NAME = re.compile(r"\b[^\W\d]\w*")
_DOTTED = re.compile(r"(?<![\w.:$@%!\\])(?:[^\W\d]\w*\.)*[^\W\d]\w*")
_CALLEE = re.compile(r"[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*\s*$")
_STRING = re.compile(r"(?s)([\"'])(?:\1\1.*?(?:\1\1\1|$)|(?:\\.|(?!\1)[^\\\n])*(?:\1|(?=\n)|$))")
_BARE_STAR = re.compile(r"[(,]\s*\*\s*,")
_KEYWORD = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")


@dataclass(frozen=True, slots=True)
class Inquiry:
    r"""Code up to the line of a place. `cursor` is the place within it, in code points. Lines end with \n."""

    code: str
    cursor: int
    first_line: int  # document line at which the code starts

    def place(self, cursor: int) -> Place:
        """The document place of a position in the code."""
        before = self.code[: max(cursor, 0)]
        return Place(self.first_line + before.count("\n"), len(before) - before.rfind("\n") - 1)


def inquiry(lines: list[str], cells: list[Cell], place: Place, first_line: int = 0) -> Inquiry | None:
    """The inquiry for a place in a document with these lines and cells; None: the place is not code.

    Its code starts at `first_line`, or later where the cell does or where the lines would be too many.
    """
    cell = cell_at(cells, place.line)
    if cell is None or cell.kind != "code" or not cell.start_line <= place.line < cell.end_line:
        return None
    first = max(cell.start_line, first_line, place.line - LINES_ABOVE)
    above = lines[first : place.line]
    column = place.column
    line = lines[place.line]
    if first == 0 and lines[0].startswith(BYTE_ORDER_MARK):
        first_text = (above or [line])[0].removeprefix(BYTE_ORDER_MARK)
        if above:
            above[0] = first_text
        else:
            line, column = first_text, max(column - 1, 0)
    cursor = sum(len(text) + 1 for text in above) + column
    return Inquiry("\n".join([*above, line]), cursor, first)


def has_name(line: str, column: int) -> bool:
    """Whether there is a name at a column, or right before it."""
    return any(name.start() <= column <= name.end() for name in _NAME.finditer(line))


def dotted_name(line: str, column: int) -> str | None:
    """The name at a column with what qualifies it; None: it is part of another expression, such as `f().a`.

    To be inspected by itself: within code, IPython skips a name that is assigned, and answers for an
    argument with the function.
    """
    for dotted in _DOTTED.finditer(line):
        for name in _NAME.finditer(dotted[0]):
            if dotted.start() + name.start() <= column <= dotted.start() + name.end():
                return dotted[0][: name.end()]
    return None


@dataclass(frozen=True, slots=True)
class Call:
    """The call whose arguments contain a cursor."""

    callee_end: int  # index after the called name
    argument: int  # number of arguments before the cursor
    keyword: str | None  # of the argument at the cursor, if passed by name


def call_at(code: str, cursor: int) -> Call | None:
    """The innermost call around a cursor, by the brackets of most languages; None: there is none."""
    text = _STRING.sub(lambda found: "_" * len(found[0]), code[:cursor])
    text = re.sub(r"#[^\n]*", lambda found: " " * len(found[0]), text)
    depth = commas = 0
    argument_start = None
    for index in range(len(text) - 1, -1, -1):
        character = text[index]
        if character in ")]}":
            depth += 1
        elif character in "([{":
            if depth:
                depth -= 1
                continue
            callee = _CALLEE.search(text, 0, index) if character == "(" else None
            if callee is None:  # a list, tuple or subscript: part of an argument of the enclosing call
                commas, argument_start = 0, None
                continue
            if _is_definition(text, callee.start()):
                return None
            keyword = _KEYWORD.match(text, index + 1 if argument_start is None else argument_start)
            return Call(len(text[:index].rstrip()), commas, keyword[1] if keyword else None)
        elif character == "," and not depth:
            commas += 1
            argument_start = index + 1 if argument_start is None else argument_start
    return None


def _is_definition(text: str, start: int) -> bool:
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return re.fullmatch(r"\s*(?:async\s+)?(?:def|class)\s+", line) is not None


def parameters(signature: str) -> list[tuple[int, int]]:
    """The position of each parameter in `name(a, b=1, *args) -> int`, without bare `*` and `/`."""
    start = signature.find("(") + 1
    if not start:
        return []
    text = _STRING.sub(lambda found: "_" * len(found[0]), signature)
    depth = 0
    spans = []
    for index in range(start, len(text)):
        character = text[index]
        if character in "([{":
            depth += 1
        elif character in ")]}" and depth:
            depth -= 1
        elif character in ",)" and not depth:
            part = text[start:index]
            name = part.strip()
            if name and name not in "*/":
                left = start + len(part) - len(part.lstrip())
                spans.append((left, left + len(name)))
            start = index + 1
            if character == ")":
                break
    return spans


def active_parameter(signature: str, spans: list[tuple[int, int]], call: Call) -> int | None:
    """The parameter that receives the argument at the cursor; None: none, or unknown."""
    names = [re.split(r"[:=]", signature[start:end])[0].strip() for start, end in spans]
    if call.keyword is not None:
        if call.keyword in names:
            return names.index(call.keyword)
        return next((at for at, name in enumerate(names) if name.startswith("**")), None)
    rest = next((at for at, name in enumerate(names) if re.match(r"\*[^*]", name)), None)
    positional = len(names) if rest is None else rest
    if (bare := _BARE_STAR.search(signature)) is not None:  # the parameters after it are keyword-only
        positional = sum(start < bare.start() for start, _ in spans)
    if call.argument < positional:
        return call.argument
    return rest
