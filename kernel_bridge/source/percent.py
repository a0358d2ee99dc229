"""Cells of a document in the percent format (`# %%`), as VS Code and jupytext read it.

A marker is a line comment, indented or not, that continues with `%%`; the rest of the line is its title, cell
type and metadata. `# In[3]:`, written by nbconvert, is a marker too. Markers count everywhere, even in a
multi-line string.
"""

import re
from functools import cache

from .cell import Cell, CellKind
from .document import BYTE_ORDER_MARK
from .languages import comment_prefixes, find_language

TEXT_KINDS: dict[str, CellKind] = {"markdown": "markdown", "md": "markdown", "raw": "raw"}
_KIND = re.compile(r"(?:^|\s)\[(markdown|md|raw)\](?=\s|$)", re.IGNORECASE)
_METADATA = re.compile(r"""(?:^|\s)(\{.*\}|[\w.-]+=["'\[{\w-].*)$""")


def percent_cells(lines: list[str], language_id: str) -> list[Cell]:
    """All cells in order.

    A document without markers is one cell; blank text before the first marker is none.
    """
    marker = _marker_pattern(language_id)
    found = [
        (number, match)
        for number, line in enumerate(lines)
        if ("%%" in line or "In[" in line) and (match := marker.match(line))
    ]
    first = found[0][0] if found else len(lines)
    begin = header_end(lines, language_id)
    result: list[Cell] = []
    if not found or any(line.strip(BYTE_ORDER_MARK).strip() for line in lines[begin:first]):
        result.append(Cell("code", language_id, "", "", begin, first, None))
    bounds = [number for number, _ in found] + [len(lines)]
    language = find_language(language_id)
    comment_end = language.comment_end if language else ""
    for (number, match), end in zip(found, bounds[1:], strict=True):
        kind, title, metadata = _read_marker((match["rest"] or "").strip().removesuffix(comment_end).strip())
        result.append(Cell(kind, language_id, title, metadata, number + 1, end, number))
    return result


def header_end(lines: list[str], language_id: str) -> int:
    """The number of lines of jupytext's header: comments around YAML that begins with `jupyter:`."""
    if not lines or "---" not in lines[0] or len(lines) < 3 or "jupyter:" not in lines[1]:
        return 0
    prefixes = "|".join(map(re.escape, comment_prefixes(language_id)))
    fence = re.compile(rf"{BYTE_ORDER_MARK}?(?:{prefixes})\s*---(?:\s.*)?")
    if fence.fullmatch(lines[0]):
        for number, line in enumerate(lines[1:], start=1):
            if fence.fullmatch(line):
                return number + 1
    return 0


def is_marker(line: str, language_id: str) -> bool:
    """Whether a line is a cell marker."""
    return _marker_pattern(language_id).match(line) is not None


@cache
def _marker_pattern(language_id: str) -> re.Pattern[str]:
    prefixes = []
    for prefix in sorted(comment_prefixes(language_id), key=len, reverse=True):
        # If `%` starts a comment, lines of percent signs are decoration.
        prefixes.append(re.escape(prefix) + (r"[ \t]+" if prefix.endswith("%") else r"[ \t]*"))
    start = rf"{BYTE_ORDER_MARK}?[ \t\f]*(?:{'|'.join(prefixes)})"
    return re.compile(start + r"(?:%%+(?P<rest>.*)|In\[[0-9 ]*\]:?\s*$)", re.DOTALL)


def _read_marker(rest: str) -> tuple[CellKind, str, str]:
    kind: CellKind = "code"
    if match := _KIND.search(rest):
        kind = TEXT_KINDS[match[1].lower()]
        rest = f"{rest[: match.start()].strip()} {rest[match.end() :].strip()}".strip()
    if match := _METADATA.search(rest):
        return kind, rest[: match.start()].strip(), match[1].strip()
    return kind, rest, ""
