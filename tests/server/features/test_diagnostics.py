"""Errors of runs as diagnostics: their lines, their frames, and when they disappear."""

from typing import Any

from tests.home import Home
from tests.server.client import editor
from tests.server.features.plain import STANDARD, Plain

FAILS = "# %% 😀\r\nok = 1\r\n# %%\r\n\r\ndef f():\r\n    '😀'; return 1 / 0\r\n# %%\r\n'é'; f()\r\n"


async def test_an_error_is_shown_at_its_line_with_its_frames(plain: Plain) -> None:
    document = plain.client.open(FAILS)
    await plain.act(document, "Run all cells", (0, 0))
    (diagnostic,) = await plain.until_diagnostics(document, 1)
    assert diagnostic["severity"] == 1
    assert diagnostic["source"] == "kernel-bridge"
    assert diagnostic["message"] == "ZeroDivisionError: division by zero"
    assert diagnostic["range"] == document.range((7, 0), (7, 8))
    assert [
        (related["location"]["uri"], related["location"]["range"], related["message"])
        for related in diagnostic["relatedInformation"]
    ] == [
        (document.uri, document.range((7, 0), (7, 8)), "called here"),
        (document.uri, document.range((5, 4), (5, 21)), "in f"),
    ]


async def test_an_error_with_a_certain_remedy_says_it(plain: Plain) -> None:
    document = plain.client.open("import asyncio\nasync def main(): ...\nasyncio.run(main())\n")
    await plain.act(document, "Run whole document", (0, 0))
    (diagnostic,) = await plain.until_diagnostics(document, 1)
    assert (
        diagnostic["message"].splitlines()[1].endswith("use `await main()` instead of `asyncio.run(main())`")
    )
    hover = await plain.client.request(
        "textDocument/hover", {"textDocument": document.identifier, "position": document.position(2)}
    )
    assert "use `await main()`" in str(hover["contents"]).replace("\\", "")


async def test_frames_in_open_files(plain: Plain) -> None:
    text = "def g():\n    raise ValueError('no')\n"
    (plain.client.home.work / "helper.py").write_text(text)
    helper = plain.client.open(text, "helper.py")
    document = plain.client.open("import helper\nhelper.g()\n")
    await plain.act(document, "Run whole document", (0, 0))
    (diagnostic,) = await plain.until_diagnostics(document, 1)
    assert diagnostic["range"] == document.range((1, 0), (1, 10))
    last = diagnostic["relatedInformation"][-1]
    assert last["location"] == {"uri": helper.uri, "range": helper.range((1, 4), (1, 26))}
    assert last["message"] == "in g"


async def test_it_moves_with_its_line_and_disappears_when_the_line_is_edited(plain: Plain) -> None:
    document = plain.client.open("# %%\n1 / 0\n")
    await plain.act(document, "Run cell", (1, 0))
    await plain.until_diagnostics(document, 1)
    plain.client.change(document, (0, 0), (0, 0), "# 😀\n")
    await plain.client.until_true(
        lambda: (plain.diagnostics(document) or [{}])[0].get("range") == document.range((2, 0), (2, 5))
    )
    plain.client.change(document, (2, 4), (2, 5), "1")
    await plain.until_diagnostics(document, 0)
    plain.client.change(document, (2, 4), (2, 5), "0")
    await plain.until_diagnostics(document, 1)
    plain.client.close_document(document)
    await plain.until_diagnostics(document, 0)


async def test_it_disappears_when_the_lines_run_again(plain: Plain) -> None:
    document = plain.client.open("import os\n1 / int(os.environ.setdefault('N', '0'))\n")
    await plain.act(document, "Run whole document", (0, 0))
    await plain.until_diagnostics(document, 1)
    await plain.client.command("run", code="os.environ['N'] = '1'", textDocument=document.identifier)
    await plain.act(document, "Run line", (1, 0))
    await plain.until_diagnostics(document, 0)


async def test_an_interrupt_is_not_a_diagnostic(plain: Plain) -> None:
    document = plain.client.open("import time; time.sleep(60)\n")
    await plain.act(document, "Run line", (0, 0))
    await plain.until_hint(document, "… running")
    await plain.act(document, "Interrupt", (0, 0))
    (diagnostic,) = await plain.until_diagnostics(document, 1)
    assert (diagnostic["severity"], diagnostic["message"]) == (3, "KeyboardInterrupt")


async def test_a_client_that_pulls_diagnostics_gets_a_refresh(home: Home) -> None:
    standard: Any = {
        **STANDARD,
        "workspace": {"diagnostics": {"refreshSupport": True}},
        "textDocument": {**STANDARD["textDocument"], "diagnostic": {}},
    }
    async with editor(home, capabilities=None, standard=standard) as client:
        plain = Plain(client)
        document = client.open("1 / 0\n")
        params = {"textDocument": document.identifier}
        assert await client.request("textDocument/diagnostic", params) == {"kind": "full", "items": []}
        await plain.act(document, "Run line", (0, 0))
        await client.until(lambda message: message.get("method") == "workspace/diagnostic/refresh")
        report = await client.request("textDocument/diagnostic", params)
        assert [item["message"] for item in report["items"]] == ["ZeroDivisionError: division by zero"]
        assert plain.diagnostics(document) is None


async def test_a_client_that_shows_runs_gets_none_unless_enabled(home: Home) -> None:
    for wanted, settings in ((False, {}), (True, {"features": {"diagnostics": True, "inlayHints": True}})):
        async with editor(home, standard=STANDARD, settings=settings) as client:
            plain = Plain(client)
            document = client.open("1 / 0\n")
            run = await client.run(unit="all", textDocument=document.identifier)
            assert run["state"] == "error"
            params = {"textDocument": document.identifier, "range": document.range((0, 0), (0, 5))}
            hints = await client.request("textDocument/inlayHint", params)
            assert bool(hints) == wanted
            assert bool(plain.diagnostics(document)) == wanted
            assert await plain.actions(document, (0, 0))


async def test_opening_a_document_clears_its_diagnostics(plain: Plain) -> None:
    """In Neovim, a renamed buffer keeps the diagnostics of its old name until new ones are published."""
    document = plain.client.open("1 / 0\n")
    await plain.act(document, "Run line", (0, 0))
    await plain.until_diagnostics(document, 1)
    plain.client.close_document(document)
    renamed = plain.client.open("1 / 0\n", "renamed.py")
    await plain.client.until_true(lambda: plain.diagnostics(renamed) == [])


async def test_disabled_features_disappear_immediately_and_come_back(plain: Plain) -> None:
    document = plain.client.open("1 / 0\n")
    await plain.act(document, "Run line", (0, 0))
    await plain.until_diagnostics(document, 1)
    await plain.until_hint(document, "ZeroDivisionError")
    for wanted, diagnostics in ((False, 0), (True, 1)):
        before = len(refreshes(plain))
        features = {"diagnostics": wanted, "inlayHints": wanted}
        settings = {"kernel-bridge": {"features": features}}
        plain.client.notify("workspace/didChangeConfiguration", {"settings": settings})
        await plain.until_diagnostics(document, diagnostics)
        await plain.client.until_true(lambda: len(refreshes(plain)) > before)  # noqa: B023


def refreshes(plain: Plain) -> list[Any]:
    """The requests to refresh inlay hints."""
    return [m for m in plain.client.messages if m.get("method") == "workspace/inlayHint/refresh"]
