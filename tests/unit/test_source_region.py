import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.source.document import Place, split_lines
from kernel_bridge.source.region import Region, Unit, regions, statement_candidates

UNITS: tuple[Unit, ...] = ("range", "line", "statement", "cell", "above", "below", "all")


def check(
    text: str,
    unit: Unit,
    expected: list[tuple[str, int]],
    *,
    position: tuple[int, int] | None = None,
    selection: tuple[tuple[int, int], tuple[int, int]] | None = None,
    language_id: str = "python",
) -> None:
    """Each expected region: its source and first line."""
    edges = (Place(*selection[0]), Place(*selection[1])) if selection else None
    found = regions(text, language_id, unit, edges, Place(*position) if position else None)
    assert [(region.source, region.start.line) for region in found] == expected


DOCUMENT = "import a\n\n# %%\n\nb = 1\n\n# %% [markdown]\n# text\n# %%\n\n# %%\nc = 2\nd = 3\n"


@pytest.mark.parametrize(
    ("unit", "line", "expected"),
    [
        ("all", 0, [("import a", 0), ("b = 1", 4), ("c = 2\nd = 3", 11)]),
        ("cell", 0, [("import a", 0)]),
        ("cell", 2, [("b = 1", 4)]),
        ("cell", 5, [("b = 1", 4)]),
        ("cell", 7, []),
        ("cell", 9, []),
        ("cell", 99, [("c = 2\nd = 3", 11)]),
        ("above", 0, []),
        ("above", 4, [("import a", 0)]),
        ("above", 7, [("import a", 0), ("b = 1", 4)]),
        ("below", 4, [("b = 1", 4), ("c = 2\nd = 3", 11)]),
        ("below", 7, [("c = 2\nd = 3", 11)]),
        ("statement", 3, [("b = 1", 4)]),
        ("statement", 9, []),
        ("line", 12, [("d = 3", 12)]),
        ("line", 2, []),
        ("line", 3, []),
    ],
)
def test_units(unit: Unit, line: int, expected: list[tuple[str, int]]) -> None:
    check(DOCUMENT, unit, expected, position=(line, 0))


def test_a_blank_start_is_above_the_first_cell() -> None:
    text = "\n# %%\na"
    check(text, "cell", [], position=(0, 0))
    check(text, "above", [], position=(0, 0))
    check(text, "below", [("a", 2)], position=(0, 0))


def test_a_cell_of_comments_runs() -> None:
    check("# %%\n# a", "all", [("# a", 1)])


def test_a_unit_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="range or a position"):
        regions("a", "python", "cell")
    with pytest.raises(ValueError, match="statement_candidates"):
        regions("a", "r", "statement", position=Place(0, 0))


INDENTED = "if a:\n    b = 1\n    c = f(\n        2)\n\nd"


@pytest.mark.parametrize(
    ("start", "end", "source", "line"),
    [
        ((0, 2), (1, 3), "if a:\n    b = 1", 0),
        ((1, 6), (3, 1), "b = 1\nc = f(\n    2)", 1),
        ((1, 4), (3, 0), "b = 1\nc = f(", 1),
        ((1, 4), (2, 0), "b = 1", 1),
        ((0, 0), (99, 99), INDENTED, 0),
        ((1, 0), (1, 99), "b = 1", 1),
        ((2, 8), (2, 9), "f", 2),
        ((3, 1), (1, 6), "b = 1\nc = f(\n    2)", 1),
        ((1, 5), (1, 5), "b = 1", 1),
        ((5, 0), (5, 0), "d", 5),
    ],
)
def test_ranges(start: tuple[int, int], end: tuple[int, int], source: str, line: int) -> None:
    check(INDENTED, "range", [(source, line)], selection=(start, end))


def test_blank_ranges_contain_no_code() -> None:
    check(INDENTED, "range", [], selection=((1, 0), (1, 3)))
    check(INDENTED, "range", [], selection=((4, 0), (4, 0)))
    check("\n \n\n", "range", [], selection=((0, 0), (2, 0)))


def test_a_range_is_exactly_its_characters() -> None:
    text = "x = '🎉' + y  # é"
    [region] = regions(text, "python", "range", (Place(0, 3), Place(0, 11)))
    assert region == Region("'🎉' + y", Place(0, 4), Place(0, 11), "python")


def test_a_region_ends_with_its_last_line() -> None:
    [region] = regions("# %%\n\n🎉\n  b\n\n", "r", "cell", None, Place(0, 0))
    assert region == Region("🎉\n  b", Place(2, 0), Place(3, 3), "r")


def test_tags_of_percent_cells_say_what_runs() -> None:
    text = '# %% tags=["skip-execution"]\na\n# %% tags=["raises-exception"]\nb\n'
    assert [(one.source, one.may_fail) for one in regions(text, "python", "all")] == [("b", True)]
    assert [one.source for one in regions(text, "python", "cell", position=Place(1, 0))] == ["a"]


def test_markers_in_a_range_are_left_out() -> None:
    check("# %%\na\n# %%\nb\n# %%\n", "range", [("a\n\nb", 1)], selection=((0, 0), (5, 0)))
    check("# %%\na", "range", [], selection=((0, 0), (0, 4)))


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_the_kernel_gets_only_newlines(end: str) -> None:
    text = end.join(["\ufeff# %%", "a", "", "\fb\u2028c", "# %%", "d"])
    check(text, "all", [("a\n\n\fb\u2028c", 1), ("d", 5)])


def test_a_byte_order_mark_is_not_code() -> None:
    for unit in UNITS:
        if unit != "above":
            check("\ufeffa", unit, [("a", 0)], position=(0, 0))
    check("\ufeffa", "range", [("a", 0)], selection=((0, 0), (0, 2)))
    assert next(statement_candidates("\ufeffa", "r", Place(0, 0))).source == "a"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("    a\n\n    b", "a\n\nb"),
        ("\ta\n\t\tb", "a\n\tb"),
        ("    a = f(\n  1)", "a = f(\n1)"),
        ("# c\n    a\n    b", "# c\na\nb"),
        ("    a = '''\n    b\n      c\n    '''", "a = '''\nb\n  c\n'''"),
        ("    a = '''\n  b\n    c\n    '''", "a = '''\n  b\n    c\n    '''"),
        ("    a = '''\n\n    '''\n    b", "a = '''\n\n'''\nb"),
        ("    %time a\n    b", "%time a\nb"),
    ],
)
def test_the_indent_that_is_removed(text: str, source: str) -> None:
    check(text, "range", [(source, 0)], selection=((0, 0), (99, 0)))


def test_other_languages_lose_the_indent_that_all_lines_share() -> None:
    check("  a\n b\n\n  c", "range", [(" a\nb\n\n c", 0)], selection=((0, 0), (9, 0)), language_id="haskell")


def test_candidates_grow_and_keep_blank_lines() -> None:
    found = list(statement_candidates("x\n  f <- {\n\n  }\n# %%\ny", "r", Place(1, 99)))
    assert [region.source for region in found] == ["f <- {", "f <- {\n", "f <- {\n\n}"]
    assert found[-1] == Region("f <- {\n\n}", Place(1, 0), Place(3, 3), "r")


LINES = st.sampled_from(
    [
        "",
        "  ",
        "a = 1",
        "    b = 2",
        "# %%",
        "#%% [markdown]",
        "# c",
        "def f():",
        "'''",
        "    '''🎉",
        "x(",
        ")",
        "é\f",
    ]
)


@given(
    st.lists(LINES, max_size=12),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(UNITS),
    st.tuples(st.integers(0, 13), st.integers(0, 12)),
    st.tuples(st.integers(0, 13), st.integers(0, 12)),
)
def test_line_i_of_a_source_is_line_i_of_its_region(
    lines: list[str], end: str, unit: Unit, start: tuple[int, int], stop: tuple[int, int]
) -> None:
    text = end.join(lines)
    document = split_lines(text)
    for region in regions(text, "python", unit, (Place(*start), Place(*stop)), Place(*start)):
        source = region.source.split("\n")
        assert region.source.strip()
        assert region.end.line == region.start.line + len(source) - 1
        assert region.end.column <= len(document[region.end.line])
        for number, line in enumerate(source):
            original = document[region.start.line + number]
            assert line.strip() in original
            if unit != "range":
                assert line.strip() == original.strip()


@given(st.lists(LINES, min_size=1, max_size=8))
def test_indented_code_runs_dedented(lines: list[str]) -> None:
    body = "\n".join(line for line in lines if not line.startswith("#"))
    try:
        compile(body, "", "exec", dont_inherit=True)
    except SyntaxError:
        return
    text = "if True:\n" + textwrap.indent(body, "    ")
    for region in regions(text, "python", "range", (Place(1, 0), Place(99, 0))):
        compile(region.source, "", "exec", dont_inherit=True)


JUPYTEXT = """\
# ---
# jupyter:
#   kernelspec:
#     name: python3
# ---

# %%
# !echo a
# x?
y = 1

# %% language="bash"
# x=5
# echo $x

# %% active="ipynb"
# z = 2

# %% [markdown]
# !no magic
"""


@pytest.mark.parametrize(
    ("unit", "line", "expected"),
    [
        ("all", 0, [("!echo a\nx?\ny = 1", 7), ("%%bash\nx=5\necho $x", 11), ("z = 2", 16)]),
        ("cell", 6, [("!echo a\nx?\ny = 1", 7)]),
        ("cell", 11, [("%%bash\nx=5\necho $x", 11)]),
        ("cell", 13, [("%%bash\nx=5\necho $x", 11)]),
        ("above", 12, [("!echo a\nx?\ny = 1", 7)]),
        ("line", 7, [("!echo a", 7)]),
        ("line", 11, []),
        ("line", 12, [("%%bash\nx=5", 11)]),
        ("line", 13, [("%%bash\necho $x", 12)]),
        ("line", 16, [("z = 2", 16)]),
        ("statement", 7, [("!echo a", 7)]),
        ("statement", 8, [("x?", 8)]),
        ("statement", 13, [("%%bash\nx=5\necho $x", 11)]),
        ("statement", 16, [("z = 2", 16)]),
    ],
)
def test_magics_in_comments_run_in_every_unit(unit: Unit, line: int, expected: list[tuple[str, int]]) -> None:
    check(JUPYTEXT, unit, expected, position=(line, 3))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((7, 0), (9, 5), [("!echo a\nx?\ny = 1", 7)]),
        ((7, 0), (7, 9), [("!echo a", 7)]),
        ((7, 3), (7, 9), [("echo a", 7)]),
        ((12, 0), (14, 0), [("%%bash\nx=5\necho $x", 11)]),
        ((11, 2), (11, 8), []),
    ],
)
def test_magics_in_comments_run_in_ranges(
    start: tuple[int, int], end: tuple[int, int], expected: list[tuple[str, int]]
) -> None:
    check(JUPYTEXT, "range", expected, selection=(start, end))
