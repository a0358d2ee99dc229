"""Converts runs to a notebook, nbformat 4.5. The only user of nbformat, which is imported when needed.

Pure: the same runs make the same notebook. Outputs are produced lazily, so a notebook may exceed memory.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ..plurals import count
from ..protocol.errors import ExportFailed
from ..protocol.objects import Run
from ..runs.mime import is_json
from ..runs.nesting import DEEPEST, cut
from .records import KernelRecord, Pieces, RunRecord, whole

Json = dict[str, Any]

OURS = "kernel-bridge"
"""Our key in a cell's metadata.

Holds `changed` and the source that `ran` if it differs from the cell's, and its run's `missingBytes` and
`lostMessages`.
"""

AT_ONCE = 200  # cells validated together

_CELL_ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")


@dataclass(frozen=True, slots=True)
class Notebook:
    """An nbformat notebook whose cells can be iterated once. Texts are single strings or Pieces."""

    metadata: Json  # has kernelspec and language_info
    cells: Iterable[Json]  # `outputs` may be any iterable


def notebook(records: Iterable[RunRecord], kernel: KernelRecord) -> Notebook:
    """One code cell per run, in order."""
    return Notebook(kernel_metadata(kernel), map(run_cell, records))


def validated(cells: Iterable[Json]) -> Iterator[Json]:
    """Pass the cells through, validating each after it was consumed. Raises ExportFailed: one is invalid.

    Text is validated as an empty string, which makes no difference to the schema.
    """
    taken: list[Json] = []
    for cell in cells:
        outline = _outline(cell)
        yield cell | {"outputs": _noted(cell["outputs"], outline)} if "outputs" in cell else cell
        taken.append(outline)
        if len(taken) >= AT_ONCE:
            _validate(taken)
            taken.clear()
    _validate(taken)


def _outline(cell: Json) -> Json:
    return {
        name: "" if name == "source" else [] if name == "outputs" else value for name, value in cell.items()
    }


def _noted(outputs: Iterable[Json], outline: Json) -> Iterator[Json]:
    for output in outputs:
        yield output
        noted = output | ({"text": ""} if "text" in output else {})
        if "data" in output:
            noted["data"] = {
                mime: "" if isinstance(value, str) else value for mime, value in output["data"].items()
            }
        if noted not in outline["outputs"][-1:]:
            outline["outputs"].append(noted)


def _validate(cells: list[Json]) -> None:
    import nbformat

    node = _as_node({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    try:
        nbformat.validate(node)
    except nbformat.ValidationError as error:
        raise ExportFailed(f"the notebook made of the runs is not valid nbformat: {error}") from error


def as_node(notebook: Notebook) -> Any:
    """The whole notebook in memory, as nbformat's own type."""
    cells = [_whole_cell(cell) for cell in notebook.cells]
    return _as_node(
        sound({"nbformat": 4, "nbformat_minor": 5, "metadata": notebook.metadata, "cells": cells})
    )


def upgraded(text: str, version: int) -> Json:
    """A notebook of an nbformat before 4 as nbformat 4. Raises ValueError: it is not valid."""
    import nbformat
    from nbformat.reader import reads
    from nbformat.v4.convert import upgrade_cell  # its `upgrade` logs what is invalid, which Jupyter accepts

    read: Any = reads  # untyped
    convert: Any = nbformat.convert
    upgrade: Any = upgrade_cell
    try:
        old = convert(read(text), 3)
        cells = [cell for sheet in old["worksheets"] for cell in sheet["cells"]]
        language = next(filter(None, (cell.get("language") for cell in cells)), None)
        metadata = {"language_info": {"name": language}} if language else {}
        metadata |= {name: value for name, value in old["metadata"].items() if name != "name"}
        cells = list(map(upgrade, cells))
        for cell in cells:
            del cell["id"]  # random
    except (AttributeError, LookupError, TypeError, ValueError, nbformat.ValidationError) as error:
        raise ValueError(f"not a valid notebook of nbformat {version}: {error}") from error
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def _whole_cell(cell: Json) -> Json:
    return cell | {"outputs": [whole(output) for output in cell["outputs"]]} if "outputs" in cell else cell


def _as_node(raw: Json) -> Any:
    import nbformat

    from_dict: Any = nbformat.from_dict  # untyped
    return from_dict(raw)


def kernel_metadata(kernel: KernelRecord) -> Json:
    """A notebook's metadata about its kernel."""
    info = dict(kernel.language_info or {})
    if not isinstance(info.get("name"), str):
        info["name"] = kernel.language
    for name in ("file_extension", "mimetype", "pygments_lexer"):
        if not isinstance(info.get(name, ""), str):
            del info[name]
    if not isinstance(info.get("codemirror_mode", ""), str | dict):
        del info["codemirror_mode"]
    metadata: Json = sound(
        {
            "kernelspec": {
                "name": kernel.name,
                "display_name": kernel.display_name,
                "language": kernel.language,
            },
            "language_info": info,
        }
    )
    return metadata


def run_cell(record: RunRecord) -> Json:
    """The code cell of a run."""
    run = record.run
    metadata: Json = {"execution": record.times} if record.times else {}
    if missing := {
        name: number
        for name, number in (("missingBytes", run.missing_bytes), ("lostMessages", run.lost_messages))
        if number
    }:
        metadata[OURS] = missing
    return {
        "cell_type": "code",
        "id": cell_id(run.id),
        "metadata": metadata,
        "source": sound(run.source),
        "execution_count": _count(run.execution_count),
        "outputs": chain(mended(record.outputs), _notice(run)),
    }


def _notice(run: Run) -> Iterator[Json]:
    """A final output that reports missing output."""
    text = ""
    if run.missing_bytes:
        text += f"[kernel-bridge could not keep about {count(run.missing_bytes, 'byte')} of this output]\n"
    if run.lost_messages:
        text += f"[{count(run.lost_messages, 'message')} of this output never arrived]\n"
    if text:
        yield {"output_type": "stream", "name": "stderr", "text": text}


def cell_id(name: str) -> str:
    """`name` itself if it is a valid cell id, else one derived from it."""
    if _CELL_ID.fullmatch(name):
        return name
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def mended(outputs: Iterable[Json]) -> Iterator[Json]:
    """The outputs as valid nbformat."""
    for output in outputs:
        if (valid := mend(output)) is not None:
            yield sound(valid, DEEPEST)


# What kernels send that nbformat rejects


def mend(output: Json) -> Json | None:
    """The output as valid nbformat 4.5; None if its type is unknown.

    Some kernels omit required fields, or send numbers or objects for text, or text for lists.
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


# What documents contain that nbformat rejects

_KINDS = ("code", "markdown", "raw")
_SOUND_METADATA: dict[str, Callable[[Any], bool]] = {
    "collapsed": lambda value: isinstance(value, bool),
    "format": lambda value: isinstance(value, str),
    "jupyter": lambda value: (
        isinstance(value, dict)
        and all(isinstance(value.get(name, False), bool) for name in ("source_hidden", "outputs_hidden"))
    ),
    "name": lambda value: isinstance(value, str) and bool(value),
    "scrolled": lambda value: isinstance(value, bool) or value == "auto",
    "tags": lambda value: isinstance(value, list),
}


def mend_cell(cell: Json) -> Json:
    """The cell as valid nbformat 4.5, without outputs and execution count.

    Other tools write fields of other cell types or later nbformat versions, and metadata of wrong types.
    Jupyter opens and runs such notebooks, so the export must accept them too.
    """
    kind = cell["cell_type"] if cell["cell_type"] in _KINDS else "raw"
    metadata = {
        name: value for name, value in cell["metadata"].items() if _SOUND_METADATA.get(name, _anything)(value)
    }
    if "tags" in metadata:
        sound_tags = (tag for tag in metadata["tags"] if isinstance(tag, str) and tag and "," not in tag)
        metadata["tags"] = list(dict.fromkeys(sound_tags))
    mended = {"cell_type": kind, "metadata": metadata, "source": cell["source"]}
    attachments = cell.get("attachments")
    if kind != "code" and isinstance(attachments, dict):
        mended["attachments"] = {
            name: {mime: _mime_value(mime, value) for mime, value in bundle.items()}
            for name, bundle in attachments.items()
            if isinstance(bundle, dict)
        }
    return mended


def _anything(value: Any) -> bool:
    return True


def _mime_value(mime: str, value: Any) -> Any:
    return value if is_json(mime) else _text(value)


def _text(value: Any) -> Any:
    if isinstance(value, str | Pieces):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return json.dumps(value, ensure_ascii=False)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def sound(value: Any, levels: float = math.inf) -> Any:
    """The JSON without what a file cannot hold: lone surrogates, NaN and infinities.

    Parts nested deeper than `levels` are converted to text.
    """
    if isinstance(value, Pieces):
        return Pieces(lambda: _paired_pieces(value))
    if isinstance(value, str):
        return value if value.isascii() else _paired(value)
    if isinstance(value, dict | list) and levels <= 0:
        return sound(cut(value, 0))
    if isinstance(value, dict):
        return {sound(name): sound(part, levels - 1) for name, part in value.items()}
    if isinstance(value, list):
        return [sound(part, levels - 1) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _paired(text: str) -> str:
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _paired_pieces(pieces: Iterable[str]) -> Iterator[str]:
    held = ""  # the first half of a surrogate pair, whose second half may follow
    for piece in pieces:
        piece = held + piece
        held = piece[-1:] if "\ud800" <= piece[-1:] <= "\udbff" else ""
        if text := piece[: len(piece) - len(held)]:
            yield text if text.isascii() else _paired(text)
    if held:
        yield _paired(held)
