"""Runs are put back where their code is now."""

import pytest

from kernel_bridge.history.places import place
from kernel_bridge.history.records import Ran
from kernel_bridge.source.code import code_of
from kernel_bridge.source.script import read_script


def check(
    text: str,
    runs: list[tuple[str, int | None, str]],
    expected: dict[int, str],
    taken: tuple[int, int] | None = None,
    language_id: str = "python",
) -> None:
    """`runs` are source, line and unit, oldest first. `expected` has the lines of each that has a place, and
    `~` before those of a stale one.
    """
    ran = [
        Ran(key, source, unit, line, "file:///a.py", None) for key, (source, line, unit) in enumerate(runs)
    ]
    cells = read_script(text, language_id).cells
    found = place(code_of(text.split("\n"), language_id), cells, ran[::-1], [taken] if taken else [])
    lines = text.split("\n")
    assert {
        one.run.key: "~" * one.stale
        + "/".join(
            line[one.start.column if first else 0 : one.end.column if last else None]
            for line, first, last in (
                (lines[number], number == one.start.line, number == one.end.line)
                for number in range(one.start.line, one.end.line + 1)
            )
        )
        for one in found
    } == expected


SCRIPT = "import os\n\n# %% a\nx = load(1)\nshow(x)\n\n# %% b\ny = load(2)\nshow(y)\n"


def test_code_that_is_there_keeps_its_results() -> None:
    runs = [("x = load(1)\nshow(x)", 30, "cell"), ("y = load(2)", 70, "line"), ("gone()", 9, "cell")]
    check(SCRIPT, runs, {0: "x = load(1)/show(x)", 1: "y = load(2)"})
    check(SCRIPT, runs, {1: "y = load(2)"}, taken=(4, 4))
    indented = "def f():\n    if x:\n        a()\n        b()\n"
    check(indented, [("a()\nb()", 2, "range"), ("x", 1, "range")], {0: "        a()/        b()", 1: "x"})


def test_the_newest_run_of_a_place_counts() -> None:
    whole = ("x = load(1)\nshow(x)", 3, "cell")
    check(SCRIPT, [whole, whole], {1: "x = load(1)/show(x)"})
    check(SCRIPT, [whole, ("show(x)", 4, "line")], {1: "show(x)"})
    check(SCRIPT, [("show(x)", 4, "line"), whole], {1: "x = load(1)/show(x)"})


def test_edited_code_is_found_by_what_is_left_and_what_is_around_it() -> None:
    check(SCRIPT, [("x = load(1)\nshow(x, 2)", 3, "cell")], {0: "~x = load(1)/show(x)"})
    check(SCRIPT, [("y = load(3)", 7, "line"), ("import os", 0, "line")], {0: "~y = load(2)", 1: "import os"})
    moved = "# new\n" * 30 + SCRIPT
    check(moved, [("y = load(3)", 7, "line")], {})
    check(moved, [("y = load(3)", 7, "line"), ("import os", 0, "line")], {0: "~y = load(2)", 1: "import os"})


def test_lines_with_the_same_code_keep_their_order() -> None:
    text = "first()\nshow()\nsecond()\nshow()\nthird()\nshow()\n"
    runs = [("show()", line, "line") for line in (1, 3, 5)]
    check("import os\n" * 20 + text, [("third()", 4, "line"), runs[2]], {0: "third()", 1: "show()"})
    far = "import os\n" * 20 + text
    ran = [
        Ran(key, *run[:1], run[2], run[1], "u", None)
        for key, run in enumerate([*runs, ("third()", 4, "line")])
    ]
    found = place(code_of(far.split("\n"), "python"), read_script(far, "python").cells, ran[::-1])
    assert {one.run.key: one.start.line for one in found} == {0: 21, 1: 23, 2: 25, 3: 24}


@pytest.mark.parametrize("language_id", ["markdown", "quarto"])
def test_prose_has_no_results(language_id: str) -> None:
    text = "x = 1\n\n```{python}\nx = 1\n```\n"
    check(text, [("x = 1", 0, "line"), ("x = 1", 3, "cell")], {1: "x = 1"}, language_id=language_id)
