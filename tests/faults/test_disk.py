"""Full disks and damaged files: one warning, and everything except the history keeps working."""

import asyncio
import os
import resource
import sqlite3
from pathlib import Path

import psutil
import pytest

from tests.faults.fake import Fake
from tests.home import Home, install_fake_kernel
from tests.server.client import Client, editor
from tests.server.wire import ResponseError

pytestmark = pytest.mark.slow

LINE = '"line %d\\n"'


def warnings(client: Client) -> list[str]:
    shown = [
        message["params"] for message in client.messages if message.get("method") == "window/showMessage"
    ]
    return [message["message"] for message in shown if message["type"] == 2]


async def test_a_full_disk_stops_neither_the_stream_nor_the_runs(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home) as client:
        fake = Fake(client, await client.command("startKernel", spec="fake"))
        await fake.run('result "kept"')
        await client.command("history")  # answered once everything is written
        resource.prlimit(client.process.pid, resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        for _ in range(3):
            run = await fake.run(f"flood 20000 {LINE}")
            assert run["state"] == "ok"
            assert run["outputs"][0]["text"].startswith("line 0\nline 1\n")
            assert "line 19999\n" in run["outputs"][0]["text"]
        await client.until_true(lambda: warnings(client))
        assert len(warnings(client)) == 1
        assert "incomplete" in warnings(client)[0]
        runs = (await client.command("history"))["runs"]
        assert runs[-1]["source"] == 'busy\nresult "kept"\nreply\nidle'
        assert "missingBytes" not in runs[-1]
        got = (await client.command("getRun", runId=run["id"]))["run"]
        assert got["missingBytes"] == sum(len(f"line {number}\n") for number in range(20_000))
        resource.prlimit(client.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        await fake.run('result "later"')
        marked = (await client.command("history"))["runs"][1]
        assert (marked["id"], marked["missingBytes"]) == (run["id"], got["missingBytes"])
        result = await client.command("export", path="out.md", format="md", runIds=[run["id"]])
        assert f"could not keep about {got['missingBytes']:,} bytes" in Path(result["path"]).read_text()


async def test_a_damaged_history_is_set_aside_and_replaced(home: Home) -> None:
    install_fake_kernel(home)
    path = Path(home.environment["XDG_DATA_HOME"]) / "kernel-bridge" / "history.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all" * 1000)
    async with editor(home) as client:
        fake = Fake(client, await client.command("startKernel", spec="fake"))
        run = await fake.run('result "2"')
        (kept,) = (await client.command("history"))["runs"]
        assert kept["id"] == run["id"]
        (warning,) = warnings(client)
        assert ".corrupt-1" in warning
    assert path.with_name("history.db.corrupt-1").read_bytes().startswith(b"no database")


async def test_an_unwritable_folder_costs_one_warning_and_the_history(home: Home) -> None:
    install_fake_kernel(home)
    (home.path / "file").touch()
    async with editor(home, settings={"history": {"path": str(home.path / "file" / "history.db")}}) as client:
        fake = Fake(client, await client.command("startKernel", spec="fake"))
        for _ in range(2):
            run = await fake.run('stream stdout "told"', 'result "2"')
            assert [output["output_type"] for output in run["outputs"]] == ["stream", "execute_result"]
        (warning,) = warnings(client)
        assert str(home.path / "file") in warning
        with pytest.raises(ResponseError, match="the history cannot be used"):
            await client.command("history")


MEGABYTES = 300


async def test_a_flood_while_the_file_is_locked_takes_bounded_memory(home: Home) -> None:
    path = Path(home.environment["XDG_DATA_HOME"]) / "kernel-bridge" / "history.db"
    # At most 100 MB a second, which any disk can write: what it has not written yet is in memory.
    printed = "print('%07d|' % number * 125_000, flush=True); time.sleep(0.01)"
    code = f"import time\nfor number in range({MEGABYTES}): {printed}"
    async with editor(home) as client:
        kernel = await client.command("startKernel", spec="python3")
        await client.run(code="1", kernelId=kernel["id"])
        await client.command("history")  # the file exists
        bridge = psutil.Process(client.process.pid)
        before = peak = bridge.memory_info().rss
        blocker = sqlite3.connect(path)
        blocker.execute("BEGIN IMMEDIATE")
        try:
            run_id = (await client.command("run", code=code, kernelId=kernel["id"]))["runs"][0]["id"]
            async with asyncio.timeout(100):
                while not client.mirror.ended(run_id):
                    peak = max(peak, bridge.memory_info().rss)
                    await asyncio.sleep(0.05)
        finally:
            blocker.rollback()
            blocker.close()
        size = 1_000_001
        for number in (0, 1, MEGABYTES // 2, MEGABYTES - 1):
            got = await client.command("readOutput", runId=run_id, index=0, start=number * size, length=size)
            assert got["text"] == f"{number:07}|" * 125_000 + "\n"
            assert got["total"] == MEGABYTES * size
        assert "missingBytes" not in (await client.command("getRun", runId=run_id))["run"]
        assert warnings(client) == []
        assert peak - before < 200_000_000


@pytest.mark.parametrize("name", [".bashrc", "fifo", "folder", "a\0b"])
async def test_an_unusable_history_path_costs_one_warning(home: Home, name: str) -> None:
    install_fake_kernel(home)
    (home.path / ".bashrc").write_text("alias ll='ls -l'\n")
    os.mkfifo(home.path / "fifo")
    (home.path / "folder").mkdir()
    before = {file.name for file in home.path.iterdir()}
    async with editor(home, settings={"history": {"path": f"~/{name}"}}) as client:
        fake = Fake(client, await client.command("startKernel", spec="fake"))
        assert (await fake.run('result "2"'))["state"] == "ok"
        with pytest.raises(ResponseError, match="the history cannot be used"):
            await client.command("history")
        (warning,) = warnings(client)
        assert "set kernel-bridge.history.path to another file" in warning
    assert (home.path / ".bashrc").read_text() == "alias ll='ls -l'\n"
    assert {file.name for file in home.path.iterdir()} - {"stderr"} == before


async def test_a_relative_history_path_is_relative_to_the_root(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home, settings={"history": {"path": "kept/h.db"}}) as client:
        fake = Fake(client, await client.command("startKernel", spec="fake"))
        await fake.run('result "2"')
        assert len((await client.command("history"))["runs"]) == 1
        assert warnings(client) == []
    assert (home.work / "kept" / "h.db").is_file()
