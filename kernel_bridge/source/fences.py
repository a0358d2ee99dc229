"""Cells of a document with fenced code: markdown, Quarto, R Markdown, MyST and jupytext's markdown.

A fence whose info string names a language of the table is a code cell; everything else is prose. Fences are
found as in CommonMark 0.31, section 4.5, also in list items. Fences in block quotes and in HTML comments are
prose: they are quoted, or switched off. As in jupytext, `<!-- #md -->` and `<!-- #endmd -->` enclose one cell
of prose, and `<!-- #raw -->` and `<!-- #endraw -->` a raw cell.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .cell import MAY_FAIL, SKIPPED, Cell, CellKind
from .document import BYTE_ORDER_MARK
from .front_matter import FrontMatter, flag, front_matter
from .languages import language_of_fence, option_prefixes

_FENCE = re.compile(r"(?P<marks>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_ITEM = re.compile(r"(?P<marker>[-+*]|\d{1,9}[.)])(?P<blanks>[ \t]+|$)")
_BREAK = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_RAW = "pre|script|style|textarea"
_BEGINNINGS = frozenset("`~<-+*0123456789")  # of a fence, an HTML block or a list item
# CommonMark's HTML blocks that may contain blank lines: how they begin and end
_HTML = (
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(rf"<(?:{_RAW})(?:[\s>]|$)", re.I), re.compile(rf"</(?:{_RAW})>", re.I)),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
)

_BRACES = re.compile(r"\{(?P<inside>.*)\}(?P<after>[^}]*)$")
_NAME = re.compile(r"[^\s,{}:=]+")
_CLASS = re.compile(r"\.([\w+#-]+)")
_LABEL = re.compile(r"#([\w:.-]+)|^[\w+#.-]+[\s,]+([\w:.-]+)\s*(?=,|$)")
_OPTION = re.compile(r"""(?:^|[\s,])([\w.-]+)\s*=\s*("[^"]*"|'[^']*'|\[[^\]]*\]|\{[^}]*\}|[^\s,]+)""")
_LINE_OPTION = re.compile(r"\s*:?([\w.-]+)\s*[:=]\s*(.*)$")
_TAG = re.compile(r"""[^\s,\[\]"']+""")

_REGION = re.compile(r"<!-- #(?P<name>md|markdown|raw)(?P<options>| .*) -->")

IN_PAGE = {"js"}  # chunks of R Markdown that become a script of the page


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block; 0-based lines."""

    info: str
    opening: int
    end: int  # the line of the closing fence, or the line after the code if there is none
    closed: bool


def fenced_cells(lines: list[str]) -> list[Cell]:
    """All cells in order. YAML at the top is a raw cell, unless it only names the kernel."""
    front = front_matter(lines)
    kernel = front.kernelspec
    default = language_of_fence(kernel.get("language") or kernel.get("name", "")) or "python"
    result: list[Cell] = []
    if front.line_count and not front.is_only_for_kernels:
        result.append(Cell("raw", "yaml", "", "", 0, front.line_count, None))
    prose = front.line_count
    for block in _blocks(lines, front.line_count):
        cell = _code_cell(block, lines, front, default) if isinstance(block, Fence) else block
        if cell is not None:
            assert cell.marker_line is not None
            result += _prose(lines, prose, cell.marker_line)
            result.append(cell)
            prose = cell.end_line + (block.closed if isinstance(block, Fence) else 1)
    return result + _prose(lines, prose, len(lines))


def unclosed_fence(lines: list[str]) -> int | None:
    """The line of an opening fence that nothing closes; None: there is none."""
    front = front_matter(lines).line_count
    return next((fence.opening for fence in fences(lines, front) if not fence.closed), None)


def _prose(lines: list[str], first: int, end: int) -> list[Cell]:
    while first < end and not lines[first].strip(f"{BYTE_ORDER_MARK} \t"):
        first += 1
    while end > first and not lines[end - 1].strip():
        end -= 1
    return [Cell("markdown", "markdown", "", "", first, end, None)] if first < end else []


# regions


def _blocks(lines: list[str], first: int) -> Iterator[Fence | Cell]:
    """The fenced blocks, and the cells in regions, which have no fences."""
    found = [cell for line in range(first, len(lines)) if (cell := _region(lines, line))]
    while found:
        region = found[0]
        for fence in fences(lines, first):
            if fence.opening >= region.start_line:
                break
            yield fence
            first = fence.end + fence.closed
        if region.start_line > first:
            yield region
            first = region.end_line + 1
        found = [cell for cell in found if cell.start_line > first]
    yield from fences(lines, first)


def _region(lines: list[str], opening: int) -> Cell | None:
    """The cell that begins on a line; None: none does, or nothing ends it."""
    if not lines[opening].startswith("<!-- #"):
        return None
    match = _REGION.fullmatch(lines[opening].rstrip())
    end = f"<!-- #end{match['name']} -->" if match else ""
    for number in range(opening + 1, len(lines)) if match else ():
        if lines[number].rstrip() == end:
            kind: CellKind = "raw" if match["name"] == "raw" else "markdown"  # type: ignore[index]
            return Cell(kind, kind, "", match["options"].strip(), opening + 1, number, opening)  # type: ignore[index]
    return None


# fences


def fences(lines: list[str], first: int = 0) -> Iterator[Fence]:
    """The fenced blocks from a line on, whatever their info strings."""
    items: list[int] = []  # the columns at which the text of the open list items begins
    number = first
    while number < len(lines):
        column, text = _indented(
            lines[number].removeprefix(BYTE_ORDER_MARK) if number == 0 else lines[number]
        )
        number += 1
        if not text:
            continue
        while items and column < items[-1]:
            items.pop()
        base = items[-1] if items else 0
        while (
            column - base < 4
            and text[:1] in _BEGINNINGS
            and (item := _ITEM.match(text))
            and not _BREAK.match(text)
        ):
            base = _content(column, item)
            items.append(base)
            column, text = base, text[item.end() :]
        if column - base > 3 or text[:1] not in _BEGINNINGS:
            continue
        if match := _FENCE.match(text):
            fence = _closed(lines, number - 1, base, match)
            yield fence
            number = fence.end + fence.closed
        elif end := next((end for start, end in _HTML if start.match(text)), None):
            while not end.search(text) and number < len(lines):
                text = lines[number]
                number += 1


def _closed(lines: list[str], opening: int, base: int, match: re.Match[str]) -> Fence:
    marks, info = match["marks"], match["info"].strip()
    closing = re.compile(rf"{re.escape(marks)}{re.escape(marks[0])}*\s*$")
    for number in range(opening + 1, len(lines)):
        if not base and marks not in lines[number]:
            continue
        column, text = _indented(lines[number])
        if text and column < base:  # the list item around it ends
            return Fence(info, opening, number, False)
        if column - base < 4 and closing.match(text):
            return Fence(info, opening, number, True)
    return Fence(info, opening, len(lines), False)


def _indented(line: str) -> tuple[int, str]:
    """The column of the first character that is not blank, and the text from there on."""
    if line[:1] not in (" ", "\t"):
        return 0, line.rstrip()
    text = line.lstrip(" \t")
    return len(line[: len(line) - len(text)].expandtabs(4)), text.rstrip()


def _content(column: int, item: re.Match[str]) -> int:
    """The column at which the text of a list item begins."""
    after = column + len(item["marker"])
    blanks = len((" " * after + item["blanks"]).expandtabs(4)) - after
    return after + (blanks if 1 <= blanks <= 4 else 1)


# info strings and options


def _code_cell(fence: Fence, lines: list[str], front: FrontMatter, default: str) -> Cell | None:
    """The code cell of a fence; None: its info string names no language, so that it is prose."""
    found = _read_info(fence.info, default)
    if found is None:
        return None
    language_id, options = found
    body, own = _own_options(lines, fence, language_id)
    options |= own
    tags = _TAG.findall(options.get("tags", ""))
    for option, when, tag in (("eval", False, SKIPPED), ("error", True, MAY_FAIL)):
        own_value = flag(options.get(option))
        value = flag(front.execute.get(option)) if own_value is None else own_value
        if value is when and tag not in tags:
            tags.append(tag)
    title = (options.get("title") or options.get("label", "")).strip("\"'")
    metadata = fence.info.partition(" ")[2].strip() if not fence.info.startswith("{") else ""
    return Cell("code", language_id, title, metadata, body, fence.end, fence.opening, tuple(tags))


def _read_info(info: str, default: str) -> tuple[str, dict[str, str]] | None:
    """The language and the options of an info string; None: it names no language."""
    braces = _BRACES.match(info)
    if braces is None:
        name = _NAME.match(info)
        language_id = language_of_fence(name[0]) if name else None
        if language_id is None or re.search(r"\.noeval\b", info):  # jupytext's mark for code that is prose
            return None
        return language_id, dict(_OPTION.findall(info))
    inside = braces["inside"].strip()
    if inside == "code-cell":  # MyST
        return language_of_fence(braces["after"].strip()) or default, {}
    if inside.startswith((".", "#")):  # Pandoc's attributes
        names = _CLASS.findall(inside)
    else:
        name = _NAME.match(inside)
        names = [name[0]] if name and name[0] not in IN_PAGE else []
    language_id = next((found for name in names if (found := language_of_fence(name))), None)
    if language_id is None:
        return None
    options = dict(_OPTION.findall(inside))
    if label := _LABEL.search(inside):
        options.setdefault("label", label[1] or label[2])
    return language_id, options


def _own_options(lines: list[str], fence: Fence, language_id: str) -> tuple[int, dict[str, str]]:
    """The first line of the code proper, and the options above it: `#| key: value`, or MyST's."""
    options: dict[str, str] = {}
    first = fence.opening + 1
    if "code-cell" in fence.info:
        first = _myst_options(lines, first, fence.end, options)
    prefixes = option_prefixes(language_id)
    for number in range(first, fence.end):
        text = lines[number].lstrip()
        prefix = next((one for one in prefixes if text.startswith(one)), None)
        if prefix is None:
            break
        if match := _LINE_OPTION.match(text[len(prefix) :]):
            options[match[1]] = match[2].strip()
    return first, options


def _myst_options(lines: list[str], first: int, end: int, options: dict[str, str]) -> int:
    """Read `:key: value` lines, or YAML between two `---`. Return the line after them."""
    block = first < end and lines[first].strip() == "---"
    for number in range(first + block, end):
        text = lines[number].strip()
        if block and text == "---":
            return number + 1
        match = _LINE_OPTION.match(text)
        if not block and (match is None or not text.startswith(":")):
            return number
        if match:
            options[match[1]] = match[2].strip()
        elif text.startswith("- "):
            options["tags"] = f"{options.get('tags', '')} {text[2:]}"
    return first if block else end
