"""Interrupting a kernel at any moment, and the outcome."""

import asyncio

import pytest

from tests.server.client import REQUEST_CANCELLED, Client
from tests.server.wire import Json, ResponseError

pytestmark = pytest.mark.asyncio(loop_scope="module")

GO = "print('go', flush=True)"
SLEEP = f"import time\n{GO}\ntime.sleep(100)"


async def interrupt(client: Client, code: str, **options: str | bool) -> tuple[str, Json]:
    """Run the code and interrupt it. Return the outcome and the run, still running if it was ignored."""
    run = await client.run(code=code, wait=False, **options)
    await client.until_text(run["id"], "go")
    outcome = (await client.command("interruptKernel", kernelId=run["kernelId"]))["outcome"]
    return outcome, client.mirror.runs[run["id"]]


@pytest.mark.parametrize(
    "code",
    [
        SLEEP,
        f"{GO}\nwhile True: pass",
        f"import ctypes\n{GO}\nctypes.CDLL(None).sleep(100)",
        f"import subprocess\n{GO}\nsubprocess.run(['sleep', '100'])",
        f"import asyncio\n{GO}\nawait asyncio.sleep(100)",
        f"import threading\n{GO}\nthreading.Event().wait()",
    ],
)
async def test_running_code_is_interrupted(shared: Client, code: str) -> None:
    outcome, run = await interrupt(shared, code)
    assert (outcome, run["state"]) == ("interrupted", "error")
    assert run["error"]["ename"] in ("KeyboardInterrupt", "CancelledError")
    assert (run["interrupted"], run["summary"]["state"]) == (True, "interrupted")
    assert "degraded" not in run
    assert (await shared.run(code="1"))["state"] == "ok"


@pytest.mark.parametrize("silent", [False, True])
async def test_an_interrupt_right_after_the_run_is_not_lost(shared: Client, silent: bool) -> None:
    kernel = await shared.kernel()
    for _ in range(5):
        asked = shared.call_command(
            "run", code="import time\ntime.sleep(100)", kernelId=kernel, silent=silent
        )
        outcome = await shared.command("interruptKernel", kernelId=kernel)
        assert outcome == {"outcome": "interrupted"}
        (run,) = (await asked)["runs"]
        ended = await shared.until_ended(run["id"])
        assert (ended["state"], ended["error"]["ename"]) == ("error", "KeyboardInterrupt")


async def test_interrupting_an_idle_kernel_succeeds(shared: Client) -> None:
    kernel = await shared.kernel()
    assert await shared.command("interruptKernel", kernelId=kernel) == {"outcome": "interrupted"}
    assert (await shared.run(code="1"))["state"] == "ok"


async def test_code_that_continues_after_an_interrupt(shared: Client) -> None:
    """The kernel receives one interrupt, not several, because it may be cleaning up."""
    code = f"""
caught = 0
import threading
end = threading.Event()
{GO}
while not end.is_set():
    try:
        end.wait()
    except KeyboardInterrupt:
        caught += 1
        print("caught", caught, flush=True)
        threading.Timer(0.3, end.set).start()
print("cleaned up")
"""
    outcome, run = await interrupt(shared, code)
    assert (outcome, run["state"]) == ("interrupted", "ok")
    assert shared.mirror.text(run["id"]) == "go\ncaught 1\ncleaned up\n"


async def test_code_that_ignores_interrupts(shared: Client) -> None:
    stop = shared.home.work / "stop"
    code = f"""
import os, signal, time
before = signal.signal(signal.SIGINT, signal.SIG_IGN)
{GO}
while not os.path.exists({str(stop)!r}):
    time.sleep(0.01)
signal.signal(signal.SIGINT, before)
"""
    run = await shared.run(code=code, wait=False)
    await shared.until_text(run["id"], "go")
    cancel = shared.call_command("cancelRun", runId=run["id"])
    assert await shared.command("interruptKernel", kernelId=run["kernelId"]) == {"outcome": "ignored"}
    assert (await asyncio.wait_for(cancel.answer, 30))["run"]["state"] == "running"
    stop.touch()
    assert (await shared.until_ended(run["id"]))["state"] == "ok"


async def test_a_kernel_that_dies_of_an_interrupt(shared: Client) -> None:
    kernel = await shared.command("startKernel", spec="python3")
    code = f"import signal, os\nsignal.signal(signal.SIGINT, lambda *_: os._exit(3))\n{SLEEP}"
    outcome, run = await interrupt(shared, code, kernelId=kernel["id"])
    assert (outcome, run["state"]) == ("died", "lost")
    assert "exit code 3" in run["reason"]
    assert (await shared.until_kernel(kernel["id"], "dead"))["reason"] == run["reason"]


async def test_requests_during_an_interrupt_are_answered(shared: Client) -> None:
    code = (
        f"{GO}\nwhile True:\n    try:\n        input('?')\n        break\n    except KeyboardInterrupt: pass"
    )
    asked: list[asyncio.Future[str]] = []

    async def answer(_: str) -> str:
        asked.append(asyncio.get_running_loop().create_future())
        return await asked[-1]

    def questions() -> int:
        ours = [m for m in shared.messages if m.get("method") == "kernel-bridge/stdin"]
        return len([m for m in ours if m["params"]["runId"] == run["id"]])

    shared.stdin = answer
    run = await shared.run(code=code, wait=False)
    await shared.until_true(lambda: questions() == 1)
    first = shared.call_command("interruptKernel", kernelId=run["kernelId"])
    await shared.until_true(lambda: questions() == 2)
    assert (await shared.command("getRun", runId=run["id"]))["run"]["state"] == "running"
    assert not first.answer.done()
    asked[-1].set_result("")
    assert await first == {"outcome": "interrupted"}
    assert (await shared.until_ended(run["id"]))["state"] == "ok"


async def test_an_interrupt_cancels_statements_that_wait_for_the_kernel(shared: Client) -> None:
    kernel = await shared.kernel()
    document = shared.open("(1 +\n 2)\n3\n", language_id="nim")
    await shared.command("bindKernel", textDocument=document.identifier, kernelId=kernel)
    run = await shared.run(code=SLEEP, wait=False)
    await shared.until_text(run["id"], "go")
    named: Json = {"textDocument": document.identifier, "unit": "statement"}
    asked = [shared.call_command("run", position={"line": line, "character": 0}, **named) for line in (0, 2)]
    await shared.command("interruptKernel", kernelId=kernel)
    for call in asked:
        with pytest.raises(ResponseError, match="not run: the kernel's queue was cleared") as raised:
            await call
        assert raised.value.code == REQUEST_CANCELLED
    assert (await shared.run(**named, position={"line": 2, "character": 0}))["source"] == "3"
