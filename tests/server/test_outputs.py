"""Outputs of a kernel reach the editor unchanged, by response and by notification."""

from pathlib import Path

import pytest

from tests.home import Home
from tests.outputs import display, stream
from tests.server.client import Client, editor
from tests.server.mirror import apply
from tests.server.wire import Json, ResponseError

pytestmark = pytest.mark.asyncio(loop_scope="module")

DISPLAY = "from IPython.display import clear_output, display, update_display\n"


async def check(client: Client, code: str, expected: list[Json]) -> Json:
    """Run the code. Assert its outputs in the response, the notifications and getRun. Return the run."""
    run = await client.run(code=DISPLAY + code)
    assert run["outputs"] == expected
    answer = await client.command("getRun", runId=run["id"])
    assert answer["run"] == run
    await client.until_true(lambda: client.mirror.seq.get(run["id"], 0) == answer["seq"])
    assert client.mirror.outputs.get(run["id"], []) == expected
    return run


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", []),
        ("print('a'); print('b')", [stream("a\nb\n")]),
        (
            "import sys\nprint('a', flush=True)\nprint('b', file=sys.stderr, flush=True)\nprint('c')",
            [stream("a\n"), stream("b\n", "stderr"), stream("c\n")],
        ),
        ("print('50%', end='\\r', flush=True)\nprint('99%')", [stream("99%\n")]),
        ("print('a', flush=True)\nclear_output()\nprint('b')", [stream("b\n")]),
        ("display(1)\nclear_output(wait=True)\nprint('b', flush=True)\nprint('c')", [stream("b\nc\n")]),
        ("display(1)\nclear_output(wait=True)", [display("1")]),
        ("display(1)\ndisplay(2)\nclear_output()", []),
        ("h = display(1, display_id=True)\ndisplay(2)\nh.update(3)", [display("3"), display("2")]),
        (
            "display(1, display_id='x')\ndisplay(2, display_id='x')\nupdate_display(3, display_id='x')",
            [display("3")] * 2,
        ),
        ("update_display(1, display_id='nothing')", []),
    ],
)
async def test_outputs(shared: Client, code: str, expected: list[Json]) -> None:
    await check(shared, code, expected)


async def test_a_result_has_its_data_metadata_and_count(shared: Client) -> None:
    code = """
class Rich:
    def _repr_html_(self): return "<b>b</b>", {"isolated": True}
    def __repr__(self): return "rich"
Rich()"""
    run = await shared.run(code=code)
    assert run["outputs"] == [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "rich", "text/html": "<b>b</b>"},
            "metadata": {"text/html": {"isolated": True}},
            "execution_count": run["executionCount"],
        }
    ]


async def test_a_display_is_updated_in_every_run_that_shows_it(shared: Client) -> None:
    first = await check(shared, "_ = display(1, display_id='across')", [display("1")])
    second = await check(
        shared, "print('s'); _ = display(2, display_id='across')", [stream("s\n"), display("2")]
    )
    third = await check(shared, "update_display(3, display_id='across')", [])
    await shared.until_true(lambda: shared.mirror.outputs[second["id"]][1] == display("3"))
    assert shared.mirror.outputs[first["id"]] == [display("3")]
    for run, expected in ((first, [display("3")]), (second, [stream("s\n"), display("3")]), (third, [])):
        answer = await shared.command("getRun", runId=run["id"])
        assert answer["run"]["outputs"] == expected
    path = (await shared.command("export", path="across.ipynb", runIds=[first["id"]]))["path"]
    assert "transient" not in Path(path).read_text(encoding="utf-8")


async def test_a_display_is_updated_without_a_run(shared: Client) -> None:
    """For example, by the callback of a widget, whose parent is a comm message."""
    first = await check(shared, "_ = display(1, display_id='comm')", [display("1")])
    code = """
kernel = get_ipython().kernel
parent = {"header": {"msg_id": "of-a-widget", "msg_type": "comm_msg"}}
content = {"data": {"text/plain": "'by a widget'"}, "metadata": {}, "transient": {"display_id": "comm"}}
_ = kernel.session.send(kernel.iopub_socket, "update_display_data", content, parent=parent)
"""
    await check(shared, code, [])
    await shared.until_true(lambda: shared.mirror.outputs[first["id"]] == [display("'by a widget'")])


async def test_help_is_shown_as_an_output(shared: Client) -> None:
    run = await shared.run(code="print?")
    (output,) = run["outputs"]
    assert (run["state"], output["output_type"]) == ("ok", "display_data")
    assert "Prints the values to a stream" in output["data"]["text/plain"]
    assert shared.mirror.outputs[run["id"]] == run["outputs"]


async def test_the_first_notification_starts_from_no_outputs(shared: Client) -> None:
    """Rebuilds the outputs from the notifications of a single run."""
    run = await shared.run(code="for i in range(500): print(i, flush=i % 7 == 0)\n1")
    outputs: list[Json] = []
    seqs = []
    for message in shared.messages:
        if message.get("method") == "kernel-bridge/output" and message["params"]["runId"] == run["id"]:
            assert message["params"]["kernelId"] == run["kernelId"]
            seqs.append(message["params"]["seq"])
            apply(outputs, message["params"]["changes"])
    assert seqs == list(range(1, len(seqs) + 1))
    assert outputs == run["outputs"]


async def test_over_the_budget(home: Home) -> None:
    async with editor(home, settings={"outputBudget": 100}) as client:
        line = "0123456789" * 10  # one byte too many, with its newline
        run = await client.run(code=f"print({line!r}, flush=True)")
        (output,) = run["outputs"]
        assert output == stream(line) | {"elided": {"omitted": 1, "tail": "\n", "lines": 1}}
        code = "import sys\nfor i in range(3000): print(f'{i:04}é', flush=i % 100 == 99)\n"
        run = await client.run(code=code + "print('e', file=sys.stderr)\n'result'")
        whole = "".join(f"{i:04}é\n" for i in range(3000))
        out, err, result = run["outputs"]
        assert whole.startswith(out["text"])
        assert 97 <= len(out["text"].encode()) <= 100
        assert len(out["elided"]["tail"].encode()) <= 4096
        assert whole.endswith(out["elided"]["tail"])
        assert len(out["text"].encode()) + out["elided"]["omitted"] == len(whole.encode())
        assert out["text"].count("\n") + out["elided"]["lines"] == whole.count("\n")
        assert err == stream("", "stderr") | {"elided": {"omitted": 2, "tail": "e\n", "lines": 1}}
        assert result["data"] == {"text/plain": "'result'"}
        answer = await client.command("getRun", runId=run["id"])
        await client.until_true(lambda: client.mirror.seq[run["id"]] == answer["seq"])
        assert answer["run"]["outputs"] == run["outputs"] == client.mirror.outputs[run["id"]]

        everything = await client.command("readOutput", runId=run["id"], index=0, start=0, length=10**6)
        assert everything == {"text": whole, "total": len(whole)}
        middle = await client.command("readOutput", runId=run["id"], index=0, start=9001, length=7)
        assert middle == {"text": whole[9001:9008], "total": len(whole)}
        with pytest.raises(ResponseError) as failed:
            await client.command("readOutput", runId=run["id"], index=2, start=0, length=1)
        assert failed.value.code == -32602

        code = "for i in range(2000): print(f'\\r{i:04}', end='', flush=True)"
        run = await client.run(code=code)
        assert run["outputs"] == [stream("1999")]
        run = await client.run(code=f"{DISPLAY}print('x' * 200, flush=True)\nclear_output()\nprint('y')")
        assert run["outputs"] == [stream("y\n")]

        settings = {"kernel-bridge": {"outputBudget": 1000}}
        client.notify("workspace/didChangeConfiguration", {"settings": settings})
        run = await client.run(code="print('z' * 500)")
        assert run["outputs"] == [stream("z" * 500 + "\n")]
