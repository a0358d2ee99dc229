"""Results come back: the runs of a document, of this session and of earlier ones, where their code is now."""

import asyncio
import re

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.documents import Document
from tests.server.wire import Json

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
