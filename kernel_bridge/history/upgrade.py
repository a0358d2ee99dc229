"""Reads notebook files of every nbformat: those before 4 are upgraded."""

import json

from ..source import notebook as nbformat4
from ..source.notebook import Notebook, OldNotebook


def read_notebook(text: str) -> Notebook:
    """The notebook. Raises ValueError, naming the place: it is not valid."""
    try:
        return nbformat4.read_notebook(text)
    except OldNotebook as old:
        from .notebook import upgraded

        return nbformat4.read_notebook(json.dumps(upgraded(text, old.version)))
