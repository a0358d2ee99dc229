"""Cells as symbols, folds and selections; the whole text of a run as a document."""

import pytest

from tests.home import Home
from tests.server.client import editor
from tests.server.features.plain import STANDARD, Plain
from tests.server.wire import ResponseError

TEXT = "# %% 😀 one\r\nx = (1,\r\n     2)\r\n\r\n# %% [markdown]\r\n# text\r\n# %%\r\ny\r\n"


async def test_symbols_of_cells(plain: Plain) -> None:
    document = plain.client.open(TEXT)
    params = {"textDocument": document.identifier}
    symbols = await plain.client.request("textDocument/documentSymbol", params)
    assert [(symbol["name"], symbol["kind"]) for symbol in symbols] == [
        ("😀 one", 2),
        ("# text", 15),
        ("y", 2),
    ]
    assert symbols[0]["range"] == document.range((0, 0), (2, 7))
    assert symbols[0]["selectionRange"] == document.range((0, 0), (0, 10))


async def test_a_client_without_symbol_trees_gets_a_list(home: Home) -> None:
    standard = {"textDocument": {"documentSymbol": {}}}
    async with editor(home, capabilities=None, standard=standard) as client:
        document = client.open(TEXT)
        params = {"textDocument": document.identifier}
        symbols = await client.request("textDocument/documentSymbol", params)
        assert symbols[2] == {
            "name": "y",
            "kind": 2,
            "location": {"uri": document.uri, "range": document.range((6, 0), (7, 1))},
        }


async def test_folds_of_cells(plain: Plain) -> None:
    params = {"textDocument": plain.client.open(TEXT).identifier}
    folds = await plain.client.request("textDocument/foldingRange", params)
    assert [(fold["startLine"], fold["endLine"]) for fold in folds] == [(0, 2), (4, 5), (6, 7)]


async def test_a_document_without_cells_has_no_symbols_or_folds(plain: Plain) -> None:
    params = {"textDocument": plain.client.open("def f():\n    1\n").identifier}
    for method in ("documentSymbol", "foldingRange"):
        assert await plain.client.request(f"textDocument/{method}", params) == []


async def test_selections_expand(plain: Plain) -> None:
    document = plain.client.open(TEXT)
    positions = [document.position(2, 5), document.position(3, 0)]
    params = {"textDocument": document.identifier, "positions": positions}
    lines = []
    for selection in await plain.client.request("textDocument/selectionRange", params):
        spans = []
        while selection:
            spans.append((selection["range"]["start"]["line"], selection["range"]["end"]["line"]))
            selection = selection.get("parent")
        lines.append(spans)
    assert lines == [[(2, 2), (1, 2), (0, 2), (0, 3), (0, 8)], [(3, 3), (0, 3), (0, 8)]]


async def test_the_text_of_a_run_as_a_document(home: Home) -> None:
    standard = {**STANDARD, "workspace": {**STANDARD["workspace"], "textDocumentContent": {}}}
    settings = {"outputBudget": 100}
    async with editor(home, capabilities=None, standard=standard, settings=settings) as client:
        plain = Plain(client)
        content = client.server["capabilities"]["workspace"]["textDocumentContent"]
        assert content == {"schemes": ["kernel-bridge"]}
        document = client.open("for n in range(1000): print('😀', n)\n")
        await plain.act(document, "Run line", (0, 0))
        await plain.until_hint(document, "lines)")
        await plain.act(document, "Show whole output", (0, 0))
        uri = plain.shown[-1]["uri"]
        answer = await client.request("workspace/textDocumentContent", {"uri": uri})
        assert answer["text"] == "".join(f"😀 {n}\n" for n in range(1000))
        for wrong in ("kernel-bridge:/other", "file:///a"):
            with pytest.raises(ResponseError, match="field uri"):
                await client.request("workspace/textDocumentContent", {"uri": wrong})
