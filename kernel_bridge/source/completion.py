"""Which typed characters ask a kernel for completions, and what qualifies the names that it returns (pure).

Editors send a request after each of `TRIGGERS` in every language. Most of them are punctuation in plain text:
`asks` says after which code a kernel has names to offer, so that no list opens anywhere else.
"""

import re
from dataclasses import dataclass

from .document import Place
from .languages import comment_prefixes, find_language, is_python
from .logical_lines import classify

_STRING = re.compile(r"""(?P<closed>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<open>["'])""")
_FORMAT = re.compile(r"""(?i)\b(?:f|fr|rf|t)["'][^{]*(?:\{[^{}]*\}[^{]*)*\{(?P<code>[^{}]*)$""")


@dataclass(frozen=True, slots=True)
class _Rule:
    """Where the characters of one language ask, matched at the end of the code before the cursor."""

    after: re.Pattern[str]
    strings: bool = True  # whether " and ' delimit strings; else one of them has another use
    within: str = ""  # the delimiter of strings with names in them


_FOLDER = re.compile(r".*/", re.DOTALL)
_QUALIFIER = re.compile(r".*(?:\.|\$|@|::|->)", re.DOTALL)
_QUALIFIER_R = re.compile(r".*(?:\$|@|::)", re.DOTALL)  # names contain dots

_OTHERS = _Rule(re.compile(r"(?:\.|\$|::)$"), strings=False)
_RULES = {
    "python": _Rule(
        re.compile(
            r"""(?x)
            (?:[^\W\d]\w*|[])}]|^\s*)\.$  # a name, but no number; or a chain that continues on its own line
            | [\w)\]}]\[ (?:[^][]*,\s*)? ["']?$  # a key, also after another: df.loc[:, "
            | ^\s*(?:[\w.,\[\] ]+=\s*)?%$ | ^\s*%%$
            """
        )
    ),
    "r": _Rule(re.compile(r"[\w.)\]`]\s?[$@]$|\w\.$|\w:{2,3}$")),
    "julia": _Rule(re.compile(r"[\w)\]}]\.$|\\$"), strings=False),
    "shellscript": _Rule(re.compile(r"\$$"), within='"'),
}
TRIGGERS = [".", "[", '"', "'", "%", "$", "@", ":", "\\"]


def asks(lines: list[str], place: Place, language_id: str) -> bool:
    """Whether the character before a place asks a kernel for completions.

    `lines` are those of a cell. In comments and strings no character asks, except in the expressions of
    Python's f-strings and in the strings of a shell.
    """
    language = find_language(language_id)
    rule = _RULES.get(language.ids[0] if language is not None else "", _OTHERS)
    line = lines[place.line][: place.column]
    code = _code(line[:-1], rule, comment_prefixes(language_id))
    if code is None or rule.after.search(code + line[-1:]) is None:
        return False
    return not is_python(language_id) or classify(lines)[place.line] != "string"


def asks_for_keys(line: str, language_id: str) -> bool:
    """Whether the last character of a line, if it asks, asks for keys and columns only."""
    return line.endswith(("[", '"', "'")) and is_python(language_id)


def qualifier(typed: str, language_id: str, *, is_path: bool = False) -> str:
    """The part before the name that is being typed: `a.b.` of `a.b.c`, `df$` of `df$x`, `/tmp/` of a path."""
    found = (_FOLDER if is_path else _QUALIFIER if language_id != "r" else _QUALIFIER_R).match(typed)
    return found[0] if found is not None else ""


def _code(text: str, rule: _Rule, comments: tuple[str, ...]) -> str | None:
    """The code at the end of a text, its strings masked; None: the text ends in a comment or a string."""
    if rule.strings:
        text = _STRING.sub(lambda found: "_" * len(found[0]) if found["closed"] else found[0], text)
        if (opened := re.search("[\"']", text)) is not None and opened[0] != rule.within:
            expression = _FORMAT.search(text)
            return expression["code"] if expression is not None else None
    return None if any(re.search(rf"(?:^|\s){re.escape(prefix)}", text) for prefix in comments) else text
