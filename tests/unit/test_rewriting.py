"""A view is written back into its notebook: the file changes where the text changed, and nowhere else."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.bridge.opening import open_notebook
from kernel_bridge.history import rewriting, writeback
from kernel_bridge.history.records import RunRecord, kernel_record
from kernel_bridge.source.view import read_view
from tests.unit.history_samples import KERNEL, make_run
from tests.unit.test_view import KERNELS, METADATA, SOURCE
from tests.unit.test_writeback import OUTPUT, STYLES

pytestmark = pytest.mark.slow

Json = dict[str, Any]
FORMATS = ("py", "md")


def write(
    path: Path, format: Any, edit: Callable[[str], str] = str, runs: dict[str, Json] | None = None
) -> Json:
    """Open the notebook, edit its text and write it back. `runs` are new outputs by the code that ran."""
    opened = open_notebook(path, format)
    document = read_view(edit(opened.text), opened.language_id)
    file, content = writeback.read(path)
    assert content.hex() == opened.digest
    records = {
        index: RunRecord(make_run(execution_count=9), kernel_record(KERNEL), {}, [(runs or {})[cell.code]])
        for index, cell in enumerate(document.cells)
        if cell.code in (runs or {})
    }
    rewriting.write(path, content, file, document, lambda _: records)
    found: Json = json.loads(path.read_bytes().decode("utf-8-sig"))
    return found


@st.composite
def cells(draw: st.DrawFn) -> Json:
    kind = draw(st.sampled_from(["code", "code", "markdown", "raw"]))
    source = draw(SOURCE)
    cell: Json = {
        "cell_type": kind,
        "id": f"c{draw(st.integers(0, 10**9))}",
        "metadata": dict(draw(METADATA)),
        "source": draw(st.sampled_from([source, source.splitlines(True)])),
    }
    if kind == "code":
        cell |= {
            "execution_count": draw(st.none() | st.integers(0, 9)),
            "outputs": draw(st.lists(OUTPUT, max_size=1)),
        }
    elif draw(st.booleans()):
        cell["attachments"] = {"a.png": {"image/png": "aGk="}}
    return cell


NOTEBOOK = st.builds(
    lambda cells, metadata: {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5},
    st.lists(cells(), max_size=5),
    KERNELS,
)


@settings(max_examples=60, deadline=None)
@given(NOTEBOOK, STYLES, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"]))
def test_an_unedited_view_leaves_every_byte(notebook: Json, style: Json, newline: str, mark: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ipynb"
        content = (mark + json.dumps(notebook, **style).replace("\n", newline) + newline).encode()
        path.write_bytes(content)
        for format in FORMATS:
            write(path, format)
            assert path.read_bytes() == content


@settings(max_examples=40, deadline=None)
@given(NOTEBOOK, STYLES, st.data())
def test_cells_in_any_order_keep_what_they_have(notebook: Json, style: Json, data: st.DataObject) -> None:
    """New cells, deleted ones and another order: all others are as they were, and the layout is kept."""
    notebook["metadata"] = TOUR["metadata"]
    for number, cell in enumerate(notebook["cells"]):
        cell["source"] = f"cell {number}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ipynb"
        path.write_text(json.dumps(notebook, **style))
        order = data.draw(st.permutations(range(len(notebook["cells"]))))
        order = order[: data.draw(st.integers(0, len(order)))]

        def edit(text: str) -> str:
            head, *parts = text.split("\n# %%")
            at = [index for index, part in enumerate(parts) if "cell " in part]
            assert len(at) == len(notebook["cells"])
            return "\n# %%".join([head, *(parts[at[index]] for index in order), "\n'new'\n"])

        *kept, new = write(path, "py", edit)["cells"]
        assert kept == [notebook["cells"][index] for index in order]
        assert ("".join(new["source"]), new["execution_count"], new["outputs"]) == ("'new'", None, [])


OLD = {"output_type": "stream", "name": "stdout", "text": ["old\n"]}


def code(name: str, source: list[str], count: int, **metadata: Any) -> Json:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": metadata,
        "source": source,
        "execution_count": count,
        "outputs": [OLD],
    }


TOUR: Json = {
    "cells": [
        {
            "cell_type": "markdown",
            "id": "m1",
            "metadata": {"x": 1},
            "source": ["# Tour"],
            "attachments": {"a.png": {"image/png": "aGk="}},
        },
        code("a1", ["one()\n", "two()"], 1, tags=["a"], collapsed=True),
        code("b1", ["total = sum(range(10))"], 2),
        code("c1", ["three()"], 3),
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.mark.parametrize("format", FORMATS)
def test_edited_and_split_cells_keep_their_identity(tmp_path: Path, format: str) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(TOUR, indent=2))
    split = {"py": "one()\n\n# %%\ntwo()", "md": "one()\n```\n\n```python\ntwo()"}[format]

    def edit(text: str) -> str:
        assert text.count("one()\ntwo()") == 1
        return (
            text.replace("one()\ntwo()", split)
            .replace("range(10)", "range(99)")
            .replace('["a"]', '["a", "b"]')
        )

    new = {"output_type": "stream", "name": "stdout", "text": "new\n"}
    found = write(path, format, edit, {"three()": new})
    nbformat.validate(nbformat.from_dict(found))
    tour, one, two, total, three = found["cells"]
    assert tour == TOUR["cells"][0]
    assert (one["id"], one["source"], one["outputs"]) == ("a1", ["one()"], [])
    assert one["metadata"] == {"tags": ["a", "b"], "collapsed": True}
    assert two["id"] not in ("a1", "b1", "c1")
    assert (two["source"], two["outputs"], two["execution_count"]) == (["two()"], [], None)
    assert (total["id"], total["source"], total["outputs"]) == ("b1", ["total = sum(range(99))"], [])
    assert three == TOUR["cells"][3] | {"outputs": [new | {"text": ["new\n"]}], "execution_count": 9}
    assert path.read_text() == json.dumps(found, indent=2)
    assert write(path, format) == found


def test_older_notebooks_have_no_ids(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    old = TOUR | {
        "nbformat_minor": 4,
        "cells": [{k: v for k, v in c.items() if k != "id"} for c in TOUR["cells"]],
    }
    path.write_text(json.dumps(old))
    found = write(path, "py", lambda text: text + '\n# %% tags="no list"\nnew()\n')
    nbformat.validate(nbformat.from_dict(found))
    assert found["cells"][:-1] == old["cells"]
    assert (found["cells"][-1]["metadata"], "id" in found["cells"][-1]) == ({}, False)
