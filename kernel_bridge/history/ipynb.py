"""Writes the text of an .ipynb file piece by piece, as nbformat and JupyterLab write it.

Holds at most one output in memory, and of a stream output only a piece.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from json.encoder import encode_basestring
from typing import Any

from .notebook import Json, Notebook, sound, validated
from .records import Pieces

# Characters; a longer line of a stream output is split into several strings, which readers join.
LONGEST_LINE = 1 << 20
LINES_AT_ONCE = 2_000
_TRANSIENT = {"orig_nbformat", "orig_nbformat_minor", "signature"}
_SPLIT_TYPES = ("application/javascript", "image/svg+xml")


def ipynb(notebook: Notebook) -> Iterator[str]:
    """The text of the file. Raises ExportFailed: not valid nbformat."""
    yield '{\n "cells": '
    yield from _list(map(_cell, validated(notebook.cells)), 1)
    metadata = {name: value for name, value in notebook.metadata.items() if name not in _TRANSIENT}
    yield f',\n "metadata": {_dumps(sound(metadata), 1)},\n "nbformat": 4,\n "nbformat_minor": 5\n}}\n'


def _cell(cell: Json) -> Iterator[str]:
    parts: dict[str, Any] = {name: sound(value) for name, value in cell.items() if name != "outputs"}
    parts["metadata"].pop("trusted", None)
    parts["source"] = parts["source"].splitlines(True)
    for attachment in parts.get("attachments", {}).values():
        _split(attachment)
    if "outputs" in cell:
        parts["outputs"] = _list(map(_output, cell["outputs"]), 3)
    return _object(parts, 2)


def _output(output: Json) -> Iterator[str]:
    parts: dict[str, Any] = dict(output)
    if "data" in parts:
        parts["data"] = dict(parts["data"])
        _split(parts["data"])
    if "text" in parts:
        parts["text"] = _strings(lines(parts["text"]), 5)
    return _object(parts, 4)


def _split(bundle: Json) -> None:
    for mime, value in bundle.items():
        if isinstance(value, str) and (mime.startswith("text/") or mime in _SPLIT_TYPES):
            bundle[mime] = value.splitlines(True)


def lines(text: str | Pieces) -> Iterator[str]:
    """The lines including their ends, like str.splitlines."""
    held = ""
    for piece in (text,) if isinstance(text, str) else text:
        *complete, held = (held + piece).splitlines(True) or [""]
        yield from chain.from_iterable(map(_cut, complete))
        while len(held) > LONGEST_LINE:
            yield held[:LONGEST_LINE]
            held = held[LONGEST_LINE:]
    if held:
        yield from _cut(held)


def _cut(line: str) -> Iterable[str]:
    if len(line) <= LONGEST_LINE:
        return (line,)
    return (line[at : at + LONGEST_LINE] for at in range(0, len(line), LONGEST_LINE))


# JSON as json.dumps writes it with indent=1 and sorted keys. A part may be an iterator over its text.


def _object(parts: Json, level: int) -> Iterator[str]:
    opening = "{"
    for name, value in sorted(parts.items()):
        yield f"{opening}\n{' ' * (level + 1)}{json.dumps(name, ensure_ascii=False)}: "
        if isinstance(value, Iterator):
            yield from value
        else:
            yield _dumps(value, level + 1)
        opening = ","
    yield f"\n{' ' * level}}}"


def _list(items: Iterable[Iterable[str]], level: int) -> Iterator[str]:
    opening = "["
    for item in items:
        yield f"{opening}\n{' ' * (level + 1)}"
        yield from item
        opening = ","
    yield "[]" if opening == "[" else f"\n{' ' * level}]"


def _strings(lines: Iterator[str], level: int) -> Iterator[str]:
    """A list of strings, joined in batches, because a stream may have millions of lines."""
    indent = "\n" + " " * (level + 1)
    opening = "["
    while batch := list(islice(lines, LINES_AT_ONCE)):
        yield opening + indent + f",{indent}".join(map(encode_basestring, batch))
        opening = ","
    yield "[]" if opening == "[" else f"\n{' ' * level}]"


def _dumps(value: Any, level: int) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))
    return text.replace("\n", "\n" + " " * level)  # JSON strings contain no raw newlines
