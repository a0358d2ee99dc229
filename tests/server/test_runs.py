"""A run: its fields, its states, and the order of its notifications."""

import asyncio

import pytest

from tests.outputs import stream
from tests.server.client import Client
from tests.server.wire import Call, Json, ResponseError

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOOP = "import time\nprint('go', flush=True)\nwhile True: time.sleep(0.01)"


async def cancelled(call: Call) -> None:
    """Assert that the request fails as cancelled."""
    with pytest.raises(ResponseError, match="-32800"):
        await asyncio.wait_for(call.answer, 30)


def of_run(client: Client, run_id: str) -> list[str]:
    """The messages about a run, in order: its states, "output", and "answer" for a response.

    The kernel may publish a line in two parts: successive outputs count as one.
    """
    events = []
    for message in client.messages:
        params = message.get("params", {})
        if message.get("method") == "kernel-bridge/run" and params["run"]["id"] == run_id:
            events.append(params["run"]["state"])
        elif message.get("method") == "kernel-bridge/output" and params["runId"] == run_id:
            events += ["output"] if events[-1:] != ["output"] else []
        elif "result" in message and run_id in str(message["result"]):
            events.append("answer")
    return events


async def test_a_run_reports_its_source_and_its_times(shared: Client) -> None:
    document = shared.open("# %%\nx = 1\n# %%\nx\n", "whence.py")
    await shared.command("bindKernel", textDocument=document.identifier, kernelId=await shared.kernel())
    shared.change(document, (3, 0), (3, 1), "x + 1")
    where: Json = {"textDocument": document.identifier, "position": document.position(3)}
    run = await shared.run(unit="cell", **where)
    assert run["textDocument"] == {"uri": document.uri, "version": 2}
    assert (run["range"]["start"]["line"], run["source"].strip()) == (3, "x + 1")
    assert (run["origin"], run["epoch"], run["kernelId"]) == ("bridge", 1, await shared.kernel())
    assert run["queuedAt"] <= run["startedAt"] <= run["endedAt"]
    assert {run[name][-1] for name in ("queuedAt", "startedAt", "endedAt")} == {"Z"}
    assert run.keys().isdisjoint(("reason", "nextInput", "degraded"))


@pytest.mark.parametrize(
    ("code", "text", "state"),
    [
        ("print('a')\nprint('b')", "a … (2 lines)", "ok"),
        ("print('a')\n6 * 7", "42", "ok"),
        ("pass", "", "ok"),
        ("raise ValueError('no\\nway')", "ValueError: no way", "error"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", "error"),
    ],
)
async def test_a_run_has_a_summary(shared: Client, code: str, text: str, state: str) -> None:
    queued = await shared.run(code=code, wait=False)
    assert queued["summary"] == {"text": "", "state": "queued"}
    summary = (await shared.until_ended(queued["id"]))["summary"]
    assert (summary["text"], summary["state"], summary["duration"][-1]) == (text, state, "s")
    assert (await shared.command("getRun", runId=queued["id"]))["run"]["summary"] == summary
    (past,) = (await shared.command("history", kernelId=queued["kernelId"], limit=1))["runs"]
    assert past["summary"] == summary


async def test_the_response_precedes_notifications_about_its_runs(shared: Client) -> None:
    run = await shared.run(code="print(1)\nprint(2)\n3", wait=False)
    assert run["state"] == "queued"
    assert run.keys().isdisjoint(("startedAt", "endedAt", "outputs", "executionCount"))
    await shared.until_ended(run["id"])
    events = of_run(shared, run["id"])
    assert events[:3] == ["answer", "queued", "running"]
    assert set(events[3:-1]) == {"output"}
    assert events[-1] == "ok"


async def test_wait_is_answered_when_all_runs_have_ended(shared: Client) -> None:
    document = shared.open(
        "print(1)\n# %%\nprint(2)\n# %% [markdown]\n# text\n# %%\n\n# %%\nprint(3)\n", "wait.py"
    )
    both: Json = {"kernelId": await shared.kernel(), "textDocument": document.identifier}
    runs = await shared.runs(unit="all", **both)
    assert [run["outputs"] for run in runs] == [[stream("1\n")], [stream("2\n")], [stream("3\n")]]
    assert [run["state"] for run in runs] == ["ok", "ok", "ok"]
    for run in runs:
        assert of_run(shared, run["id"]) == ["queued", "running", "output", "ok", "answer"]
    with pytest.raises(ResponseError) as failed:  # `kernelId` did not bind the document
        await shared.command("interruptKernel", textDocument=document.identifier)
    assert failed.value.kind == "NoSuchKernel"


async def test_a_late_client_continues_from_get_run(shared: Client) -> None:
    run = await shared.run(code=LOOP, wait=False)
    await shared.until_text(run["id"], "go")
    answer = await shared.command("getRun", runId=run["id"])
    assert answer["run"]["state"] == "running"
    assert answer["seq"] == shared.mirror.seq[run["id"]] == 1
    assert answer["run"]["outputs"] == shared.mirror.outputs[run["id"]] == [stream("go\n")]
    await shared.command("cancelRun", runId=run["id"])
    answer = await shared.command("getRun", runId=run["id"])
    assert answer["seq"] == shared.mirror.seq[run["id"]] == 2
    assert answer["run"]["outputs"] == shared.mirror.outputs[run["id"]]
    assert [output["output_type"] for output in answer["run"]["outputs"]] == ["stream", "error"]


async def test_get_run_of_an_unknown_run(shared: Client) -> None:
    with pytest.raises(ResponseError, match="no-such-id") as failed:
        await shared.command("getRun", runId="no-such-id")
    assert (failed.value.code, failed.value.kind) == (-32803, "NoSuchRun")


async def test_cancelling_a_request_ends_only_its_own_runs(shared: Client) -> None:
    document = shared.open(f"{LOOP}\n# %%\n1\n# %%\n2\n", "cancelled.py")
    both: Json = {"kernelId": await shared.kernel(), "textDocument": document.identifier}
    call = shared.call_command("run", unit="all", wait=True, stopOnError=False, **both)
    other = await shared.run(code="'other'", wait=False)
    since = len(shared.messages)
    await shared.until_true(lambda: any("go" in shared.mirror.text(id) for id in shared.mirror.runs))
    shared.cancel(call)
    await cancelled(call)
    answered = next(i for i, message in enumerate(shared.messages) if message.get("id") == call.id)
    ours = [
        run for run in shared.mirror.runs.values() if run.get("textDocument", {}).get("uri") == document.uri
    ]
    assert [run["state"] for run in ours] == ["error", "cancelled", "cancelled"]
    assert ours[0]["error"]["ename"] == "KeyboardInterrupt"
    ends = [
        i
        for i, message in enumerate(shared.messages)
        if message.get("method") == "kernel-bridge/run"
        and message["params"]["run"]["id"] in [run["id"] for run in ours]
    ]
    assert since <= max(ends) < answered
    assert (await shared.until_ended(other["id"]))["state"] == "ok"


async def test_cancelling_a_queued_request_does_not_affect_the_running_one(shared: Client) -> None:
    running = await shared.run(code=LOOP, wait=False)
    await shared.until_text(running["id"], "go")
    call = shared.call_command("run", code="1", wait=True, kernelId=await shared.kernel())
    shared.cancel(call)
    await cancelled(call)
    assert shared.mirror.states[running["id"]] == ["queued", "running"]
    await shared.command("interruptKernel", kernelId=await shared.kernel())


async def test_silent_runs_leave_no_trace(shared: Client) -> None:
    before = await shared.run(code="1")
    run = await shared.run(code="print('quiet')\n'nothing'", silent=True)
    assert (run["state"], run["outputs"]) == ("ok", [stream("quiet\n")])
    assert (await shared.run(code="_"))["executionCount"] == before["executionCount"] + 1
    recorded = await shared.command("history", kernelId=await shared.kernel(), text="quiet")
    assert recorded["runs"] == []
    failed = await shared.run(code="1 / 0", silent=True)
    assert (failed["state"], failed["error"]["ename"]) == ("error", "ZeroDivisionError")


async def test_runs_without_store_history_are_still_in_our_history(shared: Client) -> None:
    before = await shared.run(code="1")
    run = await shared.run(code="'unstored'", storeHistory=False)
    assert run["outputs"][0]["data"] == {"text/plain": "'unstored'"}
    inputs = await shared.run(code='any("\'unsto" + "red\'" in line for line in In)')
    assert inputs["outputs"][0]["data"] == {"text/plain": "False"}
    assert inputs["executionCount"] == before["executionCount"] + 1
    recorded = await shared.command("history", kernelId=await shared.kernel(), text="'UNSTORED'")
    assert [found["id"] for found in recorded["runs"]] == [run["id"]]


async def test_the_kernel_proposes_the_next_input(shared: Client) -> None:
    run = await shared.run(code="get_ipython().set_next_input('a = 1')")
    assert (run["nextInput"], run["outputs"]) == ("a = 1", [])


async def test_output_after_the_end_belongs_to_its_run(shared: Client) -> None:
    late = """
import threading
go = threading.Event()
kernel = get_ipython().kernel
parent = kernel.get_parent("shell")
def say():
    go.wait()
    kernel.session.send(kernel.iopub_socket, "stream", {"name": "stdout", "text": "late"}, parent=parent)
thread = threading.Thread(target=say)
thread.start()
"""
    first = await shared.run(code=late)
    second = await shared.run(code="go.set(); thread.join(); print('now')")
    await shared.until_text(first["id"], "late")
    assert shared.mirror.outputs[first["id"]] == [stream("late")]
    assert second["outputs"] == [stream("now\n")]
    assert of_run(shared, first["id"]) == ["queued", "running", "ok", "answer", "output"]
    answer = await shared.command("getRun", runId=first["id"])
    assert (answer["seq"], answer["run"]["outputs"]) == (1, [stream("late")])
    recorded = await shared.command("readOutput", runId=first["id"], index=0, start=0, length=10)
    assert recorded == {"text": "late", "total": 4}


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("1 / 0", 0),
        ("a = 1\n\n'🙂🙂'; 1 / 0", 2),
        ("def f():\n    return 1 / 0\nf()", 1),
        ("import json\n\njson.loads('{')", 2),
        ("x = 1\nif x\n    pass", 1),
        ("try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError", 3),
    ],
)
@pytest.mark.parametrize("options", [{}, {"storeHistory": False}, {"silent": True}])
async def test_an_error_names_the_line_of_the_document(
    shared: Client, code: str, line: int, options: Json
) -> None:
    document = shared.open(f"# %% 🙂 one\nx = '🙂'\n\n# %% two\n{code}\n# %%\n", f"error-{hash(code)}.py")
    both: Json = {"kernelId": await shared.kernel(), "textDocument": document.identifier}
    run = await shared.run(unit="cell", position=document.position(4), **both, **options)
    assert (run["state"], run["error"]["line"]) == ("error", 4 + line)


async def test_an_error_of_plain_code_has_no_line(shared: Client) -> None:
    run = await shared.run(code="1 / 0")
    assert run["error"].keys() == {"ename", "evalue", "traceback"}
    assert run["outputs"][0] == {"output_type": "error", **run["error"]}


async def test_an_error_in_a_function_of_another_run_is_at_the_call(shared: Client) -> None:
    document = shared.open("def g():\n\n\n    1 / 0\n# %%\ng()\n", "two.py")
    both: Json = {"kernelId": await shared.kernel(), "textDocument": document.identifier}
    runs = await shared.runs(unit="all", **both)
    assert runs[1]["error"]["line"] == 5


async def test_runs_of_a_detached_kernel_remain_available(shared: Client) -> None:
    kernel = (await shared.command("startKernel", spec="python3"))["id"]
    run = await shared.run(code="print(1)", silent=True, kernelId=kernel)
    await shared.command("detachKernel", kernelId=kernel)
    assert (await shared.command("getRun", runId=run["id"]))["run"] == run
    await shared.command("attachKernel", kernelId=kernel)
    assert (await shared.command("getRun", runId=run["id"]))["run"] == run
    await shared.command("shutdownKernel", kernelId=kernel)
