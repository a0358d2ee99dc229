"""Results come back: the runs of a document, of this session and of earlier ones, where their code is now."""

import asyncio
import json
import re

import nbformat
import pytest

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.documents import Document
from tests.server.wire import Json, ResponseError

SCRIPT = """\
# %% first
print("one")

# %% second
print(2 +
      2)

# %%
x = [n for n in range(3)]
x
"""


async def results(client: Client, document: Document, **more: object) -> list[Json]:
    """The results of a document; `shown` is what a person sees of each."""
    found: list[Json] = (await client.command("results", textDocument=document.identifier, **more))["results"]
    for result in found:
        text = "".join(
            output.get("text") or output.get("data", {}).get("text/plain", "")
            for output in result["run"]["outputs"]
        )
        lines = document.text.split("\n")[
            result["range"]["start"]["line"] : result["range"]["end"]["line"] + 1
        ]
        result["shown"] = ("\n".join(lines), text.strip(), result["stale"])
    return found


async def shown(client: Client, document: Document, **more: object) -> list[tuple[str, str, bool]]:
    return [result["shown"] for result in await results(client, document, **more)]


async def test_a_later_session_finds_each_result_at_its_code(home: Home) -> None:
    async with editor(home) as client:
        document = client.open(SCRIPT)
        await client.runs(unit="all", textDocument=document.identifier)
        again = document.position(*document.place_of("x\n"))
        await client.run(unit="statement", textDocument=document.identifier, position=again)
        first = await shown(client, document)
        assert first == [
            ('print("one")', "one", False),
            ("print(2 +\n      2)", "4", False),
            ("x", "[0, 1, 2]", False),
        ]
    async with editor(home) as client:
        document = client.open(SCRIPT)
        assert await shown(client, document) == first
        client.close_document(document)
        edited = (
            re.sub(r"# %% first\n.*\n\n", "", SCRIPT).replace("2 +", "2 *") + "# %% first\nprint('one')\n"
        )
        document = client.open('import os\n# %%\nprint("one")\n' + edited)
        found = await results(client, document)
        assert [result["shown"] for result in found] == [
            ('print("one")', "one", False),
            ("print(2 *\n      2)", "4", True),
            ("x", "[0, 1, 2]", False),
        ]
        for result in found:
            answer = await client.command("getRun", runId=result["run"]["id"])
            assert (answer["run"], answer["seq"]) == (result["run"], result["seq"])


async def test_a_run_that_has_not_ended_streams_on(home: Home) -> None:
    answered = asyncio.Event()

    async def answer(prompt: str) -> str:
        await answered.wait()
        return "typed"

    async with editor(home, stdin=answer) as client:
        text = "print('a', flush=True)\nprint(input())\n"
        document = client.open(text)
        running, queued = [
            await client.run(unit="all", textDocument=document.identifier, wait=False) for _ in range(2)
        ]
        await client.until_text(running["id"], "a\n")
        client.close_document(document)
        document = client.open(f"{text}# %%\nprint('b')\n")
        (result,) = await results(client, document)
        assert (result["run"]["id"], result["run"]["state"], result["stale"]) == (
            queued["id"],
            "queued",
            False,
        )
        await client.command("cancelRun", runId=queued["id"])
        (result,) = await results(client, document)
        assert (result["run"]["id"], result["run"]["state"]) == (running["id"], "running")
        assert (result["shown"][1], result["seq"]) == ("a", client.mirror.seq[running["id"]])
        answered.set()
        await client.until_ended(running["id"])
        assert client.mirror.seq[running["id"]] > result["seq"]


NOTEBOOK: Json = {
    "cells": [
        {"cell_type": "markdown", "id": "m", "metadata": {}, "source": ["# Tour"]},
        {
            "cell_type": "code",
            "id": "a",
            "metadata": {"tags": ["x"]},
            "source": ["print('a')"],
            "execution_count": 4,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["of the file\n"]}],
        },
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "source": [],
            "execution_count": None,
            "outputs": [],
        },
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.mark.parametrize(("format", "language"), [("py", "python"), ("md", "markdown")])
async def test_a_notebook_is_opened_run_and_written_back(bridge: Client, format: str, language: str) -> None:
    path = bridge.home.work / "a.ipynb"
    path.write_text(json.dumps(NOTEBOOK, indent=1))
    opened = await bridge.command("openNotebook", path="a.ipynb", format=format)
    assert opened["languageId"] == language
    document = bridge.open(opened["text"], "a.ipynb", language)
    (result,) = await results(bridge, document, path="a.ipynb")
    run = result["run"]
    assert result["shown"] == ("print('a')", "of the file", False)
    assert (run["executionCount"], run["state"], run["kernelId"], result["seq"]) == (4, "ok", "", 0)
    assert (await bridge.command("getRun", runId=run["id"]))["run"] == run
    text = await bridge.command("readOutput", runId=run["id"], index=0, start=3, length=3)
    assert text == {"text": "the", "total": 12}
    asked: Json = {
        "path": str(path), "mode": "document", "textDocument": document.identifier, "overwrite": True
    }  # fmt: skip
    written = await bridge.command("export", digest=opened["digest"], **asked)
    assert (written["digest"], path.read_text()) == (opened["digest"], json.dumps(NOTEBOOK, indent=1))

    place = document.place_of("print('a')")
    bridge.change(document, (place[0], 0), (place[0], 0), "print('new')\n")
    await bridge.runs(unit="all", textDocument=document.identifier)
    written = await bridge.command("export", digest=opened["digest"], **asked)
    assert written["digest"] != opened["digest"]
    found = json.loads(path.read_text())
    nbformat.validate(nbformat.from_dict(found))
    cell = found["cells"][1]
    assert (cell["id"], cell["metadata"], cell["source"]) == (
        "a", {"tags": ["x"]}, ["print('new')\n", "print('a')"]
    )  # fmt: skip
    assert cell["outputs"] == [{"output_type": "stream", "name": "stdout", "text": ["new\n", "a\n"]}]
    assert [found["cells"][0], found["cells"][2]] == [NOTEBOOK["cells"][0], NOTEBOOK["cells"][2]]

    cell["outputs"][0]["text"] = ["by another program\n"]
    path.write_text(changed := json.dumps(found, indent=1))
    with pytest.raises(ResponseError, match=r"a.ipynb was changed by another program") as failed:
        await bridge.command("export", digest=written["digest"], **asked)
    assert (failed.value.kind, path.read_text()) == ("FileChanged", changed)
    await bridge.command("export", **asked)
    assert path.read_text() == changed, "the run is older than the outputs of the file"


async def test_without_a_history_the_runs_of_the_session_are_written(home: Home) -> None:
    async with editor(home, settings={"history": {"enabled": False}}) as client:
        path = home.work / "a.ipynb"
        path.write_text(json.dumps(NOTEBOOK))
        opened = await client.command("openNotebook", path="a.ipynb")
        document = client.open(opened["text"].replace("'a'", "'b'"), "a.ipynb")
        await client.runs(unit="all", textDocument=document.identifier)
        client.close_document(document)
        document = client.open("# %%\n\n" + document.text, "a.ipynb")
        assert await shown(client, document) == [("print('b')", "b", False)]
        here: Json = {"mode": "document", "textDocument": document.identifier}
        await client.command("export", path="a.ipynb", digest=opened["digest"], **here)
        cell = json.loads(path.read_text())["cells"][-2]
        assert (cell["id"], cell["outputs"][0]["text"]) == ("a", ["b\n"])


async def test_a_notebook_that_cannot_be_opened(bridge: Client) -> None:
    (bridge.home.work / "bad.ipynb").write_text('{"cells": [\n  {"cell_type": }]}')
    with pytest.raises(ResponseError, match=r"bad.ipynb .*line 2, column 17") as failed:
        await bridge.command("openNotebook", path="bad.ipynb")
    assert failed.value.kind == "ExportFailed"
