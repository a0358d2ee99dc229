"""Matching cells to their newest runs, including in documents edited since."""

import json
from typing import Any

import nbformat
import pytest

from kernel_bridge.history.document import OURS, fill, notebook_of
from kernel_bridge.history.ipynb import ipynb
from kernel_bridge.history.matching import match
from kernel_bridge.history.records import Ran, RunRecord, kernel_record
from kernel_bridge.history.upgrade import read_notebook as read_any_notebook
from kernel_bridge.source.notebook import Notebook, NotebookCell, read_notebook
from kernel_bridge.source.script import read_script
from tests.unit.history_samples import KERNEL, make_run

Json = dict[str, Any]


def script(*cells: str) -> Notebook:
    return read_script("".join(f"# %%\n{cell}\n" for cell in cells), "python")


def ran(*runs: tuple[str, int | None], unit: str = "cell") -> list[Ran]:
    """Runs of a script, oldest first: source and line."""
    return [Ran(key, source, unit, line, "file:///a.py", None) for key, (source, line) in enumerate(runs)]


def check(document: Notebook, runs: list[Ran], expected: list[int | None]) -> None:
    """`expected`: for each cell, the index of its run."""
    found = match(document.cells, runs[::-1])
    assert [None if run is None else run.key for run in found] == expected


def test_a_cell_has_its_newest_run() -> None:
    check(script("a = 1", "b = 2"), ran(("a = 1", 1), ("b = 2", 3), ("a = 1", 1)), [2, 1])


def test_a_cell_that_moved_keeps_its_run_and_one_that_never_ran_has_none() -> None:
    check(script("new()", "a = 1"), ran(("a = 1", 1)), [None, 0])


def test_cells_with_the_same_code_have_their_own_runs() -> None:
    runs = ran(("f()", 1), ("f()", 3), ("f()", 3))
    check(script("f()", "f()"), runs, [0, 2])
    check(script("x", "f()", "f()"), runs, [None, 0, 2])
    check(script("f()", "f()"), ran(("f()", 3)), [None, 0])


def test_an_edited_cell_keeps_the_run_of_its_old_code() -> None:
    check(script("total = sum(range(10))"), ran(("total = sum(range(9))", 1)), [0])
    check(script("total = sum(range(10))"), ran(("total = sum([])", 1), ("total = sum(range(9))", 1)), [1])
    check(script("total = sum(range(10))"), ran(("import os", 1)), [None])
    long = "\n".join(f"line_{number} = {number}" for number in range(300))
    check(script(long + "\nmore"), ran((long, 1)), [0])


def test_a_part_of_a_cell_is_not_the_cell() -> None:
    check(script("a = 1\nprint(a)"), ran(("a = 1\nprint(b)", 1), unit="range"), [None])
    check(script("a = 1"), ran(("a = 1", 1), unit="line"), [0])


def test_notebook_cells_are_matched_by_id() -> None:
    def named(key: int, source: str, cell: str) -> Ran:
        return Ran(key, source, "cell", None, "file:///a.ipynb", cell)

    cells = [
        {"cell_type": "code", "id": name, "metadata": {}, "source": source}
        for name, source in (("a", "f()"), ("b", "f()"), ("c", "other"))
    ]
    document = Notebook(tuple(map(NotebookCell, cells)), {})
    check(document, [named(0, "f()", "b"), named(1, "g()", "a"), named(2, "x", "gone")], [1, 0, None])
    editor = Notebook(tuple(NotebookCell(cell, uri=f"cell:{cell['id']}") for cell in cells), {})
    check(editor, [Ran(0, "h", "all", 0, "cell:c", None), named(1, "g()", "a")], [1, None, 0])


def test_markdown_is_kept_and_changed_code_marked() -> None:
    document = read_script("# %% [markdown]\n# text\n# %%\na = 2\n# %%\nb\n", "python")
    run = RunRecord(make_run(source="a = 1", execution_count=3), kernel_record(KERNEL), {"x": "t"}, [])
    cells = list(fill(document.cells, iter([None, run, None])))
    ids = [cell.pop("id") for cell in cells]
    assert cells == [
        {"cell_type": "markdown", "metadata": {}, "source": "text"},
        {
            "cell_type": "code",
            "metadata": {"execution": {"x": "t"}, OURS: {"changed": True, "ran": "a = 1"}},
            "source": "a = 2",
            "execution_count": 3,
            "outputs": cells[1]["outputs"],
        },
        {"cell_type": "code", "metadata": {}, "source": "b", "execution_count": None, "outputs": []},
    ]
    assert len(set(ids)) == 3
    assert [cell["id"] for cell in fill(document.cells, iter([None] * 3))] == ids


def test_cells_without_a_valid_id_get_one() -> None:
    named = ({}, {}, {"id": "a b"}, {"id": "c"})
    raw = json.dumps({"cells": [{"cell_type": "code", "source": "x", **name} for name in named]})
    ids = [cell["id"] for cell in fill(read_notebook(raw).cells, iter([None] * 4))]
    assert ids[3] == "c"
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"attachments": {}, "of_a_later_nbformat": 1}, {}),
        ({"metadata": {"tags": "a", "name": "", "collapsed": "true", "scrolled": 1, "jupyter": 3}}, {}),
        ({"metadata": {"jupyter": {"source_hidden": "yes"}, "kept": 1}}, {"metadata": {"kept": 1}}),
        ({"metadata": {"tags": ["a", "", "a", "b,c", 3]}}, {"metadata": {"tags": ["a"]}}),
        ({"cell_type": "raw", "metadata": {"format": None}}, {"cell_type": "raw"}),
        ({"cell_type": "heading", "level": 2}, {"cell_type": "raw"}),
        ({"cell_type": "markdown", "attachments": None}, {"cell_type": "markdown"}),
        (
            {"cell_type": "markdown", "attachments": {"a": 1, "b": {"image/png": ["aGk="]}}},
            {"cell_type": "markdown", "attachments": {"b": {"image/png": "aGk="}}},
        ),
    ],
)
def test_parts_that_nbformat_rejects_are_left_out(written: Json, expected: Json) -> None:
    raw = {"cell_type": "code", "source": "x", "outputs": [], "execution_count": None} | written
    document = read_notebook(json.dumps({"cells": [raw]}))
    text = "".join(ipynb(notebook_of(document, iter([None]), kernel_record(KERNEL))))
    found = nbformat.reads(text, as_version=4)
    nbformat.validate(found)
    (cell,) = found.cells
    of_code = {"outputs": [], "execution_count": None} if cell.cell_type == "code" else {}
    assert {**cell, "id": ""} == {
        "cell_type": "code", "id": "", "metadata": {}, "source": "x", **of_code, **expected
    }  # fmt: skip


def test_markdown_of_other_languages() -> None:
    text = "(* %% [markdown] *)\n(* # Title *)\n(* *)\n(* text *)\n"
    assert read_script(text, "ocaml").cells[0].source == "# Title\n\ntext"
    text = '# %% [markdown]\n"""\n# Title\n"""\n'
    assert read_script(text, "python").cells[0].source == "# Title"


def test_a_header_is_not_a_cell_and_names_the_kernel() -> None:
    text = "# ---\n# jupyter:\n#   kernelspec:\n#     name: ir\n#     language: R\n# ---\n\n# %%\nx\n"
    document = read_script(text, "r")
    assert (document.kernelspec, document.language) == ("ir", "R")
    assert [cell.source for cell in document.cells] == ["x"]
    document = read_script("# ---\n# title: x\n# ---\nx\n", "python")
    assert [cell.source for cell in document.cells] == ["---\ntitle: x\n---", "x"]


OLD: Json = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": "old"},
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 2, "source": ["A", "B"], "metadata": {}},
                {
                    "cell_type": "code",
                    "language": "julia",
                    "input": ["f()\n", "g()"],
                    "prompt_number": 3,
                    "outputs": [{"output_type": "pyout", "prompt_number": 3, "text": ["x"]}],
                },
            ]
        }
    ],
}


def test_older_notebooks_are_upgraded(caplog: pytest.LogCaptureFixture) -> None:
    text = json.dumps(OLD)
    document = read_any_notebook(text)
    assert [cell.source for cell in document.cells] == ["## A B", "f()\ng()"]
    assert document.cells[1].raw["outputs"][0]["data"] == {"text/plain": "x"}
    assert document.language == "julia"
    assert document == read_any_notebook(text)
    record = RunRecord(make_run(), kernel_record(KERNEL), {}, [])
    nbformat.validate(json.loads("".join(ipynb(notebook_of(document, iter([None, record]), record.kernel)))))
    version_2 = text.replace('"nbformat": 3', '"nbformat": 2').replace(r"f()\n", "f()")
    assert read_any_notebook(version_2).cells[1].source == "f()\ng()"
    for broken in ({"worksheets": 1}, {"worksheets": [{"cells": [{}]}]}, {"metadata": 1}):
        with pytest.raises(ValueError, match="not a valid notebook of nbformat 3: "):
            read_any_notebook(json.dumps(OLD | broken))
    assert len(read_any_notebook(json.dumps(OLD | {"unknown": 1})).cells) == 2
    assert caplog.text == ""
    assert read_any_notebook('{"nbformat": 5, "cells": [{"cell_type": "code", "source": "x"}]}').cells
