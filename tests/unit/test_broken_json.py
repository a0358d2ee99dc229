"""A file that is no notebook: the sentence names the line."""

import json
from typing import Any

import pytest

from kernel_bridge.source.notebook import read_notebook

CELL = {"cell_type": "code", "metadata": {}, "source": "print(1)", "outputs": []}


def text(*cells: Any) -> str:
    return json.dumps({"cells": [CELL, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}, indent=1)


WHOLE = text()


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("", "the file is empty"),
        (" \n", "the file is empty"),
        ("\0" * 1000, "line 1 has a NUL byte: the file is damaged, or in UTF-16; save it as UTF-8"),
        (WHOLE + "\0", "line 13 has a NUL byte: the file is damaged, or in UTF-16; save it as UTF-8"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:4d", "it is a Git LFS pointer"),
        (WHOLE[:100], "not JSON: the file was cut off at line 7; get all of it again"),
        (WHOLE[:-2], "not JSON: the file was cut off at line 12; get all of it again"),
        (WHOLE[: WHOLE.index("print") + 3], "not JSON: the file was cut off at line 6; get all of it again"),
        (
            WHOLE.replace('   "source"', '<<<<<<< HEAD\n   "source"'),
            "not JSON: line 6 is of a merge conflict, <<<<<<< HEAD; resolve it first",
        ),
        (WHOLE + "\n" + WHOLE, "not JSON: the notebook ends before line 14, column 1: {"),
        (WHOLE.replace("[]", "[],"), "not JSON: Expecting property name enclosed in double quotes at line 8"),
        (
            WHOLE.replace("{},\n ", "{}\n ", 1),
            "not JSON: Expecting ',' delimiter at line 6, column 4: \"source\"",
        ),
        (WHOLE.replace('"', "'"), "not JSON: Expecting property name enclosed in double quotes at line 2"),
        (WHOLE.replace("print(", "print(\n"), "not JSON: Invalid control character at at line 6, column 21"),
        ("<!DOCTYPE html>\n", "not JSON: Expecting value at line 1, column 1: <!DOCTYPE html>"),
        (
            WHOLE.replace("{}", '{"n": ' + "9" * 5000 + "}", 1),
            "line 5 has a number of more than 4,300 digits",
        ),
        (
            WHOLE.replace("{}", "[" * 100_000, 1),
            "not a notebook: its JSON is nested more than 200 levels deep",
        ),
        ("[1, 2]", "not a notebook: it has no list of cells"),
        ('{"cells": {}}', "not a notebook: it has no list of cells"),
        ('{"nbformat": 3}', "it is nbformat 3"),
        ('{"nbformat": 5}', "nbformat 5 is newer than kernel-bridge"),
        (text(None), "cell 2 at line 9 is not an object"),
        (text({}, CELL), "cell 2 at line 9 has no cell_type"),
        (
            text(CELL, CELL | {"source": 3}),
            "cell 3 at line 15 has a source that is neither text nor a list of",
        ),
    ],
)
def test_a_broken_notebook_names_the_line(broken: str, problem: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011
        read_notebook(broken)
    assert str(raised.value).startswith(problem)
