"""Injects parameters by papermill's conventions: in a cell after the one tagged `parameters`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .comments import comment
from .literals import assignment
from .notebook import Notebook, NotebookCell

DEFAULTS, INJECTED = "parameters", "injected-parameters"

_WORDS = {"True": True, "False": False, "None": None}


def read_value(text: str) -> Any:
    """The value of a typed text, as papermill reads it: a Python bool, None, int or float, else the text."""
    if text in _WORDS:
        return _WORDS[text]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def inject(notebook: Notebook, values: Mapping[str, Any], language_id: str) -> Notebook:
    """The notebook with a cell that sets the values, replacing one injected earlier.

    Raises ValueError: the language does not allow a name, or is unknown.
    """
    lines = [comment("Parameters", language_id)]
    lines += [assignment(name, value, language_id) for name, value in values.items()]
    raw = {"cell_type": "code", "metadata": {"tags": [INJECTED]}, "source": "\n".join(lines)}
    cells = [cell for cell in notebook.cells if INJECTED not in cell.tags]
    earlier = [index for index, cell in enumerate(notebook.cells) if INJECTED in cell.tags]
    defaults = [index for index, cell in enumerate(cells) if DEFAULTS in cell.tags]
    place = defaults[0] + 1 if defaults else earlier[0] if earlier else 0
    cells.insert(place, NotebookCell(raw, "parameters"))
    told = notebook.metadata.get("papermill")
    papermill = {**(told if isinstance(told, dict) else {}), "parameters": dict(values)}
    return replace(notebook, cells=tuple(cells), metadata={**notebook.metadata, "papermill": papermill})


def language_of_defaults(notebook: Notebook) -> str | None:
    """The language id of the cell with the defaults, where a document has several languages."""
    defaults = _defaults(notebook)
    return defaults.region.language_id if defaults is not None and defaults.region is not None else None


def _defaults(notebook: Notebook) -> NotebookCell | None:
    return next((cell for cell in notebook.cells if DEFAULTS in cell.tags), None)


def doubts(notebook: Notebook, values: Mapping[str, Any]) -> Iterator[str]:
    """What papermill warns of: parameters without defaults, as clauses."""
    if not values:
        return
    defaults = _defaults(notebook)
    if defaults is None:
        yield f"no cell is tagged `{DEFAULTS}`, so the parameters are set before the first cell"
        return
    for name in values:
        if not _assigns(defaults.source, name.split(".")[0]):
            yield f"the parameter {name} is unknown: the cell tagged `{DEFAULTS}` does not set it"


def _assigns(code: str, name: str) -> bool:
    """Whether a line of the code seems to assign to the name. One rule for all languages."""
    before = r"""(?m)(^|;)[^#%/"'(\n]*?(?<![\w.])"""
    after = r"(?!\w)[^=;\n]*?(<-|=(?!=))"
    return re.search(before + re.escape(name) + after, code) is not None
