"""Kernels, editors and files that misbehave: the session survives."""

import asyncio
import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.wire import ResponseError

pytestmark = pytest.mark.slow

shared_loop = pytest.mark.asyncio(loop_scope="module")


@shared_loop
@pytest.mark.parametrize(
    "code",
    [
        r"print('\ud800 half')",
        r"print('\x00\x1b[31m\x7f\u2028 control')",
        r"'\ud83d'",
        "from IPython.display import display; display({'text/plain': 1, 'a/b': float('nan')}, raw=True)",
        "x = '\ud83d\ude00'; print(x)",
    ],
)
async def test_any_text_reaches_the_editor_and_the_history(shared: Client, code: str) -> None:
    kernel = await shared.kernel()
    body = json.dumps(
        {
            "jsonrpc": "2.0",
            "id": f"text {code!r}",
            "method": "workspace/executeCommand",
            "params": {
                "command": "kernel-bridge.run",
                "arguments": [{"code": code, "kernelId": kernel, "wait": True}],
            },
        }
    ).encode()  # ASCII, with \\u escapes
    shared.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    answer = await shared.until(lambda message: message.get("id") == f"text {code!r}")
    (run,) = answer["result"]["runs"]
    assert run["state"] in ("ok", "error")
    got = await shared.command("getRun", runId=run["id"])
    assert got["run"]["outputs"] == run["outputs"]
    exported = await shared.command("export", path="text.ipynb", runIds=[run["id"]], overwrite=True)
    assert exported["cells"] == 1
    json.loads(Path(exported["path"]).read_text())


@shared_loop
async def test_a_lone_surrogate_in_the_source_is_replaced(shared: Client) -> None:
    """Editors that store UTF-16 can send half a character, which UTF-8 cannot encode."""
    kernel = await shared.kernel()
    argument = {"code": "len('A')", "kernelId": kernel, "wait": True}
    params = {"command": "kernel-bridge.run", "arguments": [argument]}
    body = json.dumps(
        {"jsonrpc": "2.0", "id": "half", "method": "workspace/executeCommand", "params": params}
    )
    half = body.replace("'A'", "'\\ud83d'").encode()
    shared.send_bytes(b"Content-Length: %d\r\n\r\n" % len(half) + half)
    (run,) = (await shared.until(lambda message: message.get("id") == "half"))["result"]["runs"]
    assert run["source"] == "len('\ufffd')"
    assert run["outputs"][0]["data"] == {"text/plain": "1"}


IOPUB_ASLEEP = """\
import sys, time
thread = sys.stdout.pub_thread
sys.stdout.flush_timeout = sys.stderr.flush_timeout = 0.2
def pause(): time.sleep(0.1)
def fail(): raise RuntimeError
def say(): thread.schedule(int), time.sleep(0.1)
for event in (pause, int, fail, say, fail):
    thread.schedule(event)
print("printed late")
"""


async def test_a_kernel_whose_iopub_is_stuck_is_woken(bridge: Client) -> None:
    """An exception in ipykernel's iopub thread, such as for text that UTF-8 cannot encode, can stall it."""
    run = await bridge.run(code=IOPUB_ASLEEP, kernelId=await bridge.kernel())
    assert (run["state"], "degraded" in run) == ("ok", False)
    await bridge.until_text(run["id"], "printed late\n")


@shared_loop
@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("import os; os._exit(7)", "exit code 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("import os; os.write(2, b'out of luck'); os.abort()", "out of luck"),
    ],
)
async def test_a_dying_kernel_ends_only_its_own_runs(shared: Client, code: str, part: str) -> None:
    kernel = (await shared.command("startKernel", spec="python3"))["id"]
    other = await shared.kernel()
    document = shared.open(f"{code}\n# %%\n2\n")
    runs = await shared.runs(unit="all", textDocument=document.identifier, kernelId=kernel)
    assert [run["state"] for run in runs] == ["lost", "cancelled"]
    assert part in runs[0]["reason"]
    dead = await shared.until_kernel(kernel, "dead")
    assert part in dead["reason"]
    assert not Path(dead["connectionFile"]).exists()
    assert (await shared.run(code="1", kernelId=other))["state"] == "ok"


@shared_loop
async def test_a_dead_bound_kernel_is_reported(shared: Client) -> None:
    document = shared.open("import os; os._exit(1)", name="bound.py")
    run = await shared.run(unit="all", textDocument=document.identifier)
    assert run["state"] == "lost"
    with pytest.raises(ResponseError, match="startKernel") as caught:
        await shared.command("run", unit="all", textDocument=document.identifier)
    assert caught.value.kind == "KernelDead"


async def test_an_editor_that_stops_reading_loses_nothing(bridge: Client) -> None:
    """Meanwhile the kernel keeps running, pending messages are bounded, and requests are handled."""
    done = bridge.home.work / "done"
    code = f"for i in range(30_000): print(i, flush=i % 100 == 0)\nopen({str(done)!r}, 'w').close()"
    run = await bridge.run(code=code, wait=False)
    await bridge.until_state(run["id"], "running")
    bridge.reading.clear()
    kernel = bridge.mirror.kernels[run["kernelId"]]
    after = bridge.call_command("run", code="import os; os._exit(0)", kernelId=kernel["id"])
    await asyncio.to_thread(psutil.Process(kernel["pid"]).wait, 60)
    assert done.exists()
    assert psutil.Process(bridge.process.pid).memory_info().rss < 400_000_000
    bridge.reading.set()
    await after
    assert (await bridge.until_ended(run["id"]))["state"] == "ok"
    got = (await bridge.command("getRun", runId=run["id"]))["run"]["outputs"]
    whole = "".join(f"{i}\n" for i in range(30_000))
    read = await bridge.command("readOutput", runId=run["id"], index=0, start=0, length=len(whole))
    assert (read["text"] == whole, read["total"]) == (True, len(whole))
    assert whole.startswith(got[0]["text"])


async def test_a_stopped_kernel_does_not_stop_the_session(home: Home) -> None:
    """After SIGSTOP, the kernel does not respond. It ignores the interrupt, and the shutdown kills it."""
    async with editor(home) as client:
        kernel = await client.command("startKernel", spec="python3")
        run = await client.run(code="import time; time.sleep(1000)", kernelId=kernel["id"], wait=False)
        await client.until_state(run["id"], "running")
        os.kill(kernel["pid"], signal.SIGSTOP)
        outcome = await client.command("interruptKernel", kernelId=kernel["id"])
        assert outcome == {"outcome": "ignored"}
        assert (await client.run(code="1"))["state"] == "ok"
        await client.command("shutdownKernel", kernelId=kernel["id"])
        assert not psutil.pid_exists(kernel["pid"])
        assert client.mirror.runs[run["id"]]["state"] == "lost"
