"""Running kernels: finding, attaching, watching, restarting if possible, and leaving them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kernel_bridge.kernels.found import locate
from kernel_bridge.kernels.running import host_of, list_running
from kernel_bridge.kernels.session import KernelSession
from kernel_bridge.kernels.specs import find_spec
from kernel_bridge.protocol.errors import BadConnectionFile, KernelUnreachable, NoSuchKernel, NotOurs
from kernel_bridge.protocol.objects import Owner
from kernel_bridge.runs.events import ExecuteInput, Status, Stream
from tests.home import Home, install_fake_kernel
from tests.kernel.executing import run

pytestmark = pytest.mark.slow

IDLE = Status("idle")
OWNER = Owner(name="tests", pid=os.getpid())


def attach(kernels: Any, ears: Any, **where: Any) -> KernelSession:
    ears.session = KernelSession(host_of(locate(**where), kernels.keeper, OWNER), listener=ears)
    kernels.attached.append(ears.session)
    return ears.session


class Foreign(subprocess.Popen[bytes]):
    path: Path


@pytest.fixture
def foreign(home: Home) -> Iterator["Foreign"]:
    """A kernel that was not started by kernel-bridge."""
    path = home.runtime / f"kernel-{uuid.uuid4()}.json"
    process = Foreign(
        [sys.executable, "-m", "ipykernel_launcher", "-f", str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    process.path = path
    yield process
    process.kill()
    process.wait()


async def reachable(path: Path) -> None:
    """Wait until the kernel has written its connection file and answers."""
    async with asyncio.timeout(30):
        while not any(kernel.connection_file == str(path) for kernel in await list_running()):
            pass


async def test_iopub_of_an_idle_kernel_is_connected_before_the_first_run(kernels: Any, ears: Any) -> None:
    owner, _ = await kernels.start()
    session = attach(kernels, ears, kernel_id=owner.id)
    await session.attach()
    assert session._channels is not None
    assert session._channels.spoke
    parent = run(session, "print('all')")
    await ears.has(parent, IDLE)
    assert ears.of(parent)[:2] == [Status("busy"), ExecuteInput("print('all')", 1)]


async def test_attaching_to_a_busy_kernel_does_not_wait(kernels: Any, ears: Any) -> None:
    owner, owner_ears = await kernels.start()
    parent = run(owner, "print('on', flush=True)\ninput()\nprint('off')")
    await owner_ears.has(parent, Stream("stdout", "on\n"))
    session = attach(kernels, ears, kernel_id=owner.id)
    async with asyncio.timeout(2):
        await session.attach()
    assert (session.id, session.state, session.host.origin, session.host.pid) == (
        owner.id,
        "busy",
        "attached",
        owner.host.pid,
    )
    assert session.info is not None
    owner.answer_input("")
    await ears.has(parent, Stream("stdout", "off\n"))
    await ears.until(lambda: session.state == "idle")
    theirs = run(owner, "2")
    await ears.has(theirs, IDLE)
    assert ExecuteInput("2", 2) in ears.of(theirs)
    ours = run(session, "print(3)")
    await ears.has(ours, IDLE)
    assert ears.text(ours) == "3\n"
    await session.detach()
    assert psutil.pid_exists(owner.host.pid)


async def test_a_foreign_kernel_is_followed_but_not_restarted(
    kernels: Any, ears: Any, foreign: Foreign
) -> None:
    await reachable(foreign.path)
    session = attach(kernels, ears)
    await session.attach()
    assert (session.state, session.spec.language, session.host.pid) == ("idle", "python", None)
    parent = run(session, "import time\nprint('go', flush=True)\nwhile True: time.sleep(0.05)")
    await ears.has(parent, Stream("stdout", "go\n"))
    await session.interrupt()
    await ears.has(parent, IDLE)
    with pytest.raises(NotOurs):
        await session.restart()
    foreign.kill()
    await ears.until(lambda: session.state == "dead", within_s=3)
    assert "nothing listens" in session.reason


async def test_a_foreign_kernel_shuts_down_on_request(kernels: Any, ears: Any, foreign: Foreign) -> None:
    await reachable(foreign.path)
    session = attach(kernels, ears, connection_file=foreign.path.name)
    await session.attach()
    await session.shutdown()
    assert session.state == "dead"
    assert await asyncio.to_thread(foreign.wait, 5) == 0


async def test_a_later_bridge_restarts_and_ends_a_kept_kernel(kernels: Any, ears: Any, home: Home) -> None:
    first, _ = await kernels.start(keep_alive=True)
    await first.detach()
    session = attach(kernels, ears, kernel_id=first.id)
    await session.attach()
    assert (session.id, session.host.epoch, session.host.pid) == (first.id, 1, first.host.pid)
    await session.restart()
    assert (session.host.epoch, session.state) == (2, "idle")
    assert session.host.pid != first.host.pid
    again = attach(kernels, ears, kernel_id=first.id)
    await session.detach()
    await again.attach()
    assert (again.host.epoch, again.host.pid) == (2, session.host.pid)
    await again.shutdown()
    await kernels.close()
    await asyncio.to_thread(home.check_clean)


async def test_files_stay_when_another_bridge_restarts_the_kernel(kernels: Any, ears: Any) -> None:
    first, first_ears = await kernels.start()
    session = attach(kernels, ears, kernel_id=first.id)
    await session.attach()
    await session.restart()
    await first_ears.until(lambda: first.state == "dead")
    parent = run(session, "1")
    await ears.has(parent, IDLE)
    assert Path(session.host.connection_file).exists()
    await session.shutdown()


async def test_attaching_to_a_stopped_kernel_times_out(kernels: Any, ears: Any) -> None:
    owner, _ = await kernels.start()
    os.kill(owner.host.pid, signal.SIGSTOP)
    await asyncio.to_thread(os.waitid, os.P_PID, owner.host.pid, os.WSTOPPED | os.WNOWAIT)
    with pytest.raises(KernelUnreachable):
        await attach(kernels, ears, kernel_id=owner.id).attach()
    assert await list_running() == []


async def test_attaching_to_a_kernel_that_answers_nothing_while_busy(
    kernels: Any, ears: Any, home: Home
) -> None:
    install_fake_kernel(home)
    owner, owner_ears = await kernels.start(find_spec("fake"))
    parent = run(owner, 'busy\nstream stdout "go"\nblock 2\nstream stdout "on"\nreply\nidle')
    await owner_ears.has(parent, Stream("stdout", "go"))
    (listed,) = await list_running()
    assert (listed.id, listed.state) == (owner.id, "busy")
    session = attach(kernels, ears, kernel_id=owner.id)
    await session.attach()
    assert (session.state, session.info) == ("busy", None)
    await ears.has(parent, Stream("stdout", "on"))
    await ears.until(lambda: session.state == "idle")
    assert session.info.implementation == "fake"
    await session.detach()


async def test_a_wrong_key_is_reported(kernels: Any, ears: Any, home: Home) -> None:
    owner, _ = await kernels.start()
    described = json.loads(Path(owner.host.connection_file).read_text())
    wrong = home.path / "wrong.json"
    wrong.write_text(json.dumps(described | {"key": "another"}))
    session = attach(kernels, ears, connection_file=str(wrong))
    await session.attach()
    await ears.until(lambda: session.state == "unreachable", within_s=15)
    assert "key" in session.reason
    await session.detach()


async def test_running_kernels_are_listed_without_dead_ones(kernels: Any, foreign: Foreign) -> None:
    await reachable(foreign.path)
    followed, _ = await kernels.start()
    kept, kept_ears = await kernels.start(keep_alive=True)
    parent = run(kept, "print('on', flush=True)\ninput()")
    await kept_ears.has(parent, Stream("stdout", "on\n"))
    listed = {kernel.id: kernel for kernel in await list_running({followed.id})}
    other = foreign.path.stem.removeprefix("kernel-")
    assert {id: (kernel.state, kernel.origin) for id, kernel in listed.items()} == {
        other: ("idle", "found"),
        kept.id: ("busy", "found"),
    }
    assert (listed[kept.id].pid, listed[other].implementation) == (kept.host.pid, "ipython")
    foreign.kill()
    foreign.wait()
    assert [kernel.id for kernel in await list_running({followed.id})] == [kept.id]


GOOD = {
    "transport": "tcp",
    "ip": "127.0.0.1",
    "key": "k",
    "signature_scheme": "hmac-sha256",
    "shell_port": 1,
    "iopub_port": 2,
    "stdin_port": 3,
    "control_port": 4,
    "hb_port": 5,
}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("shell_port", 0),
        ("hb_port", 65536),
        ("iopub_port", "5"),
        ("stdin_port", True),
        ("control_port", None),
        ("transport", "udp"),
        ("signature_scheme", "hmac-none"),
        ("signature_scheme", "sha256"),
        ("signature_scheme", 3),
        ("ip", "192.0.2.1"),
        ("ip", "example.org"),
        ("ip", None),
        ("key", 5),
        ("curve_publickey", "short"),
    ],
)
def test_an_invalid_connection_file_is_refused(home: Home, key: str, value: Any) -> None:
    path = home.path / "kernel-x.json"
    path.write_text(json.dumps(GOOD | {key: value}))
    with pytest.raises(BadConnectionFile, match=key):
        locate(str(path))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 10_000])
def test_a_file_that_is_no_connection_file_is_refused(home: Home, data: bytes) -> None:
    path = home.path / "kernel-x.json"
    path.write_bytes(data)
    with pytest.raises(BadConnectionFile, match="kernel-x"):
        locate(str(path))


def test_a_missing_connection_file_is_reported(home: Home) -> None:
    os.mkfifo(home.path / "pipe")
    for where in ({}, {"connection_file": "absent*"}, {"connection_file": str(home.path)}):
        with pytest.raises(BadConnectionFile):
            locate(**where)
    with pytest.raises(BadConnectionFile, match="pipe"):
        locate(str(home.path / "pipe"))
    with pytest.raises(NoSuchKernel):
        locate(kernel_id="absent")


def test_a_connection_file_is_found_by_path_name_or_pattern(home: Home) -> None:
    path = home.runtime / "kernel-4711.json"
    path.write_text(json.dumps(GOOD))
    (home.runtime / "kernel-bridge").mkdir(exist_ok=True)  # newer, and it also matches the patterns
    for where in (
        {"connection_file": str(path)},
        {"connection_file": "kernel-4711.json"},
        {"connection_file": "4711"},
        {"connection_file": "kernel-*"},
        {"kernel_id": "kernel-4711"},
        {},
    ):
        assert locate(**where).path == path
    with pytest.raises(NoSuchKernel):  # an id is not a pattern
        locate(kernel_id="*")


def test_a_remote_kernel_needs_curve_or_a_setting(home: Home) -> None:
    path = home.path / "kernel-x.json"
    path.write_text(json.dumps(GOOD | {"ip": "192.0.2.1"}))
    assert locate(str(path), remote_tcp=True).connection.ip == "192.0.2.1"
    curve = {"curve_publickey": "p" * 40, "curve_secretkey": "s" * 40}
    path.write_text(json.dumps(GOOD | {"ip": "192.0.2.1"} | curve))
    assert locate(str(path)).connection.ip == "192.0.2.1"


async def test_the_connection_file_of_a_dead_kernel(kernels: Any, ears: Any, home: Home) -> None:
    path = home.runtime / "kernel-x.json"
    path.write_text(json.dumps(GOOD))
    with pytest.raises(KernelUnreachable, match="nothing listens"):
        await attach(kernels, ears).attach()
    assert await list_running() == []
