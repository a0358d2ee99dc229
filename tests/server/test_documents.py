"""Document synchronisation: the code that runs is the editor's current text, at the editor's positions."""

from typing import Any

import pytest

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.documents import Document
from tests.server.wire import Json, ResponseError

pytestmark = pytest.mark.asyncio(loop_scope="module")

EMOJI = "x = '😀é' ; y = 1\r\nz = '👩‍💻'\r\n"


def place(line: int, character: int) -> Json:
    return {"line": line, "character": character}


async def sources(client: Client, document: Document, **argument: Any) -> list[str]:
    """Run the document on this client's own kernel. Return the sources of its runs."""
    argument |= {"textDocument": document.identifier, "kernelId": await client.kernel()}
    argument |= {"stopOnError": False}  # some of the text in these tests is not Python
    return [run["source"] for run in (await client.command("run", **argument))["runs"]]


async def check_change(client: Client, text: str, changes: list[Json], expected: str) -> None:
    """Assert that these content changes, sent in one notification, turn `text` into `expected`."""
    document = client.open(text, name="change.py")
    identifier = {"uri": document.uri, "version": 2}
    client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})
    assert await sources(client, document, unit="all") == [expected]
    client.close_document(document)


def change(start: tuple[int, int], end: tuple[int, int], text: str) -> Json:
    return {"range": {"start": place(*start), "end": place(*end)}, "text": text}


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("a\nb\nc", [change((1, 0), (1, 1), "B")], "a\nB\nc"),
        ("abc", [change((0, 0), (0, 1), "12"), change((0, 2), (0, 3), "")], "12c"),
        ("abc", [{"text": "new"}, change((0, 3), (0, 3), "er")], "newer"),
        ("a\r\nb", [change((0, 1), (1, 0), ";")], "a;b"),
        ("a\rb", [change((1, 0), (1, 1), "c")], "a\nc"),
        ("a\n", [change((1, 0), (1, 0), "b")], "a\nb"),
        ("", [change((0, 0), (0, 0), "a")], "a"),
        ("a", [change((5, 5), (9, 9), "b")], "ab"),
        ("a\nb", [change((0, 99), (1, 0), "+")], "a+b"),
        ("a\fb\u2028c\x85d\ne", [change((1, 0), (1, 1), "E")], "a\fb\u2028c\x85d\nE"),
        ("# 😀\na", [change((0, 6), (0, 6), "x"), change((1, 0), (1, 1), "b")], "# 😀x\nb"),
    ],
)
async def test_changes(shared: Client, text: str, changes: list[Json], expected: str) -> None:
    await check_change(shared, text, changes, expected)
    many = [change((0, 0), (0, 0), "")] * 60  # so many are applied together
    await check_change(shared, text, many + changes, expected)


async def test_a_run_reports_the_version_and_range_of_its_text(shared: Client) -> None:
    document = shared.open("1\n", name="versions.py")
    shared.change(document, (0, 0), (0, 1), "'two'")
    run = await shared.run(
        unit="all", textDocument=document.identifier, kernelId=await shared.kernel(), wait=False
    )
    shared.change(document, (0, 0), (0, 5), "3")
    assert (run["source"], run["textDocument"]) == ("'two'", {"uri": document.uri, "version": 2})
    assert run["range"] == {"start": place(0, 0), "end": place(0, 5)}
    await shared.until_ended(run["id"])


async def test_a_run_uses_the_text_at_the_time_of_the_request(shared: Client) -> None:
    """Even if the kernel is still starting and a change follows the command immediately."""
    document = shared.open("print('before')", name="behind.py")
    call = shared.call_command("run", unit="all", textDocument=document.identifier, wait=True)
    shared.change(document, (0, 0), (0, 5), "broken")
    shared.close_document(document)
    (run,) = (await call)["runs"]
    assert (run["source"], run["textDocument"]["version"]) == ("print('before')", 1)
    assert run["outputs"][0]["text"] == "before\n"


async def test_a_closed_document_is_not_open(shared: Client) -> None:
    document = shared.open("1", name="closed.py")
    shared.close_document(document)
    with pytest.raises(ResponseError, match=r"closed\.py is not open") as caught:
        await shared.command("run", unit="all", textDocument=document.identifier)
    assert caught.value.kind == "DocumentNotOpen"


@pytest.mark.parametrize("method", ["didChange", "didSave", "didClose"])
async def test_notifications_about_an_unopened_document_are_ignored(shared: Client, method: str) -> None:
    document = {"uri": "file:///not/open.py", "version": 2}
    since = len(shared.messages)
    shared.notify(f"textDocument/{method}", {"textDocument": document, "contentChanges": [{"text": "1"}]})
    await shared.command("listKernelSpecs")
    assert [message for message in shared.messages[since:] if "method" in message] == []


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "vscode-remote://ssh-remote%2Bhost/home/a%20b.py",
        "file:///tmp/a%20b%23c%25d%F0%9F%98%80.py",
        "file:///c%3A/x/y.py",
        "FILE:///tmp/x.py",
        "[not a uri",
    ],
)
async def test_any_uri_names_a_document(shared: Client, uri: str) -> None:
    item = {"uri": uri, "languageId": "python", "version": 7, "text": "6 * 7"}
    shared.notify("textDocument/didOpen", {"textDocument": item})
    named: Json = {"textDocument": {"uri": uri}}
    await shared.command("bindKernel", kernelId=await shared.kernel(), **named)
    run = await shared.run(unit="all", **named)
    assert (run["state"], run["textDocument"]) == ("ok", {"uri": uri, "version": 7})
    shared.notify("textDocument/didClose", named)


async def test_documents_whose_names_differ_only_in_encoding_are_distinct(shared: Client) -> None:
    for uri, text in (("file:///tmp/a%2520b.py", "'twice'"), ("file:///tmp/a%20b.py", "'once'")):
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        shared.notify("textDocument/didOpen", {"textDocument": item})
    named: Json = {"textDocument": {"uri": "file:///tmp/a%2520b.py"}, "kernelId": await shared.kernel()}
    assert (await shared.run(unit="all", **named))["source"] == "'twice'"


async def test_an_empty_document_has_nothing_to_run(shared: Client) -> None:
    document = shared.open("", name="empty.py")
    for unit in ("all", "line", "cell", "statement", "above", "below"):
        with pytest.raises(ResponseError) as caught:
            await sources(shared, document, unit=unit, position=place(0, 0))
        assert caught.value.kind == "NothingToRun"


async def test_the_json_of_a_notebook_is_not_code(shared: Client) -> None:
    document = shared.open("[1]\n", name="raw.ipynb", language_id="json")
    with pytest.raises(ResponseError, match="open as JSON; open it as a notebook or as a script") as caught:
        await sources(shared, document, unit="all")
    assert caught.value.kind == "NothingToRun"
    shared.close_document(document)
    document = shared.open("[1]\n", name="raw.ipynb", language_id="python")
    assert await sources(shared, document, unit="all") == ["[1]"]


# The columns of "y = 1", after an emoji (1 character, 2 UTF-16 units, 4 bytes) and an é (1, 1, 2).
@pytest.mark.parametrize(("encoding", "start"), [("utf-8", 15), ("utf-16", 12)])
async def test_columns_use_the_negotiated_encoding(home: Home, encoding: str, start: int) -> None:
    async with editor(home, encodings=(encoding,)) as client:
        document = client.open(EMOJI)
        selection = {"start": place(0, start), "end": place(0, start + 5)}
        kernel = await client.kernel()
        run = await client.run(range=selection, textDocument=document.identifier, kernelId=kernel)
        assert (run["source"], run["range"]) == ("y = 1", selection)
        run = await client.run(
            unit="statement", position=place(1, 3), textDocument=document.identifier, kernelId=kernel
        )
        assert run["source"] == "z = '👩‍💻'"
        assert run["range"] == document.range((1, 0), (1, len("z = '👩‍💻'")))
        client.change(document, (0, 5), (0, 7), "é😀")
        client.change(document, (1, 5), (1, 8), "👩")
        assert await sources(client, document, unit="all") == [document.text.replace("\r\n", "\n").strip()]
