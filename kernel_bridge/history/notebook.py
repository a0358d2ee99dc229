"""From runs to a notebook, nbformat 4.5 (the only user of nbformat; imported only when a notebook is made).

Pure: the same runs give the same bytes.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable
from typing import Any

from ..protocol.errors import ExportFailed, NothingToExport
from .records import KernelRecord, RunRecord

Json = dict[str, Any]

_CELL_ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")
_JSON_TYPE = re.compile(r"application/(.*\+)?json")


def notebook(records: Iterable[RunRecord]) -> Json:
    """The runs that ran as a notebook, a code cell each, in their order; text stands in single strings.

    Kernelspec and language_info are those of the last run. Raises NothingToExport: none of them ran.
    """
    ran = [record for record in records if record.run.started_at is not None]
    if not ran:
        raise NothingToExport("none of the runs asked for ever ran, so there is nothing to export")
    whole: Json = _sound(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": _metadata(ran[-1].kernel),
            "cells": [_cell(record) for record in ran],
        }
    )
    return whole


def ipynb(notebook: Json) -> str:
    """The text of the notebook's file, lines split as JupyterLab does; raises ExportFailed: not valid."""
    import nbformat

    writes_json: Any = nbformat.v4.writes_json  # it has no types
    node = as_node(notebook)
    try:
        nbformat.validate(node)
    except nbformat.ValidationError as error:
        raise ExportFailed(f"the notebook made of the runs is not valid nbformat: {error}") from error
    return f"{writes_json(node, split_lines=True)}\n"


def as_node(notebook: Json) -> Any:
    """The same as nbformat's own type."""
    import nbformat

    from_dict: Any = nbformat.from_dict  # it has no types
    return from_dict(notebook)


def _metadata(kernel: KernelRecord) -> Json:
    info = dict(kernel.language_info or {})
    if not isinstance(info.get("name"), str):
        info["name"] = kernel.language
    for name in ("file_extension", "mimetype", "pygments_lexer"):
        if not isinstance(info.get(name, ""), str):
            del info[name]
    if not isinstance(info.get("codemirror_mode", ""), str | dict):
        del info["codemirror_mode"]
    return {
        "kernelspec": {
            "name": kernel.name,
            "display_name": kernel.display_name,
            "language": kernel.language,
        },
        "language_info": info,
    }


def _cell(record: RunRecord) -> Json:
    run = record.run
    outputs = (mend(output) for output in run.outputs or ())
    return {
        "cell_type": "code",
        "id": _cell_id(run.id),
        "metadata": {"execution": record.times} if record.times else {},
        "source": run.source,
        "execution_count": _count(run.execution_count),
        "outputs": [output for output in outputs if output is not None],
    }


def _cell_id(run_id: str) -> str:
    return run_id if _CELL_ID.fullmatch(run_id) else hashlib.sha256(run_id.encode()).hexdigest()[:32]


# What kernels send that nbformat refuses


def mend(output: Json) -> Json | None:
    """A valid nbformat 4.5 output with the same content; None for one of no known type.

    Some kernels leave out required fields, send numbers or objects for text, or text for lists.
    """
    match output.get("output_type"):
        case "stream":
            name = output.get("name")
            return {
                "output_type": "stream",
                "name": name if isinstance(name, str) and name else "stdout",
                "text": _text(output.get("text")),
            }
        case "display_data" | "execute_result" as kind:
            data, metadata = output.get("data"), output.get("metadata")
            mended: Json = {
                "output_type": kind,
                "data": {mime: _mime_value(mime, value) for mime, value in data.items()}
                if isinstance(data, dict)
                else {},
                "metadata": metadata if isinstance(metadata, dict) else {},
            }
            if kind == "execute_result":
                mended["execution_count"] = _count(output.get("execution_count"))
            return mended
        case "error":
            traceback = output.get("traceback")
            return {
                "output_type": "error",
                "ename": _text(output.get("ename")),
                "evalue": _text(output.get("evalue")),
                "traceback": [_text(line) for line in traceback] if isinstance(traceback, list) else [],
            }
        case _:
            return None


def _mime_value(mime: str, value: Any) -> Any:
    return value if _JSON_TYPE.fullmatch(mime) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return json.dumps(value, ensure_ascii=False)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _sound(value: Any) -> Any:
    """The same JSON without what a file cannot hold: lone surrogates, NaN and infinities."""
    if isinstance(value, str):
        return value if value.isascii() else _paired(value)
    if isinstance(value, dict):
        return {_sound(name): _sound(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_sound(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _paired(text: str) -> str:
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
