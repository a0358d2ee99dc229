"""Kernels that several clients share, and kernels that an earlier bridge left running."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.command import JUPYTER_CLIENT, Terminal, open_terminal
from tests.server.wire import Json, ResponseError

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONSOLE = [sys.executable, "-m", "jupyter_console"]


async def attached(home: Home, kernel: str, use: Callable[[Client], Any]) -> None:
    """Attach a second bridge to a kernel, use it, and leave the kernel running."""
    async with editor(home) as client:
        await client.command("attachKernel", kernelId=kernel)
        await use(client)
        await client.command("detachKernel", kernelId=kernel)
        await client.kill()
        client.over = True  # the bridge that started the kernel cleans up the rest


def of_source(client: Client, source: str) -> Json | None:
    return next((run for run in client.mirror.runs.values() if run["source"] == source), None)


async def check_reported(client: Client, source: str, origin: str, text: str) -> None:
    run = await client.until_true(lambda: of_source(client, source))
    await client.until_ended(run["id"])
    assert (run["origin"], client.mirror.text(run["id"])) == (origin, text)


def code_of(who: str) -> str:
    return f"for i in range(20): print('of', '{who}', i, flush=True)"


def text_of(who: str) -> str:
    return "".join(f"of {who} {i}\n" for i in range(20))


async def test_two_bridges_and_a_jupyter_console_on_one_kernel(home: Home) -> None:
    async with editor(home) as first:
        kernel = await first.command("startKernel", spec="python3")
        name = Path(kernel["connectionFile"]).name

        async def share(second: Client) -> None:
            with open_terminal(home, "--existing", name, command=CONSOLE, rows=40) as console:
                await asyncio.to_thread(console.see, "In [")
                for client, who in ((first, "first"), (second, "second")):
                    await client.run(code=code_of(who), kernelId=kernel["id"], wait=False)
                console.press(code_of("console") + "\r")
                await asyncio.to_thread(console.see, "of console 19")
                for client, own in ((first, "first"), (second, "second")):
                    for who in ("first", "second", "console"):
                        origin = "bridge" if who == own else "other"
                        await check_reported(client, code_of(who), origin, text_of(who))
                await check_console(console)

        await attached(home, kernel["id"], share)
        assert (await first.run(code="'alive'", kernelId=kernel["id"]))["state"] == "ok"


async def check_console(console: Terminal) -> None:
    """The other client shows its own output, completes code, and keeps working."""
    for who in ("first", "second"):
        assert f"of {who}" not in console.text
    console.press("6 * 7\r")
    await asyncio.to_thread(console.see, ": 42")


async def test_messages_are_encrypted_if_the_kernelspec_supports_it(home: Home) -> None:
    async with editor(home, settings={"transport": "tcp"}) as client:
        kernel = await client.command("startKernel", spec="python3")
        described = json.loads(Path(kernel["connectionFile"]).read_text())
        assert (kernel["transport"], described["transport"]) == ("tcp", "tcp")
        assert len(described["curve_publickey"]) == len(described["curve_secretkey"]) == 40

        async def share(second: Client) -> None:
            run = await second.run(code="print('private')", kernelId=kernel["id"])
            assert run["outputs"][0]["text"] == "private\n"

        await attached(home, kernel["id"], share)
        other = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", JUPYTER_CLIENT, kernel["connectionFile"], "print(20 + 1)"),
            env=home.environment,
            stdout=asyncio.subprocess.PIPE,
        )
        assert (await other.communicate())[0] == b"21\n"
        restarted = await client.command("restartKernel", kernelId=kernel["id"])
        assert (await client.run(code="1", kernelId=kernel["id"]))["state"] == "ok"
        assert restarted["transport"] == "tcp"


async def test_the_next_bridge_attaches_the_same_document_to_a_kept_kernel(home: Home) -> None:
    async with editor(home, settings={"keepAlive": True}) as client:
        document = client.open("x = 1", "kept.py")
        run = await client.run(unit="all", textDocument=document.identifier)
        await client.kill()
        client.over = True
    async with editor(home) as client:
        document = client.open("x + 1", "kept.py")
        again = await client.run(unit="all", textDocument=document.identifier)
        assert (again["kernelId"], again["outputs"][0]["data"]["text/plain"]) == (run["kernelId"], "2")
        kernel = client.mirror.kernels[run["kernelId"]]
        assert (kernel["origin"], kernel["epoch"], kernel["keepAlive"]) == ("attached", 1, True)
        assert (await client.command("restartKernel", kernelId=kernel["id"]))["epoch"] == 2
        await client.command("shutdownKernel", kernelId=kernel["id"])


GOOD: Json = {
    "transport": "tcp",
    "ip": "127.0.0.1",
    "key": "secret-key",
    "signature_scheme": "hmac-sha256",
    **{f"{channel}_port": 5 for channel in ("shell", "iopub", "stdin", "control", "hb")},
}


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"shell_port": "5"}, "shell_port"),
        ({"hb_port": 70000}, "hb_port"),
        ({"iopub_port": None}, "iopub_port"),
        ({"ip": "192.0.2.1"}, "ip"),
        ({"ip": "/" + "x" * 200, "transport": "ipc"}, "ip"),
        ({"transport": "pgm"}, "transport"),
        ({"signature_scheme": "hmac-x"}, "signature_scheme"),
        ({"key": 5}, "key"),
    ],
)
async def test_a_bad_connection_file_names_the_key(shared: Client, changes: Json, part: str) -> None:
    file = shared.home.work / "kernel-bad.json"
    file.write_text(json.dumps(GOOD | changes))
    await check_bad(shared, str(file), part)


async def test_files_that_are_not_connection_files(shared: Client) -> None:
    work = shared.home.work
    await check_bad(shared, "no-such-file.json", "no-such-file.json")
    await check_bad(shared, "/" + "x" * 5000, "x" * 100)
    await check_bad(shared, "a\0b", "a\\x00b")
    await check_bad(shared, str(work), "is not a file")
    (work / "truncated.json").write_text(json.dumps(GOOD)[:-20])
    await check_bad(shared, str(work / "truncated.json"), "half-written")
    os.mkfifo(work / "pipe.json")
    await check_bad(shared, str(work / "pipe.json"), "is not a file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
async def test_a_connection_file_of_another_user(shared: Client) -> None:
    file = shared.home.work / "theirs.json"
    file.write_text(json.dumps(GOOD))
    os.chown(file, 12345, 12345)
    await check_bad(shared, str(file), "belongs to another user (uid 12345)")


async def check_bad(client: Client, file: str, part: str) -> None:
    await client.command("listKernels")  # a server just started imports what it needs
    began = time.monotonic()
    with pytest.raises(ResponseError) as failed:
        await client.command("attachKernel", connectionFile=file)
    assert time.monotonic() - began < 2
    assert failed.value.kind == "BadConnectionFile"
    assert part in failed.value.message
    assert GOOD["key"] not in failed.value.message + client.stderr()
