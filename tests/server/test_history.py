"""The history of runs, and the notebooks made from it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.wire import Json, ResponseError

pytestmark = pytest.mark.asyncio(loop_scope="module")


def read(path: str) -> Json:
    notebook: Json = json.loads(Path(path).read_text(encoding="utf-8"))
    return notebook


async def fails(client: Client, kind: str, name: str, **argument: object) -> ResponseError:
    with pytest.raises(ResponseError) as failed:
        await client.command(name, **argument)
    assert (failed.value.code, failed.value.kind) == (-32803, kind)
    return failed.value


async def test_history_is_newest_first_and_filtered(shared: Client) -> None:
    document = shared.open("'Of_The_Document'", "history.py")
    here: Json = {"kernelId": await shared.kernel(), "textDocument": document.identifier}
    ids = [(await shared.run(code=f"'run {i}'"))["id"] for i in range(3)]
    ids.append((await shared.run(unit="all", **here))["id"])

    async def found(**argument: object) -> list[str]:
        runs = (await shared.command("history", **argument))["runs"]
        assert all("outputs" not in run for run in runs)
        return [run["id"] for run in runs]

    assert await found(kernelId=here["kernelId"], limit=4) == ids[::-1]
    assert await found(limit=2, before=ids[2]) == [ids[1], ids[0]]
    assert await found(text="of_the_DOC") == await found(textDocument=document.identifier) == [ids[3]]
    assert await found(kernelId="no-such-kernel") == []
    await fails(shared, "NoSuchRun", "history", before="no-such-run")


async def test_a_notebook_of_executed_runs(shared: Client) -> None:
    document = shared.open("print('a')\n# %%\nprint('b')\n1 / 0\n# %%\n'never'\n", "notebook.py")
    here: Json = {"kernelId": await shared.kernel(), "textDocument": document.identifier}
    runs = await shared.runs(unit="all", **here)
    answer = await shared.command("export", path="notebook.ipynb", textDocument=document.identifier)
    assert Path(answer["path"]) == shared.home.work / "notebook.ipynb"
    assert (answer["cells"], answer["format"]) == (2, "ipynb")
    notebook = read(answer["path"])
    nbformat.validate(notebook)
    first, second = notebook["cells"]
    assert ["".join(cell["source"]) for cell in notebook["cells"]] == ["print('a')", "print('b')\n1 / 0"]
    assert [cell["execution_count"] for cell in notebook["cells"]] == [
        run["executionCount"] for run in runs[:2]
    ]
    assert first["outputs"] == [{"output_type": "stream", "name": "stdout", "text": ["a\n"]}]
    assert [output["output_type"] for output in second["outputs"]] == ["stream", "error"]
    times = {"iopub.execute_input", "iopub.status.busy", "iopub.status.idle", "shell.execute_reply"}
    assert times <= first["metadata"]["execution"].keys()
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["metadata"]["language_info"]["name"] == "python"

    before = Path(answer["path"]).read_bytes()
    failed = await fails(
        shared, "ExportExists", "export", path=answer["path"], textDocument=document.identifier
    )
    assert answer["path"] in failed.message
    again = await shared.command(
        "export", path=answer["path"], textDocument=document.identifier, overwrite=True
    )
    assert again == answer
    assert Path(answer["path"]).read_bytes() == before

    chosen = await shared.command("export", path="chosen.ipynb", runIds=[runs[1]["id"], runs[0]["id"]])
    assert read(chosen["path"])["cells"] == notebook["cells"]


async def test_a_document_with_the_outputs_of_its_cells(shared: Client) -> None:
    text = "# %% [markdown]\n# Title\n# %%\nprint('a')\n# %%\nx = 1\nprint(x)\n"
    document = shared.open(text, "whole.py")
    here: Json = {"kernelId": await shared.kernel(), "textDocument": document.identifier}
    runs = await shared.runs(unit="all", **here)
    assert [run["unit"] for run in runs] == ["all", "all"]
    shared.change(document, (5, 5), (5, 5), "2")
    answer = await shared.command(
        "export", path="whole.ipynb", mode="document", textDocument=document.identifier
    )
    assert answer["cells"] == 3
    notebook = nbformat.read(answer["path"], as_version=4)
    nbformat.validate(notebook)
    assert [(cell.cell_type, cell.source) for cell in notebook.cells] == [
        ("markdown", "Title"),
        ("code", "print('a')"),
        ("code", "x = 12\nprint(x)"),
    ]
    assert [cell.outputs[0].text for cell in notebook.cells[1:]] == ["a\n", "1\n"]
    changed = [cell.metadata.get("kernel-bridge") for cell in notebook.cells]
    assert changed == [None, None, {"changed": True, "ran": "x = 1\nprint(x)"}]
    with pytest.raises(ResponseError, match="textDocument: is required for mode"):
        await shared.command("export", path="no.ipynb", mode="document")
    failed = await fails(
        shared, "ExportFailed", "export", path="no.ipynb", mode="document", textDocument={"uri": "x:y"}
    )
    assert "y is neither open in the editor nor a file on disk" in failed.message


async def test_runs_are_found_by_state_and_time(shared: Client) -> None:
    before = datetime.now(UTC).isoformat()
    failed = await shared.run(code="1 / 0")
    after = datetime.now(UTC).isoformat()
    await shared.run(code="'later'")

    async def found(**argument: object) -> list[str]:
        return [run["id"] for run in (await shared.command("history", **argument))["runs"]]

    assert await found(since=before, until=after) == [failed["id"]]
    assert await found(since=before, states=["error"]) == [failed["id"]]
    answer = await shared.command("export", path="span.ipynb", since=before, until=after)
    assert answer["cells"] == 1
    with pytest.raises(ResponseError, match="field since: "):
        await shared.command("history", since="yesterday")
    with pytest.raises(ResponseError, match=r"field states\[0\]: expected one of queued, running"):
        await shared.command("history", states=["fine"])


async def test_nothing_to_export(shared: Client) -> None:
    document = shared.open("1 / 0\n# %%\n'never'", "nothing.py")
    here: Json = {"kernelId": await shared.kernel(), "textDocument": document.identifier}
    runs = await shared.runs(unit="all", **here)
    await fails(shared, "NothingToExport", "export", path="no.ipynb", runIds=[runs[1]["id"]])
    await fails(shared, "NothingToExport", "export", path="no.ipynb", kernelId="no-such-kernel")
    await fails(shared, "NoSuchRun", "export", path="no.ipynb", runIds=["no-such-run"])
    await fails(shared, "ExportFailed", "export", path="no/such/folder.ipynb", runIds=[runs[0]["id"]])
    assert not (shared.home.work / "no.ipynb").exists()


@pytest.mark.parametrize(
    ("name", "format", "expected"),
    [("a.py", "py", "# %%"), ("a.md", "md", "```python"), ("a.html", "html", "<html")],
)
async def test_other_formats(shared: Client, name: str, format: str, expected: str) -> None:
    run = await shared.run(code="print('in another format')")
    answer = await shared.command("export", path=name, format=format, runIds=[run["id"]])
    assert answer["format"] == format
    text = Path(answer["path"]).read_text(encoding="utf-8")
    assert expected in text
    assert "in another format" in text


SHOW = "display({'image/gif': 'R0lGODlhAQABAAAAACw=', 'application/x-y': 'z'}, raw=True)"


async def test_pictures_of_a_markdown_export_are_files_or_inline(shared: Client) -> None:
    run = await shared.run(code=SHOW)
    work = shared.home.work
    lost = "[an application/x-y output, which Markdown cannot show; export to .ipynb to keep it]"
    await shared.command("export", path="shown.md", format="md", runIds=[run["id"]])
    (picture,) = (work / "shown_files").iterdir()
    assert picture.read_bytes().startswith(b"GIF89a")
    shown = f"\n\n![](shown_files/{picture.name})\n\n{lost}\n"
    assert (work / "shown.md").read_text() == f"```python\n{SHOW}\n```{shown}"
    target = {"path": "shown.md", "format": "md", "overwrite": True}
    await shared.command("export", **target, media="inline", runIds=[run["id"]])
    assert "![](data:image/gif;base64,R0lGOD" in (work / "shown.md").read_text()
    assert not (work / "shown_files").exists()


async def test_without_a_history_runs_continue(home: Home) -> None:
    async with editor(home, settings={"history": {"enabled": False}}) as client:
        run = await client.run(code="print(1)")
        assert (run["state"], run["outputs"][0]["text"]) == ("ok", "1\n")
        assert (await client.command("getRun", runId=run["id"]))["run"] == run
        await fails(client, "HistoryDisabled", "history")
        await fails(client, "HistoryDisabled", "export", path="a.ipynb")
        await fails(client, "HistoryDisabled", "readOutput", runId=run["id"], index=0, start=0, length=1)
        await fails(client, "NoSuchRun", "getRun", runId="no-such-run")
    assert not list(home.path.rglob("history.db"))


async def test_runs_of_an_earlier_session_are_available(home: Home) -> None:
    async with editor(home) as client:
        before = await client.run(code="print('kept')\n1")
        path = (await client.command("export", path="first.ipynb"))["path"]
    async with editor(home) as client:
        answer = await client.command("getRun", runId=before["id"])
        assert answer == {"run": before, "seq": 0}
        assert (await client.command("cancelRun", runId=before["id"]))["run"]["state"] == "ok"
        again = (await client.command("export", path="second.ipynb"))["path"]
        assert Path(again).read_bytes() == Path(path).read_bytes()


async def test_the_running_run_of_a_killed_bridge_is_lost(home: Home) -> None:
    async with editor(home) as client:
        code = "import time\nprint('received', flush=True)\nwhile True: time.sleep(0.01)"
        run = await client.run(code=code, wait=False)
        queued = await client.run(code="1", wait=False)
        await client.until_text(run["id"], "received")
        await client.command("history")  # everything reported so far is written
        client.process.kill()
        await client.ended(exit_code=-9, gone_within_s=10)
    async with editor(home) as client:
        answer = (await client.command("getRun", runId=run["id"]))["run"]
        assert (answer["state"], answer["outputs"][0]["text"]) == ("lost", "received\n")
        assert answer["reason"]
        assert answer["summary"] == {"text": answer["reason"], "state": "lost"}
        listed = (await client.command("history"))["runs"]
        assert [(found["id"], found["state"]) for found in listed[:2]] == [
            (queued["id"], "lost"),
            (run["id"], "lost"),
        ]
        assert (await client.command("export", path="lost.ipynb"))["cells"] == 1


DEEP = """
value = 1
for level in range({levels}):
    value = [value] if level % 2 else {{"a": value}}
import sys
sys.setrecursionlimit(100_000)
get_ipython().display_pub.publish({{"application/json": value, "text/plain": "deep"}}, {{"deep": value}})
"""


@pytest.mark.parametrize("levels", [300, 600, 840, 900, 960, 990, 5000])
async def test_json_of_any_depth_is_shown_stored_and_exported(shared: Client, levels: int) -> None:
    """This test must not recurse, and json.loads has a depth limit too."""
    run = await shared.run(code=DEEP.format(levels=levels))
    (output,) = run["outputs"]
    assert output["data"]["text/plain"] == "deep"
    text = depth_of(output["data"]["application/json"])
    assert text == depth_of(output["metadata"]["deep"]) == levels
    assert (await shared.command("getRun", runId=run["id"]))["run"]["outputs"] == [output]
    for format in ("ipynb", "md", "html"):
        target = {"path": f"deep-{levels}.{format}", "format": format, "overwrite": True}
        result = await shared.command("export", runIds=[run["id"]], **target)
        if format == "ipynb":
            (cell,) = nbformat.read(result["path"], as_version=4).cells
            assert depth_of(cell.outputs[0].data["application/json"]) == levels
            nbformat.validate(nbformat.read(result["path"], as_version=4))


def depth_of(value: object) -> int:
    """The number of levels around its 1, including those in the text that replaces deeper levels."""
    levels = 0
    while value != 1:
        if isinstance(value, str):
            assert value.strip('[]{}"a: ') == "1"
            return levels + value.count("[") + value.count("{")
        (value,) = value.values() if isinstance(value, dict) else value  # type: ignore[attr-defined]
        levels += 1
    return levels
