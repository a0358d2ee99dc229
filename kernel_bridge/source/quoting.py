"""Finds strings and comments of several lines, so that what looks like a marker in them is text.

Python's are found by its logical lines; other languages need only the delimiters in a table. A string that is
never closed counts as closed at once, so an error in one cell leaves the other cells as they are.
"""

import re
from functools import cache

from .languages import comment_prefixes, find_language, is_python
from .logical_lines import classify

MOST_RESTARTS = 100  # after a string that is never closed, the scan starts again

# An opening delimiter, and a string from there to its closing delimiter, as patterns.
_Span = tuple[str, str]
_BLOCK: _Span = (r"/\*", r".*?\*/")
_DOUBLE: _Span = ('"', r'(?:\\.|[^"\\])*?"')
_SINGLE: _Span = ("'", r"(?:\\.|[^'\\])*?'")
_BACKTICK: _Span = ("`", r"(?:\\.|[^`\\])*?`")
_TRIPLE: _Span = ('"""', r'(?:\\.|[^\\])*?"""')
_TRIPLE_RAW: _Span = ('"""', '.*?"""')
_TRIPLE_SINGLE: _Span = ("'''", r"(?:\\.|[^\\])*?'''")

_SPANS: dict[str, tuple[_Span, ...]] = {
    "r": ((r"[rR][\"']-*[(\[{]", r".*?[)\]}]-*[\"']"), _DOUBLE, _SINGLE),
    "julia": (("#=", ".*?=#"), _TRIPLE, _DOUBLE, _BACKTICK),
    "javascript": (_BLOCK, _BACKTICK),
    "typescript": (_BLOCK, _BACKTICK),
    "java": (_BLOCK, _TRIPLE),
    "scala": (_BLOCK, _TRIPLE_RAW),
    "kotlin": (_BLOCK, _TRIPLE_RAW),
    "groovy": (_BLOCK, _TRIPLE, _TRIPLE_SINGLE),
    "swift": (_BLOCK, _TRIPLE),
    "dart": (_BLOCK, _TRIPLE, _TRIPLE_SINGLE),
    "csharp": (_BLOCK, _TRIPLE_RAW, ('@"', '(?:""|[^"])*?"(?!")')),
    "fsharp": (_TRIPLE_RAW, _DOUBLE),
    "c": (_BLOCK,),
    "cpp": (_BLOCK, (r'R"\(', r'.*?\)"')),
    "rust": (_BLOCK, (r'r#"', '.*?"#'), _DOUBLE),
    "go": (_BLOCK, ("`", "[^`]*?`")),
    "php": (_BLOCK,),
    "lua": ((r"(?:--)?\[\[", r".*?\]\]"),),
    "haskell": ((r"\{-", r".*?-\}"),),
}
_QUOTED = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
_CHARACTER = r"\"(?:\\.|[^\"\\])*\"|'(?:\\[^']+|[^'\\])'"  # a lone quote is a lifetime, a symbol, a transpose
_ANY_QUOTES = ("r", "javascript", "typescript", "groovy", "dart", "php", "lua")


def quoted_lines(lines: list[str], language_id: str) -> set[int]:
    """The lines that begin inside a string or block comment, or in Python also inside brackets."""
    return _python(lines)[0] if is_python(language_id) else _scan(lines, language_id)


def unclosed_strings(lines: list[str]) -> list[int]:
    """The lines of Python on which a string begins that is never closed."""
    return _python(lines)[1]


def _python(lines: list[str]) -> tuple[set[int], list[int]]:
    """Both at once."""
    unclosed: list[int] = []
    # The cell magics themselves are no Python; most of their bodies are, or look like it.
    kinds = classify(["" if line.startswith("%%") else line for line in lines], unclosed)
    return {
        number
        for number, kind in enumerate(kinds)
        if kind == "string" or (kind == "inside" and not lines[number - 1].endswith("\\"))
    }, unclosed


def _scan(lines: list[str], language_id: str) -> set[int]:
    language = find_language(language_id)
    name = language.ids[0] if language else language_id
    quoted: set[int] = set()
    if name not in _SPANS:
        return quoted
    token, closings = _tokens(name)
    closing, opened, number, restarts = None, 0, 0, 0
    while True:
        if number == len(lines):
            if closing is None:
                return quoted
            quoted.difference_update(range(opened + 1, len(lines)))
            if restarts == MOST_RESTARTS:
                return quoted
            closing, number, restarts = None, opened + 1, restarts + 1
            continue
        line, at = lines[number], 0
        if closing is not None:
            quoted.add(number)
        while True:
            if closing is not None:
                if (end := closing.match(line, at)) is None:
                    break
                closing, at = None, end.end()
            if (found := token.search(line, at)) is None:
                break
            at = found.end()
            if found.lastgroup is not None:
                closing, opened = closings[found.lastgroup], number
        number += 1


@cache
def _tokens(name: str) -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    """What to look for in a line, and what closes each group of it."""
    spans = _SPANS[name]
    opening = [f"(?P<span{index}>{opens})" for index, (opens, _) in enumerate(spans)]
    comments = [f"{re.escape(prefix)}.*" for prefix in comment_prefixes(name)]
    quotes = _QUOTED if name in _ANY_QUOTES else _CHARACTER
    token = re.compile("|".join([*opening, *comments, quotes]))
    return token, {f"span{index}": re.compile(closes) for index, (_, closes) in enumerate(spans)}
