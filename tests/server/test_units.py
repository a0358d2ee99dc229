"""Every unit of a document: the source that the kernel receives, and the Range that it came from."""

from typing import Any

import pytest

from tests.server.client import Client
from tests.server.wire import Json, ResponseError

pytestmark = pytest.mark.asyncio(loop_scope="module")

Ends = tuple[int, int, int, int]
"""Start line and character, end line and character."""

CELLS = """\
import math

# %% The first
a = 1


# %% [markdown] Words
# words
#%% The second
b = 2

# %% [raw]
raw
# %% nothing but a comment
# here
# %% empty

# %% the last
    c = 3
    d = 4
"""


def place(line: int, character: int) -> Json:
    return {"line": line, "character": character}


def extent(ends: Ends) -> Json:
    return {"start": place(*ends[:2]), "end": place(*ends[2:])}


async def check(
    client: Client, text: str, expected: list[tuple[str, Ends]], language: str = "python", **argument: Any
) -> None:
    """Assert that the command runs these sources, from these ranges, and that the kernel gets them."""
    document = client.open(text, name="units.py", language_id=language)
    kernel = await client.kernel()
    runs = await client.runs(textDocument=document.identifier, kernelId=kernel, stopOnError=False, **argument)
    assert [(run["source"], run["range"]) for run in runs] == [
        (source, extent(ends)) for source, ends in expected
    ]
    assert all(run["textDocument"] == {"uri": document.uri, "version": 1} for run in runs)
    heard = await client.run(code=f"print(*map(ascii, In[{-1 - len(runs)}:-1]), sep='\\n')")
    assert heard["outputs"][0]["text"].splitlines() == [ascii(run["source"]) for run in runs]
    client.close_document(document)


async def check_nothing(client: Client, text: str, **argument: Any) -> None:
    document = client.open(text, name="units.py")
    with pytest.raises(ResponseError, match="no code to run") as caught:
        await client.runs(textDocument=document.identifier, kernelId=await client.kernel(), **argument)
    assert (caught.value.code, caught.value.kind) == (-32803, "NothingToRun")
    client.close_document(document)


IMPORT, FIRST, SECOND = ("import math", (0, 0, 0, 11)), ("a = 1", (3, 0, 3, 5)), ("b = 2", (9, 0, 9, 5))
COMMENT, LAST = ("# here", (14, 0, 14, 6)), ("c = 3\nd = 4", (18, 0, 19, 9))


@pytest.mark.parametrize(
    ("unit", "line", "expected"),
    [
        ("all", None, [IMPORT, FIRST, SECOND, COMMENT, LAST]),
        ("cell", 0, [IMPORT]),
        ("cell", 2, [FIRST]),
        ("cell", 5, [FIRST]),
        ("cell", 8, [SECOND]),
        ("cell", 99, [LAST]),
        ("above", 9, [IMPORT, FIRST]),
        ("above", 8, [IMPORT, FIRST]),
        ("below", 9, [SECOND, COMMENT, LAST]),
        ("below", 7, [SECOND, COMMENT, LAST]),
        ("below", 99, [LAST]),
    ],
)
async def test_cells(shared: Client, unit: str, line: int | None, expected: list[tuple[str, Ends]]) -> None:
    at: Json = {} if line is None else {"position": place(line, 0)}
    await check(shared, CELLS, expected, unit=unit, **at)


@pytest.mark.parametrize(
    ("unit", "line"), [("above", 0), ("cell", 7), ("cell", 11), ("cell", 16), ("line", 1)]
)
async def test_nothing_to_run(shared: Client, unit: str, line: int) -> None:
    await check_nothing(shared, CELLS, unit=unit, position=place(line, 0))


async def test_a_document_without_markers_is_one_cell(shared: Client) -> None:
    await check(shared, "\n1\n\n2\n\n", [("1\n\n2", (1, 0, 3, 1))], unit="cell", position=place(4, 0))


async def test_crlf_reaches_the_kernel_as_newline(shared: Client) -> None:
    text = "# %%\r\nif 1:\r\n    'é'\r\n\r\n# %%\r\n2\r\n"
    await check(shared, text, [("if 1:\n    'é'", (1, 0, 2, 8)), ("2", (5, 0, 5, 1))], unit="all")


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((0, 4, 0, 9), [("a = 1", (0, 4, 0, 9))]),
        ((0, 0, 0, 9), [("a = 1", (0, 4, 0, 9))]),
        ((0, 7, 1, 6), [("a = 1\nb = 2", (0, 0, 1, 9))]),
        ((1, 6, 0, 7), [("a = 1\nb = 2", (0, 0, 1, 9))]),
        ((0, 7, 1, 0), [("a = 1", (0, 0, 0, 9))]),
        ((0, 6, 0, 6), [("a = 1", (0, 0, 0, 9))]),
        ((1, 0, 99, 99), [("b = 2\n\nc = 3", (1, 0, 3, 9))]),
        ((1, 4, 1, 99), [("b = 2", (1, 4, 1, 9))]),
    ],
)
async def test_ranges(shared: Client, ends: Ends, expected: list[tuple[str, Ends]]) -> None:
    await check(shared, "    a = 1\n    b = 2\n\n    c = 3\n", expected, range=extent(ends))


async def test_a_range_over_a_marker_leaves_it_out(shared: Client) -> None:
    await check(shared, "1\n# %% two\n2\n", [("1\n\n2", (0, 0, 2, 1))], range=extent((0, 0, 3, 0)))


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("x = [\n  1,\n\n  2]\ny = 1\n", 2, ("x = [\n  1,\n\n  2]", (0, 0, 3, 4))),
        (
            "@f\ndef g():\n    return '''\nx\n'''\n\nh = 1\n",
            3,
            ("@f\ndef g():\n    return '''\nx\n'''", (0, 0, 4, 3)),
        ),
        ("if 1:\n    a = 1\nelse:\n    b = 2\n", 3, ("if 1:\n    a = 1\nelse:\n    b = 2", (0, 0, 3, 9))),
        ("\n# said\nz = 3\n", 0, ("z = 3", (2, 0, 2, 5))),
        (
            "for i in range(2):\n    i\n\nthis is broken (\n\nx = 5\n",
            1,
            ("for i in range(2):\n    i", (0, 0, 1, 5)),
        ),
        ("broken = (\n\nx = [\n 5]\n", 3, ("x = [\n 5]", (2, 0, 3, 3))),
    ],
)
async def test_python_statements(shared: Client, text: str, line: int, expected: tuple[str, Ends]) -> None:
    await check(shared, text, [expected], unit="statement", position=place(line, 1))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (0, ("1", (1, 0, 1, 1))),
        (2, ("(2 +\n 3 +\n 4)", (2, 0, 4, 3))),
        (3, ("3 +", (3, 0, 3, 4))),  # alone, a syntax error, which is not incomplete
        (6, ("(5", (6, 0, 6, 2))),  # incomplete up to the end of its cell: only the line runs
    ],
)
async def test_other_languages_ask_the_kernel(shared: Client, line: int, expected: tuple[str, Ends]) -> None:
    text = "# words\n1\n(2 +\n 3 +\n 4)\n# %%\n(5\n\n# %%\n)\n"
    await check(shared, text, [expected], language="nim", unit="statement", position=place(line, 0))


async def test_code_runs_as_it_is(shared: Client) -> None:
    code = "# %%\n'  x  '\n\n"
    run = await shared.run(code=code)
    assert run["source"] == code
    assert "range" not in run
    assert "textDocument" not in run


async def test_code_of_a_document_reports_its_document(shared: Client) -> None:
    document = shared.open("1\n", name="units.py")
    named: Json = {"textDocument": {"uri": document.uri, "version": 9}, "range": extent((4, 0, 4, 5))}
    run = await shared.run(code="1 / 0", kernelId=await shared.kernel(), **named)
    assert (run["textDocument"], run["range"]) == (named["textDocument"], named["range"])
    assert run["error"]["line"] == 4
    run = await shared.run(code="1", kernelId=await shared.kernel(), textDocument=document.identifier)
    assert run["textDocument"] == {"uri": document.uri, "version": 1}
    shared.close_document(document)
