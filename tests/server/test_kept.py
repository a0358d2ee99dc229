"""Kept kernels: an editor leaves, the recorder follows, and the next editor finds everything in place."""

import asyncio
from pathlib import Path

import psutil
import pytest

from tests.fuzz.invariants import queued_violations
from tests.home import Home, install_bash_kernel, install_fake_kernel
from tests.server.kept import ended, finish, recorded, text_of, visit

pytestmark = pytest.mark.slow


def until(path: Path) -> str:
    """Code that waits for a file."""
    return f"import os, time\nwhile not os.path.exists({str(path)!r}): time.sleep(0.01)\n"


async def waits_for(value: str, prompts: list[str], prompt: str) -> str:
    prompts.append(prompt)
    return value


async def never(_: str) -> str | None:
    await asyncio.Event().wait()
    return None


async def test_runs_prompts_and_bindings_outlive_the_editor(home: Home) -> None:
    go = home.work / "go"
    async with visit(home, stdin=never) as client:
        document = client.open("answer = input('name? ')\n" + until(go) + "print('hello', answer)\n1 / 0\n")
        run = await client.run(textDocument=document.identifier, unit="all", wait=False)
        stopped = await client.run(textDocument=document.identifier, code="'never'", wait=False)
        await client.until(lambda message: message.get("method") == "kernel-bridge/stdin")
        kernel = run["kernelId"]
    async with visit(home, stdin=None) as client:  # it cannot ask, as a client without stdin
        listed = await recorded(client, kernel)
        assert (listed["queued"], listed["documents"], listed["state"]) == (1, [document.uri], "busy")
    prompts: list[str] = []
    async with visit(home, stdin=lambda prompt: waits_for("Ada", prompts, prompt)) as client:
        document = client.open(document.text)
        await client.command("attachKernel", kernelId=kernel, textDocument=document.identifier)
        assert client.mirror.kernels[kernel]["documents"] == [document.uri]
        await client.until_text(run["id"], "name? Ada")
        assert prompts == ["name? "]
        assert not list(queued_violations(client))
        await client.command("detachKernel", kernelId=kernel)
        assert [client.mirror.runs[one["id"]]["detached"] for one in (run, stopped)] == [True, True]
        await client.command("attachKernel", kernelId=kernel)
        assert client.mirror.states[run["id"]] == ["running"]
        await client.command("detachKernel", kernelId=kernel)
        go.touch()
        got = await ended(client, run["id"])
        assert (got["state"], got["error"]["ename"]) == ("error", "ZeroDivisionError")
        assert got["outputs"][0]["text"] == "name? Ada\nhello Ada\n"
        assert (await ended(client, stopped["id"]))["state"] == "aborted"
        await client.command("attachKernel", kernelId=kernel)
        again = await client.run(code="answer", kernelId=kernel)
        assert (again["outputs"][0]["data"]["text/plain"], again["executionCount"]) == ("'Ada'", 2)
        assert len((await client.command("history"))["runs"]) == 3
        await finish(client, kernel)


async def test_without_a_history_the_outputs_are_handed_over(home: Home) -> None:
    off = {"history": {"enabled": False}}
    go = home.work / "go"
    async with visit(home, **off) as client:
        kernel = await client.kernel()
        run = await client.run(code="print('before')\n" + until(go) + "print('after')", wait=False)
        await client.until_text(run["id"], "before")
        queued = await client.run(code="6 * 7", wait=False)
    async with visit(home, **off) as client:
        await recorded(client, kernel)
        await client.command("attachKernel", kernelId=kernel)
        got = (await client.command("getRun", runId=run["id"]))["run"]
        assert got["outputs"][0]["text"] == "before\n"
    go.touch()
    async with visit(home, **off) as client:
        await client.command("attachKernel", kernelId=kernel)
        got = await ended(client, run["id"])
        assert got["outputs"][0]["text"] == "before\nafter\n"
        got = await ended(client, queued["id"])
        assert got["outputs"][0]["data"]["text/plain"] == "42"
        assert not (Path(home.environment["XDG_DATA_HOME"]) / "kernel-bridge" / "history.db").exists()
        await finish(client, kernel)


async def test_an_idle_kernel_is_ended_and_the_recorder_with_it(home: Home) -> None:
    async with visit(home, keepAliveIdle=0.5) as client:
        await client.kernel()
        run = await client.run(code="import time; time.sleep(1); print('done')", wait=False)
        await client.until_state(run["id"], "running")
    await asyncio.to_thread(home.check_clean, 15)
    async with visit(home) as client:
        got = (await client.command("getRun", runId=run["id"]))["run"]
        assert (got["state"], got["outputs"][0]["text"]) == ("ok", "done\n")
        await client.close()


async def test_a_stopped_kernel_changes_hands(home: Home) -> None:
    """Nobody can connect to it meanwhile, so what it sends when it continues may be heard by nobody."""
    install_fake_kernel(home)
    async with visit(home) as client:
        kernel = (await client.command("startKernel", spec="fake"))["id"]
        code = "busy\ninput\nsleep 0.4\nreply\nidle"
        one, two = [await client.run(code=code, kernelId=kernel, wait=False) for _ in range(2)]
        await client.until_state(one["id"], "running")
        process = psutil.Process(client.mirror.kernels[kernel]["pid"])
        process.suspend()
        await client.command("detachKernel", kernelId=kernel)
        await recorded(client, kernel)
        process.resume()
        assert (await ended(client, one["id"]))["state"] in ("ok", "lost")
        assert (await ended(client, two["id"]))["state"] == "ok"
        await client.command("attachKernel", kernelId=kernel)
        await finish(client, kernel)


async def test_two_editors_ask_for_a_kernel_at_once(home: Home) -> None:
    go = home.work / "go"
    async with visit(home) as client:
        kernel = await client.kernel()
        run = await client.run(code="print('before')\n" + until(go) + "print('after')", wait=False)
        await client.until_text(run["id"], "before")
    async with visit(home) as one, visit(home) as two:
        await asyncio.gather(*(editor.command("attachKernel", kernelId=kernel) for editor in (one, two)))
        go.touch()
        for editor in (one, two):
            await editor.until_ended(run["id"])
        takes, follows = sorted((one, two), key=lambda editor: editor.mirror.runs[run["id"]]["origin"])
        assert takes.mirror.runs[run["id"]]["origin"] == "bridge"
        assert follows.mirror.runs[run["id"]]["origin"] == "other"
        (kept,) = (await takes.command("history"))["runs"]
        assert (kept["id"], kept["origin"], kept["state"]) == (run["id"], "bridge", "ok")
        assert await text_of(takes, run["id"]) == "before\nafter\n"
        await takes.command("shutdownKernel", kernelId=kernel)
        await follows.until_kernel(kernel, "dead")
    await asyncio.to_thread(home.check_clean, 10)


async def test_each_kernel_keeps_its_history_file(home: Home) -> None:
    go = home.work / "go"
    kernels, runs = [], []
    for name in ("one", "two"):
        async with visit(home, history={"path": str(home.work / f"{name}.db")}) as client:
            kernels.append(await client.kernel())
            runs.append(await client.run(code=until(go) + f"print({name!r})", wait=False))
            await client.until_state(runs[-1]["id"], "running")
    go.touch()
    for name, kernel, run in zip(("one", "two"), kernels, runs, strict=True):
        async with visit(home, history={"path": str(home.work / f"{name}.db")}) as client:
            (await ended(client, run["id"]))
            assert await text_of(client, run["id"]) == f"{name}\n"
            assert [run["id"] for run in (await client.command("history"))["runs"]] == [run["id"]]
            await client.command("attachKernel", kernelId=kernel)
            await client.command("shutdownKernel", kernelId=kernel)
    await asyncio.to_thread(home.check_clean, 10)


MIXED = """```python
{python}
```

```bash
echo second
```

```python
print('third')
```
"""


async def test_runs_in_several_languages_keep_their_order(home: Home) -> None:
    install_bash_kernel(home)
    go = home.work / "go"
    async with visit(home) as client:
        document = client.open(MIXED.format(python=until(go)), "a.md", "markdown")
        runs = await client.runs(textDocument=document.identifier, unit="all", wait=False)
        assert len(runs) == 3
        await client.until_state(runs[0]["id"], "running")
        await client.until_kernel(runs[1]["kernelId"], "idle")
    async with visit(home) as client:
        await recorded(client, runs[1]["kernelId"])
        await client.command("attachKernel", kernelId=runs[1]["kernelId"])
        assert client.mirror.states[runs[2]["id"]] == ["queued"]
    go.touch()
    async with visit(home) as client:
        ends = [await ended(client, run["id"]) for run in runs]
        assert [run["state"] for run in ends] == ["ok"] * 3
        assert ends[0]["endedAt"] <= ends[1]["startedAt"] <= ends[1]["endedAt"] <= ends[2]["startedAt"]
        for kernel in {run["kernelId"] for run in runs}:
            await client.command("attachKernel", kernelId=kernel)
            await client.command("shutdownKernel", kernelId=kernel)
    await asyncio.to_thread(home.check_clean, 10)
