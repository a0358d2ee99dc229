"""Parameters in each language's syntax, and the position of their cell."""

import subprocess
import sys
from typing import Any

import pytest

from kernel_bridge.source.notebook import Notebook, NotebookCell
from kernel_bridge.source.parameters import inject, read_value


def book(*tagged: tuple[str, ...]) -> Notebook:
    """A notebook of code cells with these tags; each cell's source is its number."""
    cells = (
        {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": str(number)}
        for number, tags in enumerate(tagged)
    )
    return Notebook(tuple(map(NotebookCell, cells)), {"papermill": {"version": "2"}})


def injected(language: str, **values: Any) -> str:
    return inject(book(), values, language).cells[0].source


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1", 1),
        ("-2.5e3", -2500.0),
        ("true", True),
        ("True", True),
        ("None", None),
        ("NaN", "NaN"),
        ('"1"', "1"),
        ("[1, {}]", [1, {}]),
        ("it's", "it's"),
        ("", ""),
        ("{broken", "{broken"),
    ],
)
def test_a_value_is_read_as_it_is_typed(typed: str, value: Any) -> None:
    read = read_value(typed)
    assert (read, type(read)) == (value, type(value))


VALUES = {"a": 1, "b": 'it\'s "$x"', "c": [True, None], "d": {"k": 1.5}}


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("python", "# Parameters\na = 1\nb = 'it\\'s \"$x\"'\nc = [True, None]\nd = {'k': 1.5}"),
        ("r", '# Parameters\na <- 1\nb <- "it\'s \\"$x\\""\nc <- list(TRUE, NULL)\nd <- list("k" = 1.5)'),
        (
            "Julia",
            '# Parameters\na = 1\nb = "it\'s \\"\\$x\\""\nc = [true, nothing]\nd = Dict("k" => 1.5)',
        ),
        (
            "javascript",
            '// Parameters\nvar a = 1;\nvar b = "it\'s \\"$x\\"";\nvar c = [true, null];\n'
            'var d = {"k": 1.5};',
        ),
        (
            "octave",
            "% Parameters\na = 1;\nb = 'it''s \"$x\"';\nc = {true, []};\nd = struct('k', 1.5);",
        ),
        ("bash", "# Parameters\na=1\nb='it'\"'\"'s \"$x\"'\nc='[true, null]'\nd='{\"k\": 1.5}'"),
    ],
)
def test_values_in_every_language(language: str, expected: str) -> None:
    assert injected(language, **VALUES) == expected


def test_python_and_the_shell_read_the_values_back() -> None:
    code = injected("python", **VALUES) + "\nprint([a, b, c, d] == " + repr(list(VALUES.values())) + ")"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "True\n"
    code = injected("bash", **VALUES) + '\nprintf %s "$b"'
    assert subprocess.check_output(["bash", "-c", code], text=True) == VALUES["b"]


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
    ("language", "name", "problem"),
    [("cobol", "x", "not supported in cobol"), ("python", "a-b", "'a-b' is not a valid parameter name")],
)
def test_invalid_parameters(language: str, name: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        inject(book(), {name: 1}, language)
