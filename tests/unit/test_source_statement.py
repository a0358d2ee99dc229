import argparse
import ast
import asyncio.base_events
import dataclasses
import decimal
import inspect
import textwrap
import typing
import unittest.mock
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.source.code import code_of
from kernel_bridge.source.document import split_lines
from kernel_bridge.source.statement import incremental_statement, python_statement


def check(marked: str) -> None:
    """Lines of the statement start with `|`, others with `.`; the cursor's line ends with `<<`."""
    rows = textwrap.dedent(marked).strip("\n").split("\n")
    lines = [row[1:].removesuffix("<<") for row in rows]
    [cursor] = [number for number, row in enumerate(rows) if row.endswith("<<")]
    wanted = [number for number, row in enumerate(rows) if row.startswith("|")]
    found = python_statement("\n".join(lines), cursor)
    assert (list(range(found[0], found[1] + 1)) if found else []) == wanted


WHOLE = {
    "simple": """
        .x = 1
        |y = 2<<
        .z = 3
    """,
    "semicolons": """
        .x = 1
        |y = 2; z = (<<
        |  3); w = 4
        .v = 5
    """,
    "body of a function": """
        .x = 1
        |def f(a,
        |      b):
        |    '''Text.
        |Text at the margin<<
        |    '''
        |
        |    return a
        .x = 1
    """,
    "comment at the margin in a body": """
        |def f():
        |    a = 1
        |# comment
        |    return a<<
        .# comment after
        .x = 1
    """,
    "decorators": """
        |@one
        |# why
        |@two(
        |    3)
        |
        |async def f(): pass<<
        .x = 1
    """,
    "class": """
        |@one
        |class A:
        |    @property
        |    def b(self):<<
        |        return 1
        |
        |    c = 2
        .x = 1
    """,
    "if, elif, else": """
        .if a: pass
        |if a:
        |    b
        |# comment
        |elif c:
        |    d<<
        |else:
        |    e
        .f
    """,
    "cursor on a clause": """
        |try:
        |    b
        |except ValueError:<<
        |    d
        |else: g
        |finally:
        |    e
        .f
    """,
    "for and while with else": """
        |for a in b:
        |    while c:
        |        d
        |    else:
        |        e
        |else:
        |    f<<
        .g
    """,
    "match": """
        |match a:
        |    case {'b': c}:
        |        d<<
        |    case _:
        |        e
        .f
    """,
    "async with": """
        |async with a as b, c as d:
        |    await e<<
        .await f
    """,
    "brackets with lines at the margin": """
        |a = f(
        |b,
        |c=[1, {2:<<
        |3}]
        |)
        .d
    """,
    "backslash": """
        |a = 1 + \\
        |2 + \\<<
        |3
        .b
    """,
    "string over backslashed lines": """
        |a = 'x \\
        |y = 1 \\<<
        |z'
        .b
    """,
    "string at the margin": """
        |a = '''
        |b = 1<<
        |c = 2
        |'''
        .d
    """,
    "comment goes to the next": """
        .a
        .# comment<<
        .
        |b(
        |)
        .c
    """,
    "blank goes to the next": """
        .a
        .<<
        |b
    """,
    "nothing below": """
        .a
        .# comment<<
    """,
    "an indented cell": """
        .def f():
        .    a
        .    # %%
        |    for b in c:
        |        d<<
        .    e
        .g
    """,
    "stays in its cell": """
        .if a:
        .# %%
        |    b<<
        .# %%
        .    c
    """,
    "not past its cell": """
        .a
        .# <<
        .# %%
        .b
    """,
    "cursor on a marker": """
        .a
        .# %%<<
        |b
        .c
    """,
}

BROKEN = {
    "bracket below": """
        |def f():
        |    return 1<<
        .x = (1,
        .def g():
    """,
    "string below": """
        |x = '''
        |y = 1<<
        |'''
        .z = \"\"\"
        .w = 1
    """,
    "bracket above": """
        .foo(1,
        .y = 2
        |z = 3<<
        .w = 4
    """,
    "bracket above a definition": """
        .foo(1,
        |def f():
        |    return [
        |        1]<<
        .w = 4
    """,
    "string above": """
        .s = \"\"\"abc
        .def f():
        .    \"\"\"Text.\"\"\"
        .    return 1
        |x = [1,<<
        |     2]
        .
        .def g():
        .    \"\"\"Text of
        .    two lines.\"\"\"
    """,
    "string above, cursor in a docstring": """
        .s = \"\"\"abc
        .
        |def g():
        |    \"\"\"Text of
        |    two lines.<<
        |    \"\"\"
        .x = 1
    """,
    "quote above": """
        .print('it's)
        |x = 1<<
        .y = 2
    """,
    "bracket in a function above": """
        .def f():
        .    x = foo(1,
        .    y = 2
        .
        |z = 3<<
    """,
    "bracket in the function itself": """
        |def f():
        |    x = foo(1,
        |    y = 2<<
        .z = 3
    """,
    "wrong bracket above": """
        .x = [1, 2)
        |y = 2<<
        .z = 3
    """,
    "bracket too many above": """
        .x = f(1))
        |y = 2<<
        .z = 3
    """,
    "not Python above": """
        .x = = 1
        .if x
        .    foo
        |y = 2<<
        .z = 3
    """,
    "indent above": """
        .    x = 1
        |y = 2<<
        .z = 3
    """,
    "else above": """
        .x = 1
        .else:
        .    y = 1
        |y = 2<<
        .z = 3
    """,
    "half a decorator below": """
        |x = 1<<
        .@foo(
        .def f(): pass
    """,
    "half a decorator, cursor in its function": """
        .@foo(
        |def f():
        |    pass<<
        .x = 1
    """,
    "a decorator on nothing": """
        .@
        |x = 1<<
        .y = 2
    """,
    "cursor on what is broken": """
        .x = 1
        |foo(1,<<
        .y = 2
        .z = 3
    """,
}

MAGICS = {
    "line magic": """
        .x = 1
        |%time f(<<
        .y = 2
    """,
    "shell": """
        |!echo "it's<<
        .y = 2
    """,
    "after magics": """
        .%matplotlib inline
        .!echo "it's (
        .np.array?
        .?np
        .files = !ls 'x
        .t = %timeit -o f(
        |y = [<<
        |  2]
        .z = 3
    """,
    "help": """
        .x = 1
        |x.y??<<
        .y = 2
    """,
    "magic over lines": """
        |!echo a \\
        |   'b<<
        .y = 2
    """,
    "magic in a body": """
        |for x in y:
        |    !echo '{x}
        |    z<<
        .w = 2
    """,
    "cell magic": """
        .# %%
        |%%bash
        |echo 'a
        |
        |if b; then<<
        .# %%
        .x = 1
    """,
    "cell magic in the middle": """
        .x = 1
        |%%bash
        |echo 'a<<
        .
        .y = 2
    """,
    "below a cell magic in the middle": """
        .x = 1
        .%%bash
        .echo 'a
        .
        |y = 2<<
    """,
    "modulo is no magic": """
        |x = (a
        |% b)<<
        .y
    """,
}


@pytest.mark.parametrize("marked", WHOLE.values(), ids=WHOLE)
def test_the_outermost_statement(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize("marked", BROKEN.values(), ids=BROKEN)
def test_the_statement_in_a_broken_file(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize("marked", MAGICS.values(), ids=MAGICS)
def test_the_statement_among_magics(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark(end: str) -> None:
    text = "\ufeff" + end.join(["def f():", "    '🎉\f'", "", "\f", "x = 1"])
    assert python_statement(text, 1) == (0, 1)
    assert python_statement(text, 3) == (4, 4)
    assert python_statement(text, 99) == (4, 4)


def test_syntax_of_another_python_does_no_harm() -> None:
    text = 'type X = int\nf"{x["a"]}"\nprint "old"\nexec "code" in {\n}\ny = 1'
    assert [python_statement(text, line) for line in range(6)] == [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 4),
        (3, 4),
        (5, 5),
    ]


def test_nothing_in_a_blank_document() -> None:
    assert python_statement("", 0) is None
    assert python_statement("\n# %%\n\n", 0) is None


def statements_by_ast(text: str) -> list[tuple[int, int]]:
    result: list[tuple[int, int]] = []
    for node in ast.parse(text).body:
        first = min([node.lineno, *(other.lineno for other in getattr(node, "decorator_list", []))]) - 1
        last = (node.end_lineno or 0) - 1
        if result and first <= result[-1][1]:
            first = result.pop()[0]
        result.append((first, last))
    return result


MODULES: list[ModuleType] = [
    argparse,
    asyncio.base_events,
    ast,
    dataclasses,
    decimal,
    inspect,
    typing,
    unittest.mock,
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_agrees_with_the_grammar_on_real_files(module: ModuleType) -> None:
    text = inspect.getsource(module)
    statements = statements_by_ast(text)
    for first, last in statements[:: len(statements) // 20 + 1]:
        for line in {first, (first + last) // 2, last}:
            assert python_statement(text, line) == (first, last)


PIECES = [
    "x = 1",
    "def f(a):\n    '''Text.\n    it's\n    '''\n    return [\n        a]",
    "@d(1)\nclass A:\n\n    b: int = 1",
    "if a:\n    b\nelse:\n    c",
    'q = """\nselect 1\n"""',
    "for i in j: k",
]
BREAKS = ["foo(1,", "x = = 1", "y = [1, 2)", "print('it's)", "def h(:", "z = 'abc", "@", "w = f(1))"]


@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6),
    st.sampled_from(["", *BREAKS, "t = '''", 'u = """a']),
    st.lists(st.sampled_from(PIECES), max_size=3),
)
def test_a_syntax_error_below_changes_nothing(above: list[str], broken: str, below: list[str]) -> None:
    whole = "\n".join(above)
    text = "\n".join([*above, broken, *below])
    for line in range(len(split_lines(whole))):
        assert python_statement(text, line) == python_statement(whole, line)


@given(st.sampled_from(BREAKS), st.lists(st.sampled_from(PIECES[1:4]), min_size=1, max_size=6))
def test_a_syntax_error_above_changes_nothing(broken: str, below: list[str]) -> None:
    text = "\n".join([broken, "import a", *below])
    alone = "\n".join(below)
    for line in range(len(split_lines(alone))):
        first, last = python_statement(alone, line) or (0, 0)
        assert python_statement(text, line + 2) == (first + 2, last + 2)


@given(st.text(alphabet="ab \n\r\t\f\\'\"()[]{}#%!?:@=") | st.text())
def test_any_text_yields_lines_of_the_document(text: str) -> None:
    last_line = len(split_lines(text)) - 1
    for line in range(last_line + 1):
        found = python_statement(text, line)
        if found is not None:
            assert 0 <= found[0] <= found[1] <= last_line
            assert line <= found[1]


@pytest.mark.parametrize(
    ("lines", "line", "limit", "expected"),
    [
        (["a", "b", "c"], 1, 9, [(1, 1), (1, 2)]),
        (["a", "# %%", "b"], 0, 9, [(0, 0)]),
        (["a", "# %%", "", "# x", "b"], 1, 9, [(4, 4)]),
        (["a", "", "# %%", "b"], 1, 9, []),
        (["a", "b", "c", "d"], 0, 3, [(0, 0), (0, 1), (0, 2)]),
        (["a"], 7, 9, [(0, 0)]),
    ],
)
def test_candidates_for_other_languages(
    lines: list[str], line: int, limit: int, expected: list[tuple[int, int]]
) -> None:
    assert list(incremental_statement(code_of(lines, "r"), line, limit)) == expected
