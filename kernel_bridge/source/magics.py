"""IPython's magics in comments, which jupytext writes so that a script stays valid in its language."""

import re
from collections.abc import Callable
from functools import cache

from .comments import uncomment
from .languages import comment_prefixes, find_language, is_python
from .quoting import quoted_lines

# The first characters of magics, where they are not IPython's.
_SIGNS = {"rust": ":", "csharp": "#!", "go": r"(?:%{1,3}|!\*?)"}
_NONE = ("octave", "matlab", "sas")  # here, as in jupytext, they would look like the language itself
_GONB = re.compile(r"//\s*gonb:(?=%%)")  # before Go's magic `%%`, which would be a marker
_SHELL = "cat|cd|cp|mv|rm|rmdir|mkdir|copy|ddir|echo|ls|ldir|ren"  # IPython runs them without a `%`


def uncomment_magics(lines: list[str], language_id: str) -> list[str]:
    """The lines without one comment sign before each magic. Escaped ones (`# # %magic`) become comments."""
    if language_id == "go":
        lines = [_GONB.sub("", line, count=1) if "gonb:%%" in line else line for line in lines]
    is_magic = _recognizer(language_id)
    found = [number for number, line in enumerate(lines) if is_magic(line)]
    if not found:
        return lines
    quoted = quoted_lines(lines, language_id)
    result = list(lines)
    for number in found:
        while number < len(lines) and number not in quoted:
            line = result[number]
            indent = line[: len(line) - len(line.lstrip())]
            result[number] = indent + uncomment(line[len(indent) :], language_id)
            if not (is_python(language_id) and line.rstrip().endswith("\\")):
                break
            number += 1  # the next line continues the magic
    return result


def comment_magics(lines: list[str], language_id: str) -> list[str] | None:
    """The lines that `uncomment_magics` turns into these; None: there are none."""
    is_magic = _recognizer(language_id)
    sign = f"{comment_prefixes(language_id)[0]} "
    result = list(lines)
    quoted = quoted_lines(lines, language_id)
    continued = False
    for number, line in enumerate(lines):
        indent = line[: len(line) - len(line.lstrip())]
        if (continued or is_magic(line)) and number not in quoted:
            continued = is_python(language_id) and line.rstrip().endswith("\\")
            choices = (indent + sign + line[len(indent) :], sign + line)
            result[number] = next((one for one in choices if is_magic(one)), choices[1])
        else:
            continued = False
    return result if uncomment_magics(result, language_id) == lines else None


@cache
def _recognizer(language_id: str) -> Callable[[str], object]:
    """A function that finds out whether a line is a magic, in comments or not."""
    language = find_language(language_id)
    name = language.ids[0] if language else language_id
    if name in _NONE:
        return lambda line: False
    comment = re.escape(comment_prefixes(language_id)[0])
    commented = f"(?:{comment} |{comment})*"
    patterns = [
        f"{commented}{_SIGNS[name]}[a-zA-Z]" if name in _SIGNS else rf"\s*{commented}%{{1,3}}[a-zA-Z]"
    ]
    if is_python(language_id):
        patterns += [
            r"\s*(?:(?:# |#)+\s*)?[?!]\s*[A-Za-z.~$\\/{}]",
            rf"{commented}\s*[a-zA-Z_][a-zA-Z_$0-9]*\s*=\s*(?:%{{1,3}}|!)[a-zA-Z]",
            r"\s*(?:# )*\S*\?\s*$",
            rf"{commented}(?:{_SHELL})(?:$|\s$|\s[^=,])",
        ]
    magic = re.compile("|".join(patterns))
    kept = re.compile(rf"\s*{commented}%{{1,3}}[a-zA-Z].*{comment}\s*noescape")
    return lambda line: magic.match(line) and not kept.match(line)
