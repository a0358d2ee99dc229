"""The code that an inquiry sends to the kernel, and the call and parameter at the cursor."""

import pytest

from kernel_bridge.source.cells import cells
from kernel_bridge.source.document import Place, split_lines
from kernel_bridge.source.inquiry import active_parameter, call_at, dotted_name, has_name, inquiry, parameters


@pytest.mark.parametrize(
    ("text", "place", "code", "cursor"),
    [
        ("a.b", Place(0, 2), "a.b", 2),
        ("# %%\r\n😀 = 1\r\n😀.x\r\nmore", Place(2, 3), "😀 = 1\n😀.x", 9),
        ("x\n# %%\ny", Place(2, 1), "y", 1),
        ("\ufeffab.c", Place(0, 5), "ab.c", 4),
        ("\ufeffab\nab.c", Place(1, 4), "ab\nab.c", 7),
    ],
)
def test_the_code_of_the_cell_up_to_the_line(text: str, place: Place, code: str, cursor: int) -> None:
    asked = inquiry(split_lines(text), cells(text, "python"), place)
    assert asked is not None
    assert (asked.code, asked.cursor) == (code, cursor)
    assert asked.place(asked.cursor) in (place, Place(place.line, place.column - 1))


@pytest.mark.parametrize("place", [Place(0, 2), Place(1, 1)])
def test_there_is_no_inquiry_outside_code(place: Place) -> None:
    assert inquiry(["# %% [markdown]", "# text"], cells("# %% [markdown]\n# text", "python"), place) is None


def test_a_long_cell_is_sent_in_part() -> None:
    lines = [f"x{line}" for line in range(1000)]
    asked = inquiry(lines, cells("\n".join(lines), "python"), Place(900, 2))
    assert asked is not None
    assert asked.first_line == 700
    assert asked.place(asked.cursor) == Place(900, 2)


@pytest.mark.parametrize(("column", "found"), [(0, True), (2, True), (3, False), (5, True), (7, True)])
def test_a_name_at_a_column(column: int, found: bool) -> None:
    assert has_name("ab   cd", column) == found


@pytest.mark.parametrize(
    ("line", "marked", "name"),
    [
        ("squares = [n]", "^", "squares"),
        ("squares = [n]", "       ^", "squares"),
        ("f(a.b.c, d)", "    ^", "a.b"),
        ("f(a.b.c, d)", "  ^", "a"),
        ("f(x).b", "     ^", None),
        ("sd <- stats::sd(x)", "             ^", None),
        ("@time f(x)", "  ^", None),
        ("a  b", "  ^", None),
    ],
)
def test_a_name_with_what_qualifies_it(line: str, marked: str, name: str | None) -> None:
    assert dotted_name(line, marked.index("^")) == name


@pytest.mark.parametrize("number", ["1", "0x1f", "1e3", "1_000"])
def test_a_number_is_no_name(number: str) -> None:
    assert not has_name(f"{number} / 2", 0)


@pytest.mark.parametrize(
    ("code", "callee", "argument", "keyword"),
    [
        ("f(", "f", 0, None),
        ("f(1, ", "f", 1, None),
        ("a.b.f([1, 2], (3, 4), ", "a.b.f", 2, None),
        ("f(g(1, 2), ", "f", 1, None),
        ("f(g(1, 2", "g", 1, None),
        ("f('a, b(', ", "f", 1, None),
        ("f('''a,\nb(''', ", "f", 1, None),
        ("f(1,\n  # a, b(\n  ", "f", 1, None),
        ("f(1, key=", "f", 1, "key"),
        ("f(key = 'x", "f", 0, "key"),
        ("f(a == ", "f", 0, None),
        ("df.groupby('😀', ", "df.groupby", 1, None),
        ("f([1, 2", "f", 0, None),
        ("f(0, {'a': (1, g(2), ", "f", 1, None),
        ("f(0, key=[x[1, 2], (", "f", 1, "key"),
    ],
)
def test_the_call_at_a_cursor(code: str, callee: str, argument: int, keyword: str | None) -> None:
    call = call_at(code, len(code))
    assert call is not None
    assert code[: call.callee_end].endswith(callee)
    assert (call.argument, call.keyword) == (argument, keyword)


@pytest.mark.parametrize(
    "code", ["f", "f()", "(1, ", "x[f, ", "def f(a, ", "def f(a=[1, ", "class A(", "f('a("]
)
def test_no_call(code: str) -> None:
    call = call_at(code, len(code))
    assert call is None or code == "f('a("


SIGNATURE = "f(a: dict[str, int], /, b=(1, 2), *args, key: str = 'x, y', **rest) -> tuple[int, int]"


def test_the_parameters_of_a_signature() -> None:
    spans = parameters(SIGNATURE)
    assert [SIGNATURE[start:end] for start, end in spans] == [
        "a: dict[str, int]",
        "b=(1, 2)",
        "*args",
        "key: str = 'x, y'",
        "**rest",
    ]
    assert parameters("f") == []
    assert parameters("f()") == []


@pytest.mark.parametrize(
    ("code", "active"),
    [("f(", 0), ("f(1, ", 1), ("f(1, 2, 3, 4, ", 2), ("f(1, key=", 3), ("f(other=", 4)],
)
def test_the_parameter_at_a_cursor(code: str, active: int) -> None:
    call = call_at(code, len(code))
    assert call is not None
    assert active_parameter(SIGNATURE, parameters(SIGNATURE), call) == active


@pytest.mark.parametrize("signature", ["g(a)", "g(a, *, b=1, c=2)"])
def test_excess_arguments_have_no_parameter(signature: str) -> None:
    call = call_at("g(1, 2, ", 8)
    assert call is not None
    assert active_parameter(signature, parameters(signature), call) is None
