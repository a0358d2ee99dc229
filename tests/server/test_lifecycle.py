"""The start of a session, and every way to end it."""

import asyncio
import signal
import sys
from typing import Any

import pytest

from tests.home import Home
from tests.server.client import EVERYTHING, Client, editor
from tests.server.conftest import Launch
from tests.server.wire import ResponseError

pytestmark = pytest.mark.slow

INVALID_REQUEST, INVALID_PARAMS, NOT_INITIALIZED = -32600, -32602, -32002


async def check_refused(client: Client, method: str, code: int, params: Any = None) -> None:
    with pytest.raises(ResponseError) as caught:
        await client.request(method, params)
    assert caught.value.code == code, caught.value


async def test_before_initialize(launch: Launch) -> None:
    client = await launch()
    for method in ("shutdown", "workspace/executeCommand", "textDocument/hover", "no/such"):
        await check_refused(client, method, NOT_INITIALIZED)
    for method in ("initialized", "textDocument/didOpen", "$/setTrace", "no/such"):
        client.notify(method, {})
    malformed: list[Any] = [None, [], "params"]
    for wrong in malformed:
        await check_refused(client, "initialize", INVALID_PARAMS, wrong)
    await client.initialize()
    await check_refused(client, "initialize", INVALID_REQUEST, {"capabilities": {}})
    assert (await client.run(code="1"))["state"] == "ok"
    await client.close()


async def test_after_shutdown(launch: Launch) -> None:
    client = await launch()
    await client.initialize()
    assert await client.request("shutdown") is None
    for method in ("shutdown", "initialize", "workspace/executeCommand", "no/such"):
        await check_refused(client, method, INVALID_REQUEST)
    client.notify("textDocument/didOpen", {})
    client.notify("exit")
    await client.ended(exit_code=0)


async def test_invalid_values_in_initialize_do_no_harm(launch: Launch) -> None:
    client = await launch()
    odd: dict[str, Any] = {
        "processId": 1 << 70,
        "rootUri": "file://[::1/",
        "rootPath": 5,
        "workspaceFolders": 5,
    }
    odd |= {"trace": 5, "capabilities": {"general": {"positionEncodings": 5}, "experimental": []}}
    result = await client.request("initialize", odd)
    assert result["capabilities"]["positionEncoding"] == "utf-16"
    client.notify("initialized", {})
    await check_refused(client, "initialize", INVALID_REQUEST, {"capabilities": {}})
    assert (await client.command("listKernels")) == {"kernels": []}
    await client.close()


async def end_by_exit(client: Client) -> None:
    client.notify("exit")


async def end_by_closed_pipe(client: Client) -> None:
    client.end_input()


async def end_by_closed_pipe_after_shutdown(client: Client) -> None:
    await client.request("shutdown")
    client.end_input()


async def end_by_exit_right_behind_shutdown(client: Client) -> None:
    answer = client.call("shutdown")
    client.notify("exit")
    client.end_input()
    assert await answer is None


async def end_by_sigterm(client: Client) -> None:
    client.process.send_signal(signal.SIGTERM)


async def end_by_sigint(client: Client) -> None:
    client.process.send_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("end", "exit_code"),
    [
        (end_by_exit, 1),
        (end_by_closed_pipe, 1),
        (end_by_closed_pipe_after_shutdown, 0),
        (end_by_exit_right_behind_shutdown, 0),
        (end_by_sigterm, 128 + signal.SIGTERM),
        (end_by_sigint, 128 + signal.SIGINT),
    ],
)
async def test_every_end_leaves_nothing(launch: Launch, end: Any, exit_code: int) -> None:
    """The kernel is busy and has a child process."""
    client = await launch()
    await client.initialize()
    code = "import subprocess; print('go', flush=True); subprocess.run(['sleep', '1000'])"
    run = await client.run(code=code, wait=False)
    await client.until_text(run["id"], "go")
    await end(client)
    await client.ended(exit_code)
    assert client.mirror.runs[run["id"]]["state"] == "lost"


async def test_the_death_of_the_editor_ends_the_session_even_with_an_open_pipe(launch: Launch) -> None:
    client = await launch()
    sleep = [sys.executable, "-c", "input()"]
    parent = await asyncio.create_subprocess_exec(*sleep, stdin=asyncio.subprocess.PIPE)
    params = {"processId": parent.pid, "capabilities": {"experimental": {"kernelBridge": EVERYTHING}}}
    await client.request("initialize", params)
    await client.kernel()
    parent.kill()
    await parent.wait()
    await client.ended(exit_code=1)


async def test_an_unknown_process_id_is_not_watched(launch: Launch) -> None:
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await gone.wait()
    client = await launch()
    await client.request("initialize", {"processId": gone.pid, "capabilities": {}})
    assert "kernels" in await client.command("listKernels")
    await client.close()


@pytest.mark.parametrize("document", [False, True])
async def test_shutdown_ends_a_starting_kernel(launch: Launch, document: bool) -> None:
    client = await launch()
    await client.initialize()
    named = {"textDocument": client.open("1").identifier} if document else {}
    starting = client.call_command("startKernel", spec="python3", **named)
    await client.until(lambda message: message.get("method") == "kernel-bridge/kernel")
    assert await client.request("shutdown") is None
    with pytest.raises(ResponseError):
        await starting
    client.notify("exit")
    await client.ended()


async def test_shutdown_directly_after_a_start_request(launch: Launch) -> None:
    client = await launch()
    await client.initialize()
    starting = client.call_command("startKernel", spec="python3")
    shutdown = client.call("shutdown")
    client.notify("exit")
    with pytest.raises(ResponseError):
        await starting
    assert await shutdown is None
    await client.ended()


async def test_pending_runs_are_answered_at_shutdown(home: Home) -> None:
    async with editor(home) as client:
        kernel = await client.kernel()
        code = "print('go', flush=True); import time; time.sleep(1000)"
        first = client.call_command("run", code=code, kernelId=kernel, wait=True)
        second = client.call_command("run", code="2", kernelId=kernel, wait=True)
        await client.until_true(lambda: any("go" in client.mirror.text(run) for run in client.mirror.runs))
        assert await client.request("shutdown") is None
        assert [(await call)["runs"][0]["state"] for call in (first, second)] == ["lost", "cancelled"]
        client.notify("exit")
        await client.ended()


async def test_a_server_in_a_removed_folder_starts_kernels(home: Home) -> None:
    (home.work / "gone").mkdir()
    with (home.path / "stderr").open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", 'cd gone && rmdir "$PWD" && exec "$0" -m kernel_bridge --stdio', sys.executable),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env=home.environment,
            cwd=home.work,
        )
    client = Client(process, home, None)
    try:
        client.server = await client.request("initialize", {"rootUri": None, "capabilities": {}})
        client.notify("initialized", {})
        run = await client.run(code="import os; os.getcwd()")
        assert run["outputs"][0]["data"]["text/plain"] == repr(str(home.path))
    finally:
        await client.kill()
