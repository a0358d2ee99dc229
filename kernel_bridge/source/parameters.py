"""Injects parameters by papermill's convention: in a cell after the one tagged `parameters`."""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .json_text import TooDeep, read_json
from .languages import comments_of, find_language
from .notebook import Notebook, NotebookCell

DEFAULTS, INJECTED = "parameters", "injected-parameters"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_WORDS = {"True": True, "False": False, "None": None}


def read_value(text: str) -> Any:
    """The value of a typed text: JSON, Python's True, False or None, or else the text itself.

    Raises TooDeep: JSON too deep for any language.
    """
    if text in _WORDS:
        return _WORDS[text]
    try:
        return read_json(text, _refuse)
    except TooDeep:
        raise
    except ValueError:
        return text


def _refuse(constant: str) -> None:
    """NaN and infinities are not JSON."""
    raise ValueError(constant)


def inject(notebook: Notebook, values: Mapping[str, Any], language_id: str) -> Notebook:
    """The notebook with a cell that sets the values, replacing one injected earlier.

    Raises ValueError: the language does not allow a name or value, or is unknown.
    """
    language = find_language(language_id)
    write = _WRITERS.get(language.ids[0] if language else language_id.lower())
    if write is None:
        known = ", ".join(sorted(_WRITERS))
        raise ValueError(f"parameters are not supported in {language_id}, only in {known}")
    for name in values:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a valid parameter name")
    comment, end = comments_of(language_id)
    lines = [" ".join(part for part in (comment, "Parameters", end) if part)]
    lines += [write.assign.format(name, write.value(value)) for name, value in values.items()]
    raw = {"cell_type": "code", "metadata": {"tags": [INJECTED]}, "source": "\n".join(lines)}
    cells = [cell for cell in notebook.cells if INJECTED not in cell.tags]
    earlier = [index for index, cell in enumerate(notebook.cells) if INJECTED in cell.tags]
    defaults = [index for index, cell in enumerate(cells) if DEFAULTS in cell.tags]
    place = defaults[0] + 1 if defaults else earlier[0] if earlier else 0
    cells.insert(place, NotebookCell(raw, "parameters"))
    told = notebook.metadata.get("papermill")
    papermill = {**(told if isinstance(told, dict) else {}), "parameters": dict(values)}
    return replace(notebook, cells=tuple(cells), metadata={**notebook.metadata, "papermill": papermill})


@dataclass(frozen=True, slots=True)
class _Writer:
    """How a language writes an assignment and JSON values."""

    assign: str = "{} = {}"
    true: str = "true"
    false: str = "false"
    null: str = "null"
    list: str = "[{}]"
    object: str = "{{{}}}"
    pair: str = "{}: {}"
    text: Callable[[str], str] = json.dumps

    def value(self, value: Any) -> str:
        match value:
            case None:
                return self.null
            case bool():
                return self.true if value else self.false
            case str():
                return self.text(value)
            case list():
                return self.list.format(", ".join(map(self.value, value)))
            case dict():
                pairs = (self.pair.format(self.text(name), self.value(part)) for name, part in value.items())
                return self.object.format(", ".join(pairs))
            case _:
                return json.dumps(value)


class _Shell(_Writer):
    """A shell has only text values."""

    def value(self, value: Any) -> str:
        return shlex.quote(value if isinstance(value, str) else json.dumps(value))


def _no_dollar(text: str) -> str:
    return json.dumps(text).replace("$", "\\$")


def _doubled(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_MATLAB = _Writer("{} = {};", null="[]", list="{{{}}}", object="struct({})", pair="{}, {}", text=_doubled)
_WRITERS: dict[str, _Writer] = {
    "python": _Writer(true="True", false="False", null="None", text=repr),
    "r": _Writer("{} <- {}", "TRUE", "FALSE", "NULL", "list({})", "list({})", "{} = {}"),
    "julia": _Writer(null="nothing", object="Dict({})", pair="{} => {}", text=_no_dollar),
    "javascript": _Writer("var {} = {};"),
    "typescript": _Writer("var {} = {};"),
    "scala": _Writer("val {} = {}", null="None", list="Seq({})", object="Map({})", pair="{} -> {}"),
    "kotlin": _Writer("val {} = {}", list="listOf({})", object="mapOf({})", pair="{} to {}", text=_no_dollar),
    "groovy": _Writer(object="[{}]", text=_doubled),
    "ruby": _Writer(null="nil", pair="{} => {}", text=_doubled),
    "octave": _MATLAB,
    "matlab": _MATLAB,
    "csharp": _Writer(
        "var {} = {};", list="new object[] {{ {} }}",
        object="new Dictionary<string, object> {{ {} }}", pair="{{ {}, {} }}",
    ),
    "fsharp": _Writer("let {} = {}", list="[ {} ]", object="Map [ {} ]", pair="({}, {})"),
    "powershell": _Writer("${} = {}", "$True", "$False", "$Null", "@({})", "@{{ {} }}", "{} = {}", _doubled),
    "shellscript": _Shell("{}={}"),
}  # fmt: skip
