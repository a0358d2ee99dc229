"""Explains why a text is not the JSON of a notebook: what happened to the file, where, and what to do."""

import json
import re

_EXCERPT = 60  # characters of a line that is shown
_LONG_NUMBER = re.compile(r"\d{4301}")  # Python reads no longer integers
_MERGE_MARKS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")


def explain(text: str, error: ValueError) -> str:
    """The clause for an error that `read_json` raised for this text."""
    if not text.strip():
        return "the file is empty"
    if text.startswith("version https://git-lfs"):
        return "it is a Git LFS pointer; get the file with `git lfs pull`"
    if (at := text.find("\0")) >= 0:
        return f"line {line_at(text, at)} has a NUL byte: the file is damaged, or in UTF-16; save it as UTF-8"
    if not isinstance(error, json.JSONDecodeError):
        number = _LONG_NUMBER.search(text)
        return (
            f"line {line_at(text, number.start())} has a number of more than 4,300 digits"
            if number
            else str(error)
        )
    if error.msg.startswith("Unterminated string") or not text[error.pos :].strip():
        last = line_at(text, len(text.rstrip()))
        return f"not JSON: the file was cut off at line {last}; get all of it again"
    lines = text.split("\n")
    line = lines[error.lineno - 1].strip()
    if line.startswith(_MERGE_MARKS):
        return f"not JSON: line {error.lineno} is of a merge conflict, {_excerpt(line)}; resolve it first"
    if error.msg == "Extra data":
        return (
            f"not JSON: the notebook ends before line {error.lineno}, column {error.colno}: {_excerpt(line)}"
        )
    return f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}: {_excerpt(line)}"


def line_at(text: str, position: int) -> int:
    """The number of a line, counted from 1."""
    return text.count("\n", 0, position) + 1


def _excerpt(line: str) -> str:
    return line if len(line) <= _EXCERPT else line[:_EXCERPT] + "…"
