"""Cells of a document in the percent format (`# %%`), as jupytext, VS Code, Spyder and Hydrogen read it.

A marker is a line comment, indented or not, that continues with `%%` and then with white space, `[` or
nothing: `# %%time` is a magic in a comment. The rest of the line is the cell's title, type and options.
`# In[3]:`, written by nbconvert, `# <codecell>` and `# <markdowncell>` are markers too.

What looks like a marker in a string, a block comment, Python's brackets or a fence of Markdown is text.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise

from .cell import Cell, CellKind
from .comments import comment_end, uncomment
from .document import BYTE_ORDER_MARK
from .header import read_header
from .languages import comment_prefixes, find_language
from .options import Json, read_marker
from .quoting import quoted_lines

TEXT_KINDS: dict[str, CellKind] = {"markdown": "markdown", "md": "markdown", "raw": "raw"}
_FENCE = re.compile(r" {0,3}(?P<marks>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")


def percent_cells(lines: list[str], language_id: str) -> list[Cell]:
    """All cells in order.

    A document without markers is one cell; blank text before the first marker is none.
    """
    begin = read_header(lines, language_id).end
    found = list(_markers(lines, language_id))
    first = found[0][0] if found else len(lines)
    result: list[Cell] = []
    if not found or any(line.strip(BYTE_ORDER_MARK).strip() for line in lines[begin:first]):
        result.append(Cell("code", language_id, "", "", begin, first, None))
    for (number, text), (end, _) in pairwise([*found, (len(lines), "")]):
        result.append(_cell(text, number, end, language_id))
    return result


def marker_text(line: str, language_id: str) -> str | None:
    """What a cell marker says after its `%%`; None: the line is no marker, wherever it is."""
    if "%%" not in line and "In[" not in line and "cell>" not in line:
        return None
    match = _marker_pattern(language_id).fullmatch(line)
    if match is None:
        return None
    if match["text"] is None:
        return "[markdown]" if "<markdowncell>" in line else ""
    return match["text"].rstrip().removesuffix(comment_end(language_id)).strip()


@cache
def _marker_pattern(language_id: str) -> re.Pattern[str]:
    prefixes = []
    for prefix in sorted(comment_prefixes(language_id), key=len, reverse=True):
        # If `%` starts a comment, lines of percent signs are decoration.
        prefixes.append(re.escape(prefix) + (r"[ \t]+" if prefix.endswith("%") else r"[ \t]*"))
    end = re.escape(comment_end(language_id))
    start = rf"{BYTE_ORDER_MARK}?[ \t\f]*(?:{'|'.join(prefixes)})"
    text = r"%%(?P<text>%*(?:[\s\[].*)?" + (rf"|%*{end}\s*)" if end else ")")
    return re.compile(rf"{start}(?:{text}|(?:<(?:code|markdown)cell>|In\[[0-9 ]*\]:?)\s*{end}\s*)", re.DOTALL)


def _markers(lines: list[str], language_id: str) -> Iterator[tuple[int, str]]:
    """The line and the text of each marker."""
    found = [
        (number, text)
        for number, line in enumerate(lines)
        if (text := marker_text(line, language_id)) is not None
    ]
    if not found:
        return
    quoted = quoted_lines(lines, language_id)
    fences = _Fences(lines, language_id)
    last: tuple[int, str] | None = None
    for number, text in found:
        if number not in quoted and (last is None or not fences.contain(*last, number)):
            yield number, text
            last = number, text


class _Fences:
    """The fenced blocks (```` ``` ````) in cells of text: jupytext's rule since 1.18."""

    def __init__(self, lines: list[str], language_id: str) -> None:
        self._lines, self._language_id = lines, language_id
        self._next = 0  # the first line that was not looked at
        self._unclosed = {"`": len(lines), "~": len(lines)}  # fences of this length are closed nowhere below

    def contain(self, marker: int, text: str, number: int) -> bool:
        """Whether a line is in a fenced block of the cell that `marker` starts."""
        if "[" not in text or read_marker(text).kind == "":
            return False
        at = max(marker + 1, self._next)
        while at < number:
            at = self._after(at)
        self._next = at
        return at > number

    def _after(self, at: int) -> int:
        """The line after the block that opens at a line; else the next line."""
        match = _FENCE.fullmatch(uncomment(self._lines[at], self._language_id))
        if match is None or len(match["marks"]) >= self._unclosed[match["marks"][0]]:
            return at + 1
        mark, length = match["marks"][0], len(match["marks"])
        for number in range(at + 1, len(self._lines)):
            closing = _FENCE.fullmatch(uncomment(self._lines[number], self._language_id))
            if closing and closing["marks"].startswith(mark * length) and not closing["info"].strip():
                return number + 1
        self._unclosed[mark] = length
        return at + 1


def _cell(text: str, number: int, end: int, language_id: str) -> Cell:
    marker = read_marker(text)
    kind = TEXT_KINDS.get(marker.kind or str(marker.options.get("cell_type")), "code")
    tags = marker.options.get("tags")
    cell = Cell(
        kind,
        language_id,
        marker.title,
        marker.written,
        start_line=number + 1,
        end_line=end,
        marker_line=number,
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
        commented=kind != "code",
    )
    return _with_options(cell, marker.options) if kind == "code" and marker.options else cell


def _with_options(cell: Cell, options: Json) -> Cell:
    """A code cell that may be in another language, or only for some formats."""
    other, language = options.get("language"), find_language(cell.language_id)
    magic = ""
    if isinstance(other, str) and (find_language(other) or other) != (language or cell.language_id):
        sign = "#!" if cell.language_id == "csharp" else "%%"
        magic = f"{sign}{other} {options.get('magic_args', '')}".rstrip()
    runs_here = options.get("active") == "" or has_active_code(options, cell.language_id)
    return replace(
        cell,
        kind="code" if _is_active({"ipynb"}, options) else "raw",
        magic=magic,
        commented=not runs_here or (bool(magic) and "active" not in options),
    )


def has_active_code(options: Json, language_id: str) -> bool:
    """Whether a script runs the code of a cell with these options. If not, it is in comments."""
    language = find_language(language_id)
    return _is_active({extension[1:] for extension in language.extensions} if language else set(), options)


def _is_active(extensions: set[str], options: Json) -> bool:
    """Whether a cell is code in files of these extensions, by jupytext's options."""
    control, tags = options.get("run_control"), options.get("tags")
    if isinstance(control, dict) and control.get("frozen") is True:
        return "ipynb" in extensions
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, str) and tag.startswith("active-"):
            return not extensions.isdisjoint(tag.split("-"))
    active = options.get("active")
    return not isinstance(active, str) or not extensions.isdisjoint(re.split("[.,]", active))
