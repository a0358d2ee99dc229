"""The failing line, from tracebacks that real kernels sent (data/tracebacks.json)."""

import json
from pathlib import Path
from typing import Any

import pytest

from kernel_bridge.runs.traceback import Frame, error_line, frames

CASES = json.loads((Path(__file__).parent.parent / "data" / "tracebacks.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kernel']}: {case['case']}")
def test_line_of_the_deepest_own_frame(case: dict[str, Any]) -> None:
    assert error_line(case["traceback"], case["execution_count"], case["source"]) == case["line"]


def check(traceback: list[str], source: str, expected: int | None, execution_count: int | None = 7) -> None:
    assert error_line(traceback, execution_count, source) == expected


def test_a_traceback_without_frames() -> None:
    check([], "1 / 0", None)
    check(["", "error"], "1 / 0", None)


def test_a_kernel_without_execution_counts() -> None:
    check(["Cell In[3], line 2"], "a\nb", 1, execution_count=None)


def test_a_line_outside_the_source() -> None:
    check(["Cell In[7], line 3"], "a\nb", None)
    check(["Cell In[7], line 0"], "a\nb", None)


def test_the_error_of_another_run_shown_again() -> None:
    check(["Cell In[3], line 1"], "%tb", None)


def test_ipython_before_ipykernel_6() -> None:
    check(
        [
            "<ipython-input-7-0a1b2c> in <module>\n      1 a = 1\n----> 2 f(0)",
            "<ipython-input-6-ffffff> in f(n)\n----> 1 1 / n",
        ],
        "a = 1\nf(0)",
        1,
    )
    check(['  File "<ipython-input-7-0a1b2c>", line 2\n    b = = 1\n        ^\n'], "a = 1\nb = = 1", 1)


def test_ipykernel_6_on_windows() -> None:
    frame = r"C:\Users\Ada Lovelace\AppData\Local\Temp\ipykernel_12\345.py in <module>"
    check([f"{frame}\n      1 a = 1\n----> 2 1 / 0"], "a = 1\n1 / 0", 1)


@pytest.mark.parametrize(
    ("traceback", "expected"),
    [
        (  # IPython 8 and later
            [
                "\x1b[31m-----\x1b[39m",
                "Traceback (most recent call last)",
                "\x1b[36mCell\x1b[39m \x1b[32mIn[4]\x1b[39m\x1b[32m, line 3\x1b[39m\n----> 3 g()",
                "\x1b[36mFile \x1b[32m~/a b/helper.py:12\x1b[39m, in \x1b[36mg\x1b[39m(x=1)\n---> 12 f()",
                "Cell In[2], line 5, in f()\n----> 5 1 / 0",
                "ZeroDivisionError: division by zero",
            ],
            [Frame(2, "", count=4), Frame(11, "g", path="~/a b/helper.py"), Frame(4, "f", count=2)],
        ),
        (  # Python's own: one text
            [
                'Traceback (most recent call last):\n  File "/w/a.py", line 7, in <module>\n    f()\n'
                '  File "/w/b.py", line 2, in f'
            ],
            [Frame(6, "", path="/w/a.py"), Frame(1, "f", path="/w/b.py")],
        ),
        (["~/helper.py in g(x)\n     11 \n---> 12 f()"], [Frame(11, "g", path="~/helper.py")]),
        (["Error in f(): no such thing", "Execution halted"], []),
    ],
)
def test_the_frames_of_a_traceback(traceback: list[str], expected: list[Frame]) -> None:
    assert frames(traceback) == expected
