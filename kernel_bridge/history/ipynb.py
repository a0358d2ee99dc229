"""Writes the text of an .ipynb file piece by piece, as nbformat and JupyterLab write it.

Holds at most one output in memory, and of a stream output only a piece.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

from ..source.notebook_text import Layout
from .notebook import Json, Notebook, sound, validated
from .records import Pieces

# Characters; a longer line of a stream output is split into several strings, which readers join.
LONGEST_LINE = 1 << 20
LINES_AT_ONCE = 2_000
LAYOUT = Layout()  # of nbformat and JupyterLab
_TRANSIENT = {"orig_nbformat", "orig_nbformat_minor", "signature"}
_SPLIT_TYPES = ("application/javascript", "image/svg+xml")


def ipynb(notebook: Notebook) -> Iterator[str]:
    """The text of the file. Raises ExportFailed: not valid nbformat."""
    yield '{\n "cells": '
    cells = (cell_object(cell, 2, LAYOUT) for cell in validated(notebook.cells))
    yield from _list(cells, 1, LAYOUT)
    metadata = {name: value for name, value in notebook.metadata.items() if name not in _TRANSIENT}
    yield f',\n "metadata": {dumps(sound(metadata), 1, LAYOUT)}'
    yield ',\n "nbformat": 4,\n "nbformat_minor": 5\n}\n'


def cell_object(cell: Json, level: int, layout: Layout) -> Iterator[str]:
    """The text of a cell; `level` is that of the cell."""
    parts: dict[str, Any] = {name: sound(value) for name, value in cell.items() if name != "outputs"}
    parts["metadata"].pop("trusted", None)
    parts["source"] = parts["source"].splitlines(True)
    for attachment in parts.get("attachments", {}).values():
        _split(attachment)
    if "outputs" in cell:
        parts["outputs"] = output_list(cell["outputs"], level + 1, layout)
    return _object(parts, level, layout)


def output_list(outputs: Iterable[Json], level: int, layout: Layout) -> Iterator[str]:
    """The text of a list of outputs; `level` is that of the list."""
    return _list((_output(output, level + 1, layout) for output in outputs), level, layout)


def _output(output: Json, level: int, layout: Layout) -> Iterator[str]:
    parts: dict[str, Any] = dict(output)
    if "data" in parts:
        parts["data"] = dict(parts["data"])
        _split(parts["data"])
    if "text" in parts:
        parts["text"] = _strings(lines(parts["text"]), level + 1, layout)
    return _object(parts, level, layout)


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


# JSON as json.dumps writes it with sorted keys. A part may be an iterator over its text.


def _object(parts: Json, level: int, layout: Layout) -> Iterator[str]:
    between = "{" + _new_line(level + 1, layout)
    for name, value in sorted(parts.items()):
        yield f"{between}{_encode(layout)(name)}{layout.colon}"
        if isinstance(value, Iterator):
            yield from value
        else:
            yield dumps(value, level + 1, layout)
        between = layout.comma + _new_line(level + 1, layout)
    yield _new_line(level, layout) + "}"


def _list(items: Iterable[Iterable[str]], level: int, layout: Layout) -> Iterator[str]:
    opening = between = "[" + _new_line(level + 1, layout)
    for item in items:
        yield between
        yield from item
        between = layout.comma + _new_line(level + 1, layout)
    yield "[]" if between == opening else _new_line(level, layout) + "]"


def _strings(lines: Iterator[str], level: int, layout: Layout) -> Iterator[str]:
    """A list of strings, joined in batches, because a stream may have millions of lines."""
    batches = iter(lambda: list(islice(lines, LINES_AT_ONCE)), [])
    between = layout.comma + _new_line(level + 1, layout)
    return _list(((between.join(map(_encode(layout), batch)),) for batch in batches), level, layout)


def _new_line(level: int, layout: Layout) -> str:
    return layout.newline + layout.indent * level if layout.newline else ""


def _encode(layout: Layout) -> Callable[[str], str]:
    return encode_basestring_ascii if layout.ascii_only else encode_basestring


def dumps(value: Any, level: int, layout: Layout) -> str:
    text = json.dumps(
        value,
        ensure_ascii=layout.ascii_only,
        indent=layout.indent if layout.newline else None,
        sort_keys=True,
        separators=(layout.comma, layout.colon),
    )
    return text.replace("\n", _new_line(level, layout))  # JSON strings contain no raw newlines
