"""Completions after a typed character, and in a cell that has run, from a real kernel with real frames."""

from typing import Any

import pytest

from tests.server.documents import Document
from tests.server.features.plain import Plain
from tests.server.features.test_names import accepted

pytestmark = pytest.mark.slow

CELL = """\
# %%
import pandas as pd

frame = pd.DataFrame({
    "beta": [1],
    "of two words": [2],
})
keys = {"kappa": 1, 7: 2}
"""


async def ran(plain: Plain, text: str) -> Document:
    """A document whose first cell has run."""
    document = plain.client.open(text)
    run = await plain.client.run(
        textDocument=document.identifier, unit="cell", position=document.position(1, 0)
    )
    assert run["state"] == "ok"
    return document


async def typed(plain: Plain, document: Document, line: str, *, trigger: bool = True) -> list[str] | None:
    """Replaces the last line. Returns what the completions at its end make of it; None: null."""
    *above, before = document.text.split("\n")
    plain.client.change(document, (len(above), 0), (len(above), len(before)), line)
    context = {"triggerKind": 2, "triggerCharacter": line[-1]} if trigger else {"triggerKind": 1}
    *_, last = document.text.split("\n")
    position = document.position(document.text.count("\n"), len(last))
    params = {"textDocument": document.identifier, "position": position, "context": context}
    answer: dict[str, Any] | None = {"isIncomplete": True}
    while answer is not None and answer["isIncomplete"]:  # as while jedi reads pandas for the first time
        answer = await plain.client.request("textDocument/completion", params)
    return None if answer is None else [accepted(document, item) for item in answer["items"]]


async def test_characters_that_complete(plain: Plain) -> None:
    document = await ran(plain, CELL)

    async def lines(line: str) -> list[str] | None:
        return await typed(plain, document, line)

    assert await lines('frame["') == ['frame["beta', 'frame["of two words']
    assert await lines("frame[") == ["frame['beta'", "frame['of two words'"]
    assert await lines('frame.loc[:, "') == ['frame.loc[:, "beta', 'frame.loc[:, "of two words']
    assert await lines("keys[") == ["keys['kappa'", "keys[7"]
    assert await lines("print(f\"{keys['") == ["print(f\"{keys['kappa"]
    assert "%%timeit" in (await lines("%%") or [])
    assert "files = %system" in (await lines("files = %") or [])
    assert "frame.beta" in (await lines("frame.") or [])
    assert await lines("pd[") == []
    for text in ('print("', "x = [", "# %", "# the end.", "10 %", "1.", "for x in y:", "cost = $"):
        assert await lines(text) is None
    assert await typed(plain, document, 'open("/etc/host', trigger=False)


async def test_columns_complete_in_the_cell_that_has_assigned_their_frame(plain: Plain) -> None:
    document = await ran(plain, CELL)
    assert await typed(plain, document, "frame.be", trigger=False) == ["frame.beta", "frame.between_time"]
    assert await typed(plain, document, "total = sum(frame.be", trigger=False) == [
        "total = sum(frame.beta",
        "total = sum(frame.between_time",
    ]


async def test_lines_that_have_not_run_are_read(plain: Plain) -> None:
    document = await ran(plain, CELL)
    assert await typed(plain, document, "other = 'text'\nother.capit", trigger=False) == ["other.capitalize"]
    document = await ran(plain, "def f(argument):\n    'Text.'\n    return 1\n")
    assert await typed(plain, document, "    argu", trigger=False) == ["    argument"]


async def test_a_changed_assignment_is_read_again(plain: Plain) -> None:
    document = await ran(plain, "# %%\nvalue = 1\n")
    assert await typed(plain, document, "value.bit_c", trigger=False) == ["value.bit_count"]
    plain.client.change(document, (1, 8), (1, 9), "'text'")
    assert await typed(plain, document, "value.capit", trigger=False) == ["value.capitalize"]
