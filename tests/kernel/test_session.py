"""A real ipykernel: its messages, interrupts, restarts, shutdown and death."""

import asyncio
import json
import os
import signal
import stat
from pathlib import Path
from typing import Any

import psutil
import pytest

from kernel_bridge.kernels.session import KernelSession
from kernel_bridge.protocol.errors import KernelDead
from kernel_bridge.runs.events import (
    Error,
    ExecuteInput,
    ExecuteReply,
    ExecuteResult,
    InputRequest,
    Status,
    Stream,
)
from tests.home import Home
from tests.kernel.executing import run

IDLE = Status("idle")
LOOP = "import time\nwhile True:\n    time.sleep(0.05)"


@pytest.mark.parametrize("transport", ["ipc", "tcp"])
async def test_all_messages_of_an_execution_arrive(kernels: Any, transport: str) -> None:
    session, ears = await kernels.start(transport=transport)
    assert (session.state, session.host.transport, session.info.implementation) == (
        "idle",
        transport,
        "ipython",
    )
    code = "import sys\nprint('a'); print('b', flush=True)\nprint('c', file=sys.stderr, flush=True)\n1 + 1"
    parent = run(session, code)
    await ears.has(parent, IDLE)
    await ears.until(lambda: any(isinstance(event, ExecuteReply) for event in ears.of(parent)))
    heard = [event for event in ears.of(parent) if not isinstance(event, ExecuteReply)]
    assert heard[0] == Status("busy")
    assert isinstance(heard[1], ExecuteInput)
    assert [event.name for event in heard if isinstance(event, Stream)] == ["stdout", "stderr"]
    assert "".join(event.text for event in heard if isinstance(event, Stream)) == "a\nb\nc\n"
    assert heard[-2] == ExecuteResult({"text/plain": "2"}, {}, 1)
    assert ears.states == [("idle", 1), ("busy", 1), ("idle", 1)]
    assert {parent_id for parent_id, _ in ears.heard} == {parent}


async def test_an_error_comes_with_its_traceback(kernels: Any) -> None:
    session, ears = await kernels.start()
    parent = run(session, "1 / 0")
    await ears.has(parent, IDLE)
    error = next(event for event in ears.of(parent) if isinstance(event, Error))
    assert (error.ename, error.evalue) == ("ZeroDivisionError", "division by zero")
    assert error.traceback


async def test_the_connection_file_is_where_jupyter_looks_and_nobody_else_may_read_it(
    kernels: Any, home: Home
) -> None:
    session, _ = await kernels.start()
    path = home.runtime / f"kernel-{session.id}.json"
    assert session.host.connection_file == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (sockets,) = Path(home.environment["TMPDIR"]).iterdir()
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert json.loads(path.read_text())["ip"] == f"{sockets}/k"


async def test_input_is_answered_once(kernels: Any) -> None:
    session, ears = await kernels.start()
    session.answer_input("stale")
    parent = run(session, "a = input('name? ')\nb = input('more? ')\nprint(a, b)")
    await ears.has(parent, InputRequest("name? ", False))
    session.answer_input("x")
    session.answer_input("too many")
    await ears.has(parent, InputRequest("more? ", False))
    session.answer_input("y")
    await ears.has(parent, IDLE)
    assert ears.text(parent) == "x y\n"


async def test_an_interrupt_reaches_the_kernel_and_its_children(kernels: Any) -> None:
    session, ears = await kernels.start()
    parent = run(session, "print('go', flush=True)\nimport subprocess\nsubprocess.run(['sleep', '100'])")
    await ears.has(parent, Stream("stdout", "go\n"))
    await ears.until(lambda: session.state == "busy")
    child = await _child_of(session)
    await session.interrupt()
    await ears.has(parent, IDLE)
    assert any(isinstance(event, Error) and event.ename == "KeyboardInterrupt" for event in ears.of(parent))
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    after = run(session, "1")
    await ears.has(after, IDLE)


async def _child_of(session: KernelSession) -> psutil.Process:
    async with asyncio.timeout(10):
        while True:
            for child in psutil.Process(session.host.pid).children():
                if "sleep" in child.name():
                    return child
            await asyncio.sleep(0)


async def test_requests_are_answered_without_reporting_their_status(kernels: Any) -> None:
    session, ears = await kernels.start()
    reply = await session.request("complete_request", {"code": "prin", "cursor_pos": 4}, timeout=60)
    assert "print" in reply["matches"]
    reply = await session.request("kernel_info_request", {}, channel="control", timeout=10)
    assert reply["implementation"] == "ipython"
    assert ears.heard == []
    assert ears.states == [("idle", 1)]


COMM = """
import sys
from comm import create_comm
print("a", end="", flush=True)
comm = create_comm("target", data={"x": 1}, buffers=[bytes(range(256)), b"<IDS|MSG"])
comm.send({"y": [2]})
print("b", end="", flush=True)
comm.close()
"""


async def test_comm_messages_arrive_in_order_with_their_buffers(kernels: Any) -> None:
    session, ears = await kernels.start()
    parent = run(session, COMM)
    await ears.has(parent, IDLE)
    assert [(message.message_type, message.parent) for _, message in ears.asides] == [
        ("comm_open", parent),
        ("comm_msg", parent),
        ("comm_close", parent),
    ]
    opened, sent, _ = (message for _, message in ears.asides)
    assert (opened.content["target_name"], opened.content["data"]) == ("target", {"x": 1})
    assert [bytes(buffer) for buffer in opened.buffers] == [bytes(range(256)), b"<IDS|MSG"]
    assert (sent.content["data"], list(sent.buffers)) == ({"y": [2]}, [])
    heard = [
        "".join(event.text for _, event in ears.heard[:before] if isinstance(event, Stream))
        for before, _ in ears.asides
    ]
    assert heard == ["a", "a", "ab"]


async def test_a_restart_begins_a_new_epoch(kernels: Any) -> None:
    session, ears = await kernels.start()
    file, first = session.host.connection_file, session.host.pid
    described = json.loads(Path(file).read_text())
    flood = run(session, "x = 1\nwhile True: print('old', flush=True)")
    await ears.until(lambda: bool(ears.text(flood)))
    restart = asyncio.create_task(session.restart())
    await ears.until(lambda: session.state == "restarting")
    heard = len(ears.heard)
    await restart
    assert len(ears.heard) == heard
    assert ears.states[-2:] == [("restarting", 1), ("idle", 2)]
    assert session.host.pid != first
    assert not psutil.pid_exists(first)
    assert json.loads(Path(file).read_text()) == described
    parent = run(session, "print('x' in globals())")
    await ears.has(parent, IDLE)
    assert ears.text(parent) == "False\n"


async def test_a_busy_kernel_is_shut_down_without_remains(kernels: Any, home: Home) -> None:
    session, ears = await kernels.start()
    parent = run(session, f"print('go', flush=True)\n{LOOP}")
    await ears.has(parent, Stream("stdout", "go\n"))
    pid = session.host.pid
    await session.shutdown()
    assert (session.state, ears.states[-1]) == ("dead", ("dead", 1))
    assert not psutil.pid_exists(pid)
    assert home.connection_files() == home.sockets() == []
    with pytest.raises(KernelDead):
        run(session, "1")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os\nos.write(2, b'last words')\nos._exit(7)", ["exit code 7", "last words"]),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", ["SIGKILL"]),
        ("import ctypes\nctypes.string_at(0)", ["SIGSEGV"]),
    ],
)
async def test_a_death_is_reported_with_its_reason(
    kernels: Any, home: Home, code: str, reason: list[str]
) -> None:
    session, ears = await kernels.start()
    parent = run(session, f"import time\nprint('before', flush=True)\ntime.sleep(0.2)\n{code}")
    await ears.until(lambda: session.state == "dead", within_s=5)
    assert [part for part in reason if part not in session.reason] == []
    assert ears.text(parent) == "before\n"
    assert [state for state, _ in ears.states].count("dead") == 1
    assert home.connection_files() == home.sockets() == []


async def test_a_request_to_a_kernel_that_dies_ends(kernels: Any) -> None:
    session, _ = await kernels.start()
    run(session, LOOP)
    request = asyncio.create_task(session.request("complete_request", {"code": "", "cursor_pos": 0}))
    await asyncio.sleep(0)
    os.kill(session.host.pid, signal.SIGKILL)
    with pytest.raises(KernelDead):
        await request


async def test_raw_output_of_a_kernel_is_bounded(kernels: Any) -> None:
    session, ears = await kernels.start()
    parent = run(session, "import os\nfor _ in range(2000): os.write(1, b'x' * 65536)\nos.write(1, b'end')")
    await ears.has(parent, IDLE)
    assert len(session.host.written()) < 70_000


async def test_cycles_leave_no_descriptor_process_or_file(kernels: Any, home: Home) -> None:
    async def cycle() -> None:
        session, ears = await kernels.start()
        await ears.has(run(session, "1"), IDLE)
        await session.restart()
        await session.shutdown()

    def left() -> tuple[int, int, list[Path]]:
        children = psutil.Process().children(recursive=True)
        return len(os.listdir("/proc/self/fd")), len(children), home.connection_files() + home.sockets()

    await cycle()
    before = left()
    for _ in range(3):
        await cycle()
    assert left() == before
