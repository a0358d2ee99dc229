"""The bridge removes or ends exactly what it created, no matter which process is killed or stopped."""

import asyncio
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.home import Home
from tests.server.client import EVERYTHING, Client
from tests.server.command import BOUND_S, run_command
from tests.server.conftest import Launch

pytestmark = pytest.mark.slow

NOBODY = 65534
RECREATE = 'while [ -d "$1" ]; do :; done; mkdir "$1" && chmod 777 "$1" && ln -s "$2" "$1/link" && echo made'
SLEEP = [sys.executable, "-c", "import time; time.sleep(1000)"]


def keepers(home: Home) -> dict[int, psutil.Process]:
    return {process.pid: process for process in home.running("keeper_process")}


@contextmanager
def shared_folder() -> Iterator[Path]:
    """A folder like /tmp: everybody can create files in it, and remove only their own."""
    path = Path(tempfile.mkdtemp(prefix="kb-", dir="/tmp"))
    path.chmod(0o1777)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def running(command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(condition: Callable[[], Any]) -> None:
    """Wait, with a time limit, for a condition that no message announces."""
    with subprocess.Popen(["sleep", str(BOUND_S)]) as bound:
        while not condition():
            assert bound.poll() is None, f"still false after {BOUND_S} s"
        bound.kill()


def test_a_link_that_replaced_a_removed_folder_is_not_followed(home: Home) -> None:
    precious = home.work / "precious"
    precious.mkdir()
    (precious / "file").write_text("")
    other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    with shared_folder() as shared:
        environment = {"TMPDIR": str(shared)}
        kernel = json.loads(run_command(home, "start", "--json", environment=environment).stdout)
        (folder,) = shared.iterdir()
        actor = subprocess.Popen(
            ["sh", "-c", RECREATE, "sh", str(folder), str(precious)], stdout=subprocess.PIPE, cwd="/", **other
        )
        assert run_command(home, "stop", kernel["id"], environment=environment).code == 0
        assert actor.communicate(timeout=BOUND_S)[0] == b"made\n"
        home.check_clean()  # including the keeper
        assert [path.name for path in precious.iterdir()] == ["file"]
        assert (folder / "link").is_symlink()


def test_a_record_next_to_a_connection_file_is_not_trusted(home: Home) -> None:
    """A cloned project can contain a connection file of a kernel, and a record that names our process."""
    clone, id = home.work / "clone", str(uuid.uuid4())
    precious = home.work / "kb-12345678"
    precious.mkdir()
    (precious / "file").write_text("")
    (clone / "kernel-bridge").mkdir(parents=True)
    path = clone / f"kernel-{id}.json"
    kernel = subprocess.Popen(
        [sys.executable, "-m", "ipykernel_launcher", "-f", str(path)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=home.environment, start_new_session=True,
    )  # fmt: skip
    with running(SLEEP) as victim:
        started = Path(f"/proc/{victim.pid}/stat").read_text().rpartition(") ")[2].split()[19]
        until(path.exists)

        def made(path: Path) -> list[Any]:
            status = path.lstat()
            return [str(path), status.st_dev, status.st_ino]

        record = clone / "kernel-bridge" / f"{id}.json"
        record.write_text(
            json.dumps(
                {
                    "kernel_id": id, "epoch": 1, "pid": victim.pid, "start_time": started, "launch": "1",
                    "spec": {
                        "name": "x", "displayName": "x", "language": "python", "argv": [],
                        "interruptMode": "signal", "source": "kernelspec", "usable": True,
                    },
                    "files": [str(path), str(record), str(precious)],
                    "connection_file": made(path), "sockets": made(precious),
                    "cwd": None, "env_names": [], "extra_arguments": [], "keep_alive": True,
                }
            )
        )  # fmt: skip
        record.chmod(0o600)
        record.parent.chmod(0o700)
        stopped = run_command(home, "stop", str(path))
        assert (stopped.code, stopped.stderr) == (0, "")
        assert kernel.wait(BOUND_S) == 0
        assert victim.poll() is None
    assert (precious / "file").exists()


async def kernel_of(client: Client, **settings: Any) -> psutil.Process:
    await client.initialize(settings=settings)
    return psutil.Process((await client.command("startKernel", spec="python3"))["pid"])


async def test_a_killed_keeper_is_replaced_and_watches_over_the_kernels(home: Home, launch: Launch) -> None:
    client = await launch()
    await kernel_of(client)
    before = keepers(home)
    for keeper in before.values():
        keeper.kill()
    await asyncio.to_thread(
        until, lambda: len(now := keepers(home)) == len(before) and not now.keys() & before.keys()
    )
    client.process.kill()
    await client.ended(-signal.SIGKILL, gone_within_s=10)


@pytest.mark.parametrize("order", ["keeper first", "bridge first"])
async def test_a_bridge_killed_together_with_its_keeper_leaves_nothing(
    home: Home, launch: Launch, order: str
) -> None:
    client = await launch()
    await kernel_of(client)
    killed = [next(iter(keepers(home).values())), psutil.Process(client.process.pid)]
    for process in killed if order == "keeper first" else reversed(killed):
        process.kill()
    await client.ended(-signal.SIGKILL, gone_within_s=10)


async def test_a_stopped_keeper_does_not_delay_the_exit(home: Home, launch: Launch) -> None:
    client = await launch()
    await kernel_of(client)
    for keeper in keepers(home).values():
        keeper.suspend()
    await client.close(gone_within_s=0.5)


async def test_kernels_end_even_if_a_keeper_was_stopped(home: Home, launch: Launch) -> None:
    client = await launch()
    kernel = await kernel_of(client)
    stopped = next(iter(keepers(home).values()))
    stopped.suspend()
    client.process.kill()
    await asyncio.to_thread(kernel.wait, 10)
    stopped.resume()
    await client.ended(-signal.SIGKILL, gone_within_s=10)


async def test_created_files_are_private_with_any_umask(home: Home, launch: Launch) -> None:
    parent = home.path / "later"
    names = ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "JUPYTER_RUNTIME_DIR")
    environment = {name: str(parent / name / "nested") for name in names}
    client = await launch(umask=0, environment=environment)
    await client.initialize({**EVERYTHING, "blobs": "file"})
    show = "from IPython.display import display; display({'image/png': 'iVBO', 'text/html': 'x'}, raw=True)"
    for store in (True, False):
        run = await client.run(code=show, storeHistory=store)
        await client.command("showOutput", runId=run["id"], index=0)
    modes = {
        str(path.relative_to(parent)): stat.S_IMODE(path.lstat().st_mode)
        for path in (parent, *parent.rglob("*"))
        if not path.is_symlink()
    }
    made = "".join(modes)
    for part in ("kernel-", "kernel-bridge", "outputs", "session-", "history.db", ".png"):
        assert part in made
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}
    tmp = Path(home.environment["TMPDIR"])
    assert [oct(stat.S_IMODE(path.lstat().st_mode)) for path in tmp.glob("kb-*")] == ["0o700"]
    await client.close()


@pytest.mark.parametrize("ending", ["shutdownKernel", "shutdown", "SIGKILL"])
async def test_a_connection_file_rewritten_by_the_kernel_is_still_ours(
    home: Home, launch: Launch, ending: str
) -> None:
    """ipykernel rewrites it at each start if the connection is encrypted."""
    client = await launch()
    await client.initialize()
    kernel = await client.command("startKernel", spec="python3", transport="tcp")
    path = Path(kernel["connectionFile"])
    assert json.loads(path.read_bytes())["curve_secretkey"]
    for epoch in (2, 3):
        os.link(path, home.work / str(epoch))  # prevents reuse of its inode
        assert (await client.command("restartKernel", kernelId=kernel["id"]))["epoch"] == epoch
    assert (await client.run(code="1", kernelId=kernel["id"]))["state"] == "ok"
    if ending == "SIGKILL":
        client.process.kill()
        await client.ended(exit_code=-signal.SIGKILL, gone_within_s=10)
        return
    if ending == "shutdownKernel":
        await client.command(ending, kernelId=kernel["id"])
        assert not path.exists()
    await client.close()
