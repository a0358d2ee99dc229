"""Values as they are typed, the position of the parameters' cell, and names that have no default."""

import math
from typing import Any

import pytest

from kernel_bridge.source.notebook import Notebook, NotebookCell
from kernel_bridge.source.parameters import doubts, inject, read_value


def book(*tagged: tuple[str, ...], source: str | None = None) -> Notebook:
    """A notebook of code cells with these tags; each cell's source is its number, or `source`."""
    cells = (
        {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source or str(number)}
        for number, tags in enumerate(tagged)
    )
    return Notebook(tuple(map(NotebookCell, cells)), {"papermill": {"version": "2"}})


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1", 1),
        ("-1_000", -1000),
        ("-2.5e3", -2500.0),
        ("-Infinity", -math.inf),
        ("True", True),
        ("None", None),
        ("true", "true"),
        ("-eu", "-eu"),
        ("-1:5", "-1:5"),
        ("[1, 2]", "[1, 2]"),
        ("it's", "it's"),
        ("", ""),
    ],
)
def test_a_value_is_read_as_papermill_reads_it(typed: str, value: Any) -> None:
    read = read_value(typed)
    assert (read, type(read)) == (value, type(value))
    assert math.isnan(read_value("NaN"))


@pytest.mark.parametrize(
    ("tagged", "expected"),
    [
        ([], ["P"]),
        ([(), ()], ["P", "0", "1"]),
        ([(), ("parameters",), ()], ["0", "1", "P", "2"]),
        ([("parameters",), (), ("injected-parameters",)], ["0", "P", "1"]),
        ([(), ("injected-parameters",), ()], ["0", "P", "2"]),
    ],
)
def test_the_cell_follows_the_defaults(tagged: list[tuple[str, ...]], expected: list[str]) -> None:
    notebook = inject(book(*tagged), {"x": 1}, "python")
    assert [cell.source.replace("# Parameters\nx = 1", "P") for cell in notebook.cells] == expected
    assert notebook.metadata["papermill"] == {"version": "2", "parameters": {"x": 1}}


@pytest.mark.parametrize(
    "code",
    [
        "alpha = 1",
        "beta, alpha = 1, 2",
        "alpha, beta = 1, 2",
        "beta = 'a'; alpha: dict[str, int] = {}",
        "beta = alpha = 1",
        "  const alpha = 1",
        "var beta = 1, alpha = 2;",
        "alpha <- 1",
        "alpha <<- 1",
        "$alpha = 1",
        "export alpha=1",
        ": ${alpha:=1}",
        "%matplotlib inline\nalpha=1 # the rate",
    ],
)
def test_a_default_is_recognized(code: str) -> None:
    assert list(doubts(book(("parameters",), source=code), {"alpha": 2, "alpha.rate": 3})) == []


@pytest.mark.parametrize(
    "code",
    ["alpha2 = 1", "an_alpha = 1", "x.alpha = 1", "alpha == 1", "# alpha = 1", "// alpha = 1", "f(alpha=1)",
     "beta = alpha", "alpha; beta = 1", "'alpha = 1'"],
)  # fmt: skip
def test_a_name_without_default_is_doubted(code: str) -> None:
    told = "the parameter alpha is unknown: the cell tagged `parameters` does not set it"
    assert list(doubts(book(("parameters",), source=code), {"alpha": 2})) == [told]


def test_a_notebook_without_defaults_is_doubted_once() -> None:
    (told,) = doubts(book((), ()), {"alpha": 2, "beta": 3})
    assert told == "no cell is tagged `parameters`, so the parameters are set before the first cell"
