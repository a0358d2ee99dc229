"""Finds Python's logical lines without a parser, so that an error in one place affects nothing elsewhere.

A small lexer that knows only strings, comments, brackets, backslashes and IPython's magics. It never fails:
if a bracket or string is never closed, it restarts after the line that opened it.
"""

import re
from typing import Literal

Kind = Literal["code", "magic", "inside", "string", "blank"]
"""The kind of a line.

"code" and "magic" start a logical line (a magic is IPython's own syntax). "inside" and "string" continue one;
"string" starts in a multi-line string. "blank" is empty or only a comment.
"""

_PLAIN = r"""[^"'#()\[\]{}\\]++"""
_STRING = (
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"""'
    r"|'''(?:[^'\\]++|\\.|'(?!''))*+'''"
    r'|"(?!"")(?:[^"\\]++|\\.)*+"'
    r"|'(?!'')(?:[^'\\]++|\\.)*+'"
)
_FLAT = rf"[(\[{{](?:{_PLAIN}|{_STRING})*+[)\]}}]"
_NESTED = rf"[(\[{{](?:{_PLAIN}|{_STRING}|{_FLAT})*+[)\]}}]"
# The longest part of a line that closes all it opens: usually the whole line, in one match.
_BALANCED = re.compile(rf"(?:{_PLAIN}|{_STRING}|{_FLAT}|{_NESTED})*+")
_STRING_END = {
    '"""': re.compile(r'(?:[^"\\]++|\\.|"(?!""))*+"""'),
    "'''": re.compile(r"(?:[^'\\]++|\\.|'(?!''))*+'''"),
    '"': re.compile(r'(?:[^"\\]++|\\.)*+"'),
    "'": re.compile(r"(?:[^'\\]++|\\.)*+'"),
}
_CLOSES = {")": "(", "]": "[", "}": "{"}
# These words occur in no expression: if a line inside brackets starts with one, the brackets never close.
_STATEMENT_WORD = re.compile(
    r"\s*(?:(?:async\s+)?def|class|import|return|raise|with|while|try|assert|del|global|nonlocal|pass|break|"
    r"continue|except|finally|elif|from\s+[\w.]+\s+import)\b"
)
_MAGIC = re.compile(r"[%!]|\?{1,2}[\w%*]|[\w%*][\w.*%]*\?{1,2}$|[\w.,\[\] ]+=\s*[%!]\s*\w")


def classify(lines: list[str], unclosed: list[int] | None = None) -> list[Kind]:
    """The kind of each line. Linear time, apart from a bounded number of steps back at errors.

    `unclosed` receives the lines on which a multi-line string begins that is never closed.
    """
    kinds: list[Kind] = ["blank"] * len(lines)
    brackets: list[tuple[str, int]] = []  # open ones: the character and its line
    quote, quote_line = "", 0  # of the string that the line starts in
    continues: Literal["", "code", "magic", "cell magic"] = ""
    number, patience = 0, 2 * len(lines) + 1000
    while True:
        if number >= len(lines):
            opened = quote_line if quote else brackets[0][1] if brackets else number
            if quote and unclosed is not None:
                unclosed.append(opened)
            if opened + 1 >= len(lines):
                return kinds
            patience -= number - opened
            number, quote, continues = opened + 1, "", ""
            brackets.clear()
        line, position = lines[number], 0
        if patience < 0:  # a text full of errors: no bracket or string may extend past its line
            quote, continues = "", ""
            brackets.clear()
        if quote:
            kinds[number] = "string"
            end = _STRING_END[quote].match(line)
            if end is None:
                if len(quote) == 1 and not line.endswith("\\"):
                    quote = ""
                    brackets.clear()
                number += 1
                continue
            quote, position = "", end.end()
        elif brackets and _STATEMENT_WORD.match(line):
            patience -= number - brackets[0][1]
            number = brackets[0][1] + 1
            brackets.clear()
            continues = ""
            continue
        elif brackets or continues == "code":
            kinds[number], continues = "inside", ""
        else:
            stripped = line.strip(" \t\f")
            if continues == "magic" or (continues == "cell magic" and stripped):
                kinds[number] = "inside"
                if continues == "magic" and not stripped.endswith("\\"):
                    continues = ""
                number += 1
                continue
            continues = ""
            if not stripped or stripped[0] == "#":
                kinds[number] = "blank"
                number += 1
                continue
            if ("%" in stripped or "!" in stripped or "?" in stripped) and _MAGIC.match(stripped):
                kinds[number] = "magic"
                if stripped.startswith("%%"):
                    continues = "cell magic"
                elif stripped.endswith("\\"):
                    continues = "magic"
                number += 1
                continue
            kinds[number] = "code"
        while True:
            position = _BALANCED.match(line, position).end()  # type: ignore[union-attr]  # matches nothing too
            if position == len(line) or line[position] == "#":
                break
            character = line[position]
            if character in "([{":
                brackets.append((character, number))
                position += 1
            elif character in ")]}":
                _close(brackets, _CLOSES[character])
                position += 1
            elif character == "\\":
                if position + 1 == len(line):
                    continues = "code"
                position += 1
            else:
                triple = line.startswith(character * 3, position)
                if triple or line.endswith("\\"):
                    quote, quote_line = character * (3 if triple else 1), number
                else:  # the string is never closed, although it must end on this line
                    brackets.clear()
                break
        number += 1


def _close(brackets: list[tuple[str, int]], opener: str) -> None:
    """Drop open brackets up to the nearest of this kind; without one, drop nothing."""
    for index in range(len(brackets) - 1, -1, -1):
        if brackets[index][0] == opener:
            del brackets[index:]
            return


def indent_of(line: str) -> str:
    """The leading whitespace that Python counts, which restarts at a form feed."""
    whitespace = line[: len(line) - len(line.lstrip(" \t\f"))]
    return whitespace[whitespace.rfind("\f") + 1 :]
