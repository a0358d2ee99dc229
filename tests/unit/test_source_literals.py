"""Assignments in each language: papermill's where it writes the value, and what a language reads back."""

import json
import math
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.source.literals import assignment

VALUES: dict[str, Any] = {
    "a": 1, "b": 'it\'s "x"', "c": [True, None], "d": {"k": 1.5}, "e": -2.5, "f": None, "g": [1, 2],
    "h": 3_000_000_000,
}  # fmt: skip

PAPERMILL = {
    "python": r"""
a = 1
b = "it's \"x\""
c = [True, None]
d = {"k": 1.5}
e = -2.5
f = None
g = [1, 2]
h = 3000000000
""",
    "r": r"""
a = 1
b = "it's \"x\""
c = list(TRUE, NULL)
d = list("k" = 1.5)
e = -2.5
f = NULL
g = list(1, 2)
h = 3000000000
""",
    "scala": r"""
val a = 1
val b = "it's \"x\""
val c = Seq(true, None)
val d = Map("k" -> 1.5)
val e = -2.5
val f = None
val g = Seq(1, 2)
val h = 3000000000L
""",
    "julia": r"""
a = 1
b = "it's \"x\""
c = [true, nothing]
d = Dict("k" => 1.5)
e = -2.5
f = nothing
g = [1, 2]
h = 3000000000
""",
    "matlab": r'''
a = 1;
b = "it's ""x""";
c = {true, NaN};
d = containers.Map({'k'}, {1.5});
e = -2.5;
f = NaN;
g = {1, 2};
h = 3000000000;
''',
    "fsharp": r"""
let a = 1
let b = "it's \"x\""
let c = [ true; None ]
let d = [ ("k", 1.5 :> IComparable) ] |> Map.ofList
let e = -2.5
let f = None
let g = [ 1; 2 ]
let h = 3000000000L
""",
    "powershell": r"""
$a = 1
$b = "it's `"x`""
$c = @($True, $Null)
$d = @{"k" = 1.5}
$e = -2.5
$f = $Null
$g = @(1, 2)
$h = 3000000000
""",
    # papermill has no null in C#, no dictionary in the shell, and drops a null in a shell's list.
    "csharp": r"""
var a = 1;
var b = "it's \"x\"";
var c = new object[] { true, (object)null };
var d = new Dictionary<string,Object>{ { "k" , 1.5 } };
var e = -2.5;
var f = (object)null;
var g = new [] { 1, 2 };
var h = 3000000000L;
""",
    "shellscript": r"""
a=1
b='it'"'"'s "x"'
c=(true null)
d='{"k": 1.5}'
e=-2.5
f=
g=(1 2)
h=3000000000
""",
}
"""What papermill 2.7 writes for VALUES."""


@pytest.mark.parametrize("language", PAPERMILL)
def test_values_are_written_as_papermill_writes_them(language: str) -> None:
    lines = [assignment(name, value, language) for name, value in VALUES.items()]
    assert lines == PAPERMILL[language].strip().split("\n")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("Python3", "x = \"é\\\\\\n$\"|x = float('nan')|x = float('-inf')"),
        ("R", 'x = "é\\\\\\n$"|x = NaN|x = -Inf'),
        ("julia", 'x = "é\\\\\\n\\$"|x = NaN|x = -Inf'),
        ("kotlin", 'val x = "é\\\\\\n\\$"|val x = Double.NaN|val x = Double.NEGATIVE_INFINITY'),
        ("typescript", 'var x = "é\\\\\\n$";|var x = NaN;|var x = -Infinity;'),
        ("pwsh", '$x = "é\\\n`$"|$x = [double]::NaN|$x = [double]::NegativeInfinity'),
        ("matlab", 'x = "é\\" + newline + "$";|x = NaN;|x = -Inf;'),
        ("octave", 'x = "é\\\\\\n$";|x = NaN;|x = -Inf;'),
        ("bash", "x='é\\\n$'|x=nan|x=-inf"),
    ],
)
def test_what_papermill_writes_wrong_in_some_languages(language: str, expected: str) -> None:
    values = "é\\\n$", math.nan, -math.inf
    assert "|".join(assignment("x", value, language) for value in values) == expected


@pytest.mark.parametrize(
    ("language", "name", "problem"),
    [
        ("cobol", "x", "parameters are not supported in cobol, only in python, r,"),
        ("python", "a-b", "'a-b' is not a valid parameter name"),
        ("python", "class", "'class' is not a valid parameter name"),
        ("python", "--x", "'--x' is not a valid parameter name"),
        ("bash", "a.b", r"'a\.b' is not a valid parameter name"),
    ],
)
def test_a_name_that_the_language_refuses(language: str, name: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        assignment(name, 1, language)


def test_names() -> None:
    assert assignment("größe.class_", 1, "python") == "größe.class_ = 1"
    assert assignment("__x", 1, "r") == "x = 1"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8")),
    lambda items: st.lists(items) | st.dictionaries(st.text(st.characters(codec="utf-8")), items),
)


@given(JSON)
def test_python_reads_every_value_back(value: Any) -> None:
    namespace: dict[str, Any] = {}
    exec(assignment("x", value, "python"), namespace)
    assert namespace["x"] == value
    assert json.dumps(namespace["x"]) == json.dumps(value)


def test_the_shell_reads_values_back() -> None:
    code = "\n".join(assignment(name, value, "bash") for name, value in VALUES.items())
    shown = subprocess.check_output(
        ["bash", "-c", f'{code}\nprintf "%s|" "$b" "${{c[@]}}" "$d" "$f"'], text=True
    )
    assert shown == 'it\'s "x"|true|null|{"k": 1.5}||'
