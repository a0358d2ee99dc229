"""Hover, completion and signatures from the live kernel, even while it is busy."""

from typing import Any

import pytest

from tests.home import Home, install_fake_kernel
from tests.server.client import editor
from tests.server.documents import Document
from tests.server.features.plain import STANDARD, Plain

pytestmark = pytest.mark.slow

LIBRARY = '''def greet(name: str, *, loud=False):
    """Say 😀 hello."""

class Box:
    size = 3
    def fill(self, what, how="x, y"):
        "Puts it in."

box = Box()
'''


async def started(plain: Plain, text: str) -> Document:
    """A document whose kernel has run LIBRARY."""
    document = plain.client.open(text)
    await plain.client.command("startKernel", spec="python3", textDocument=document.identifier)
    run = (await plain.client.runs(code=LIBRARY, textDocument=document.identifier))[0]
    assert run["state"] == "ok"
    return document


async def items(plain: Plain, document: Document, place: tuple[int, int]) -> list[dict[str, Any]]:
    """The completions at a place. Requests an incomplete list again, as editors do."""
    while (answer := await plain.at("completion", document, place))["isIncomplete"]:
        assert answer["items"] == []
    found: list[dict[str, Any]] = answer["items"]
    return found


def accepted(document: Document, item: dict[str, Any]) -> str:
    """The line after accepting the item, using the client's column counts."""
    edit = item["textEdit"]
    start, end = edit["range"]["start"], edit["range"]["end"]
    assert start["line"] == end["line"]
    line = document.text.replace("\r\n", "\n").split("\n")[start["line"]].encode("utf-16-le")
    made = line[: 2 * start["character"]] + edit["newText"].encode("utf-16-le") + line[2 * end["character"] :]
    return made.decode("utf-16-le")


async def test_completion_of_names_in_the_kernel(plain: Plain) -> None:
    document = await started(plain, "# %%\r\n'😀'; box.si\r\n")
    (item,) = await items(plain, document, (1, 11))
    assert item["label"] == "size"
    assert accepted(document, item) == "'😀'; box.size"


async def test_kinds_and_documentation_of_the_selected_item(plain: Plain) -> None:
    document = await started(plain, "gree\nbox.fi")
    (item,) = await items(plain, document, (0, 4))
    assert (item["label"], item["kind"]) == ("greet", 3)
    assert "documentation" not in item
    resolved = await plain.client.request("completionItem/resolve", item)
    assert "greet(name: str, *, loud=False)" in resolved["documentation"]["value"]
    assert "Say 😀 hello." in resolved["documentation"]["value"]
    assert {name: resolved[name] for name in item} == item
    (item,) = await items(plain, document, (1, 6))
    resolved = await plain.client.request("completionItem/resolve", item)
    assert "Puts it in." in resolved["documentation"]["value"]


async def test_a_magic_is_completed_with_its_percent_signs(plain: Plain) -> None:
    document = await started(plain, "%timei")
    assert "%timeit" in [accepted(document, item) for item in await items(plain, document, (0, 6))]


@pytest.mark.parametrize(
    ("text", "place"),
    [("# %% [markdown]\nbox.", (1, 4)), ("# %%\nbox.", (0, 4))],
)
async def test_nothing_is_completed_outside_code(plain: Plain, text: str, place: tuple[int, int]) -> None:
    assert await plain.at("completion", await started(plain, text), place) is None


async def test_without_a_kernel_nothing_is_offered(plain: Plain) -> None:
    document = plain.client.open("box.si\n")
    for method in ("completion", "hover", "signatureHelp"):
        assert await plain.at(method, document, (0, 3)) is None
    item = {"label": "old", "data": {"list": 99}}
    assert await plain.client.request("completionItem/resolve", item) == item


async def test_a_busy_kernel_with_subshells_still_responds(plain: Plain) -> None:
    document = await started(plain, "import time; time.sleep(60)\nbox.si\ngreet(")
    await plain.act(document, "Run line", (0, 0))
    await plain.until_hint(document, "… running")
    assert [item["label"] for item in await items(plain, document, (1, 6))] == ["size"]
    assert "hello" in (await plain.at("hover", document, (2, 2)))["contents"]["value"]
    assert "name: str" in (await plain.at("signatureHelp", document, (2, 6)))["signatures"][0]["label"]
    await plain.act(document, "Interrupt", (0, 0))
    await plain.until_hint(document, "KeyboardInterrupt")


async def test_requests_do_not_wait_for_a_busy_kernel_without_subshells(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home, capabilities=None, standard=STANDARD) as client:
        plain = Plain(client)
        document = client.open("block\n", "a.fake", "fake")
        await client.command("startKernel", spec="fake", textDocument=document.identifier)
        code = 'busy\nstream stdout "runs"\nsleep 60\nidle'
        (run,) = await client.runs(code=code, textDocument=document.identifier, wait=False)
        answer = await plain.at("completion", document, (0, 3))
        assert answer == {"isIncomplete": True, "items": []}
        assert await plain.at("hover", document, (0, 3)) is None
        await client.command("cancelRun", runId=run["id"])


async def test_hover_shows_a_names_documentation_and_the_run(plain: Plain) -> None:
    document = await started(plain, "'é😀'; greet\r\nprint('a\\x1b[1mb```')\r\nbox.size\r\nbox = repr(box)")
    value = (await plain.at("hover", document, (0, 9)))["contents"]
    assert value["kind"] == "markdown"
    assert value["value"].startswith("```python\ngreet(name: str, *, loud=False)\n```")
    assert await plain.at("hover", document, (0, 1)) is None
    value = (await plain.at("hover", document, (3, 0)))["contents"]["value"]
    assert value.startswith("```python\nBox: <__main__.Box object at 0x")
    await plain.act(document, "Run selection", (1, 0), (2, 8))
    await plain.until_hint(document, "→ 3")
    value = (await plain.at("hover", document, (2, 5)))["contents"]["value"]
    assert "int: 3" in value
    assert value.startswith("```text\n[2] ok, ")
    assert "````text\nab```\n````" in value
    assert value.partition("\n\n---\n\n")[0].endswith("```text\n3\n```")


@pytest.mark.parametrize("markdown", [True, False])
async def test_a_hover_starts_with_the_result_if_there_are_no_hints(home: Home, markdown: bool) -> None:
    """Emacs and ALE show only the first line of a hover, which replaces the previous message."""
    formats = ["markdown", "plaintext"] if markdown else ["plaintext"]
    standard = {"textDocument": {"codeAction": {}, "hover": {"contentFormat": formats}}}
    async with editor(home, capabilities=None, standard=standard) as client:
        plain = Plain(client)
        document = client.open("'a*b'\nprint(1); print(2)\n1 / 0\n")
        for line in range(3):
            position = document.position(line, 0)
            await client.runs(textDocument=document.identifier, unit="line", position=position)
        values = [(await plain.at("hover", document, (line, 5)))["contents"]["value"] for line in range(3)]
    lines = [value.removeprefix("```text\n").split("\n") for value in values]
    assert [line[0].rpartition("  ")[0] for line in lines] == [
        "→ 'a*b'  [1]",
        "→ 1 … (2 lines)  [2]",
        "✗ ZeroDivisionError: division by zero  [3]",
    ]
    assert "'a*b'" not in "".join(lines[0][1:])
    assert "1\n2" in values[1]
    assert "Traceback" in values[2]


@pytest.mark.parametrize(("parser", "starts"), [("marked", "data:image/png;base64,"), ("other", "file:///")])
async def test_hover_shows_images(home: Home, parser: str, starts: str) -> None:
    standard = {**STANDARD, "general": {"markdown": {"parser": parser}}}
    async with editor(home, capabilities=None, standard=standard) as client:
        plain = Plain(client)
        png = (
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        )
        code = f"from IPython.display import display\ndisplay({{'image/png': '{png}'}}, raw=True)\n"
        document = client.open(code)
        await plain.act(document, "Run whole document", (0, 0))
        await plain.until_hint(document, "→ plot 1 x 1")
        value = (await plain.at("hover", document, (1, 9)))["contents"]["value"]
        link = value[value.index("](") + 2 : value.rindex(")")]
        assert link.startswith(starts)


async def test_a_client_without_markdown_gets_plain_text(home: Home) -> None:
    standard = {"textDocument": {**STANDARD["textDocument"], "hover": {"contentFormat": ["plaintext"]}}}
    async with editor(home, capabilities=None, standard=standard) as client:
        plain = Plain(client)
        document = await started(plain, "greet\n'x'\n")
        contents = (await plain.at("hover", document, (0, 1)))["contents"]
        assert contents["kind"] == "plaintext"
        assert contents["value"] == "greet(name: str, *, loud=False)\n\nSay 😀 hello."


@pytest.mark.parametrize(
    ("code", "label", "active"),
    [
        ("greet('😀', ", "greet(name: str, *, loud=False)", 2),
        ("greet('😀', loud=", "greet(name: str, *, loud=False)", 1),
        ("box.fill(1, ", "box.fill(what, how='x, y')", 1),
    ],
)
async def test_signature_help(plain: Plain, code: str, label: str, active: int) -> None:
    document = await started(plain, code)
    answer = await plain.at("signatureHelp", document, (0, len(code)))
    assert answer["signatures"][0]["label"] == label
    assert answer["activeParameter"] == active
    assert all(parameter["label"] in label for parameter in answer["signatures"][0]["parameters"])


async def test_no_signature_outside_a_call(plain: Plain) -> None:
    assert await plain.at("signatureHelp", await started(plain, "greet"), (0, 5)) is None
