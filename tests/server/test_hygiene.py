"""The server leaves nothing behind, keeps no secrets, and writes only messages to stdout."""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.conftest import Launch
from tests.server.wire import Json, ResponseError

pytestmark = pytest.mark.slow

SECRET = "correct-horse-battery"
GO = "print('go', flush=True); import time; time.sleep(1000)"


def ipc_folders(home: Home) -> list[str]:
    """The socket folders, and everything else in the folders that contain them."""
    folders = (home.environment["XDG_RUNTIME_DIR"], home.environment["TMPDIR"])
    return sorted(str(path) for folder in folders for path in Path(folder).iterdir())


def pipes(pid: int) -> set[str]:
    """The pipes and sockets that the process has open."""
    links = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.add(os.readlink(link))
        except FileNotFoundError:
            continue
    return {link for link in links if link.startswith(("pipe:", "socket:"))}


async def test_stdout_carries_only_messages(bridge: Client) -> None:
    """Neither the server nor the kernel and its children write to it through fd 1 or 2."""
    code = """
import os, subprocess, sys
os.write(1, b"stray 1"); os.write(2, b"stray 2")
subprocess.run(["sh", "-c", "echo stray 3; echo stray 4 >&2"])
sys.__stdout__.write("stray 5"); sys.__stdout__.flush()
print("heard")
"""
    run = await bridge.run(code=code)
    assert "heard\n" in run["outputs"][0]["text"]
    editor_pipes = {os.readlink(f"/proc/{os.getpid()}/fd/{fd}") for fd in _fds_of(bridge)}
    server = bridge.process.pid
    assert os.readlink(f"/proc/{server}/fd/1") == os.readlink(f"/proc/{server}/fd/2")
    assert os.readlink(f"/proc/{server}/fd/0") == os.devnull
    assert editor_pipes <= pipes(server)
    others = [process for process in bridge.home.processes() if process.pid != server]
    assert len(others) >= 2  # the kernel and its keeper
    for process in others:
        assert not editor_pipes & pipes(process.pid), process.cmdline()


def _fds_of(client: Client) -> list[int]:
    transport = client.process._transport  # type: ignore[attr-defined]  # asyncio has no public access to it
    return [transport.get_pipe_transport(number).get_extra_info("pipe").fileno() for number in (0, 1)]


async def test_the_bridge_runs_in_its_own_session(bridge: Client) -> None:
    assert os.getsid(bridge.process.pid) == bridge.process.pid


async def test_the_sockets_and_the_connection_file_are_private(bridge: Client) -> None:
    kernel = await bridge.command("startKernel", spec="python3")
    (file,) = bridge.home.connection_files()
    assert kernel["connectionFile"] == str(file)
    assert file.stat().st_mode & 0o077 == 0
    folders = {socket.parent for socket in bridge.home.sockets()}
    assert folders
    assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in folders)


async def test_a_kernel_that_was_shut_down_leaves_nothing_behind(home: Home) -> None:
    async with editor(home) as client:
        before = ipc_folders(home)
        kernel = await client.command("startKernel", spec="python3")
        await client.command("restartKernel", kernelId=kernel["id"])
        assert (await client.run(code="1", kernelId=kernel["id"]))["state"] == "ok"
        await client.command("shutdownKernel", kernelId=kernel["id"])
        assert not psutil.pid_exists(kernel["pid"])
        assert (home.connection_files(), home.sockets(), ipc_folders(home)) == ([], [], before)


async def test_a_killed_server_leaves_nothing(home: Home, launch: Launch) -> None:
    client = await launch()
    await client.initialize()
    busy = await client.run(code=GO, wait=False)
    # ignores SIGTERM and the end of its parent
    stubborn = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + GO
    kernel = (await client.command("startKernel", spec="python3"))["id"]
    deaf = await client.run(code=stubborn, kernelId=kernel, wait=False)
    for run in (busy, deaf):
        await client.until_text(run["id"], "go")
    client.process.kill()
    await client.ended(-signal.SIGKILL, gone_within_s=10)
    assert ipc_folders(home) == []


@pytest.mark.parametrize("end", [signal.SIGKILL, None])
async def test_kernels_with_keep_alive_keep_running(
    home: Home, launch: Launch, end: signal.Signals | None
) -> None:
    client = await launch()
    await client.initialize(settings={"keepAlive": True})
    kept = await client.command("startKernel", spec="python3")
    ended = await client.command("startKernel", spec="python3", keepAlive=False)
    assert (kept["keepAlive"], ended["keepAlive"]) == (True, False)
    # keeps writing after its reader has exited
    code = "import os, threading\ndef w():\n    while True: os.write(1, b'x' * 1000)\n"
    await client.run(code=code + "threading.Thread(target=w, daemon=True).start()", kernelId=kept["id"])
    if end is None:
        assert await client.request("shutdown") is None
        client.notify("exit")
    else:
        client.process.send_signal(end)
    await client.process.wait()
    with suppress(psutil.NoSuchProcess):
        psutil.Process(ended["pid"]).wait(10)
    process = psutil.Process(kept["pid"])
    assert home.connection_files() == [Path(kept["connectionFile"])]
    assert process.is_running()
    process.kill()
    await client.kill()
    home.check_clean(30)  # a recorder may have started meanwhile, while the kernel kept a processor busy


async def test_a_password_and_a_key_are_stored_nowhere(home: Home) -> None:
    log = home.path / "bridge.log"
    arguments = ("--log-level", "debug", "--log-file", str(log))
    async with editor(home, stdin=lambda _: SECRET, arguments=arguments) as client:
        client.notify("$/setTrace", {"value": "verbose"})
        document = client.open("from getpass import getpass\nx = getpass('word: ')\n1 / len(x[:0])")
        run = await client.run(unit="all", textDocument=document.identifier)
        assert run["error"]["ename"] == "ZeroDivisionError"
        (file,) = home.connection_files()
        key = json.loads(file.read_text())["key"]
        await client.command("export", path="a.ipynb")
        with pytest.raises(ResponseError):
            await client.command("run", code=5)
        kernel = {"kernelId": run["kernelId"]}
        await client.command("restartKernel", **kernel)
        await client.command("shutdownKernel", **kernel)
        seen = json.dumps([message for message in client.messages if message.get("id") is None])
    texts = {path: path.read_bytes() for path in home.path.rglob("*") if path.is_file()}
    assert log.stat().st_size > 0
    assert b"request" in texts[log]
    for secret in (SECRET, key):
        assert secret not in seen
        assert [path for path, text in texts.items() if secret.encode() in text] == []


async def test_finished_commands_leave_no_objects(launch: Launch) -> None:
    root = str(Path(__file__).parents[2])
    client = await launch(module="tests.server.counting_process", environment={"PYTHONPATH": root})
    await client.initialize()

    async def held() -> Json:
        before = client.stderr().count("\n")
        client.process.send_signal(signal.SIGUSR1)
        while client.stderr().count("\n") == before:  # the loop handles the signal in a later turn
            await client.request("workspace/executeCommand", {"command": "kernel-bridge.listKernelSpecs"})
        counts: Json = json.loads(client.stderr().splitlines()[before])
        return counts

    kernel = await client.kernel()

    async def commands(count: int) -> None:
        for number in range(count):
            call = client.call_command("run", code=f"{number}", kernelId=kernel, wait=True)
            await client.command("history", limit=1)
            await call
            with pytest.raises(ResponseError):
                await client.request("no/such")
        slow = client.call_command("run", code="import time; time.sleep(1000)", kernelId=kernel, wait=True)
        client.cancel(slow)
        with pytest.raises(ResponseError) as caught:
            await slow
        assert caught.value.code == -32800

    await commands(3)
    before = await held()
    await commands(50)
    after = await held()
    # The objects of a single pending command vary. Leaks of 50 commands would exceed that.
    assert after["tasks"] <= before["tasks"] + 3
    assert after["requests"] <= 1
    assert after["descriptors"] <= before["descriptors"] + 3
    await client.close()


async def test_a_kernel_that_was_kept_is_found_with_its_documents(home: Home, launch: Launch) -> None:
    first = await launch()
    await first.initialize(settings={"keepAlive": True})
    document = first.open("1")
    kept = await first.command("startKernel", spec="python3", textDocument=document.identifier)
    await first.request("shutdown")
    first.notify("exit")
    await first.process.wait()
    async with editor(home) as client:
        (found,) = (await client.command("listKernels"))["kernels"]
        assert (found["id"], found["documents"]) == (kept["id"], [document.uri])
        await client.command("attachKernel", kernelId=kept["id"])
        await client.command("shutdownKernel", kernelId=kept["id"])
    await first.kill()


async def test_a_detached_kernel_keeps_running_without_its_documents(home: Home, launch: Launch) -> None:
    client = await launch()
    await client.initialize()
    document = client.open("import os; os.getpid()")
    this: Json = {"textDocument": document.identifier}
    run = await client.run(unit="all", **this)
    assert await client.command("detachKernel", **this) == {}
    left = {kernel["id"]: kernel for kernel in (await client.command("listKernels"))["kernels"]}
    kernel = left[run["kernelId"]]
    assert (kernel["origin"], kernel["keepAlive"]) == ("found", True)
    other = await client.run(unit="all", **this)
    assert other["kernelId"] != run["kernelId"]
    assert other["outputs"] != run["outputs"]
    assert await client.request("shutdown") is None
    client.notify("exit")
    await client.process.wait()
    process = psutil.Process(kernel["pid"])
    assert home.connection_files() == [Path(kernel["connectionFile"])]
    assert process.is_running()
    process.kill()
    await client.kill()
    home.check_clean(10)
