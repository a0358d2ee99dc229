"""Updates wait on disk, in order, while the journal's file is locked; dropped output is counted."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kernel_bridge.history.journal import Journal
from kernel_bridge.runs.changes import Append, Clear, FoldChange, Replace, Rewrite
from tests.unit.history_samples import PLENTY, add, make_run, opened, printed

CHUNK = 1 << 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "history.db"


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Lock the database against other writers."""
    blocker = sqlite3.connect(path)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        blocker.rollback()
        blocker.close()


def tell(journal: Journal, run_id: str, start: int, count: int) -> None:
    for number in range(start, start + count):
        text = f"{number:08}" * (CHUNK // 8)
        journal.outputs_changed(run_id, [Rewrite(0, number * CHUNK, text)])


async def check_text(journal: Journal, run_id: str, count: int) -> None:
    """Assert that the journal has the run's complete output, as `tell` reported it."""
    for number in range(count):
        text, total = await journal.read_output(run_id, 0, number * CHUNK, CHUNK)
        assert text == f"{number:08}" * (CHUNK // 8)
        assert total == count * CHUNK


async def test_a_locked_file_costs_bounded_memory_and_no_output(path: Path) -> None:
    async with opened(path) as (journal, warnings):
        add(journal, make_run(), [printed("")])
        await journal.flush()
        with held(path):
            add(journal, make_run("2"), [printed("")])
            tell(journal, "run-1", 0, 150)
            await until(lambda: spilled(path) > 100 * CHUNK)
            tell(journal, "2", 0, 60)
        await check_text(journal, "run-1", 150)
        await check_text(journal, "2", 60)
        tell(journal, "run-1", 150, 1)
        await check_text(journal, "run-1", 151)
        assert warnings == []
        assert (await journal.get_run("run-1", 9)).missing_bytes is None
    assert sorted(file.name for file in path.parent.iterdir()) == ["history.db", "history.db.lock"]


async def test_all_kinds_of_updates_wait_in_order(path: Path) -> None:
    def show(text: str) -> FoldChange:
        return Append({"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}})

    async with opened(path) as (journal, warnings):
        add(journal, make_run("first"))
        await journal.flush()
        with held(path):
            for number in range(40):
                run = make_run(str(number), source="\ud800é😀")
                add(journal, run, [show("x" * CHUNK), printed("gone"), Clear(), printed("é\ud800")])
                journal.outputs_changed(run.id, [Rewrite(0, 2, "😀" * 9), show("a"), show("b")])
                changed = {"output_type": "display_data", "data": {"application/json": [1]}, "metadata": {}}
                journal.outputs_changed(run.id, [Replace(1, changed)])
                journal.outputs_changed("first", [show("x" * CHUNK), Clear(), show(str(number))])
        for number in range(40):
            run = await journal.get_run(str(number), PLENTY)
            assert run.outputs is not None
            assert run.source == "\ud800é😀"
            assert run.outputs[0]["text"] == "é\ud800" + "😀" * 9
            assert [output["data"] for output in run.outputs[1:]] == [
                {"application/json": [1]},
                {"text/plain": "b"},
            ]
        assert [run.id for run in await journal.history()] == [str(n) for n in range(39, -1, -1)] + ["first"]
        assert warnings == []


def spilled(path: Path) -> int:
    """The bytes in spills."""
    return sum(file.stat().st_size for file in path.parent.glob("*.spill-*"))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - on files
            await asyncio.sleep(0.01)


TELLING = """
import asyncio, sys
from pathlib import Path
from kernel_bridge.history.journal import Journal
from tests.unit.history_samples import PLENTY, add, make_run, printed
from tests.unit.test_history_backlog import held, spilled, tell, until

async def main():
    path, confine = Path(sys.argv[1]), sys.argv[2]
    lost = {}
    journal = Journal.open(path, PLENTY, lambda warning: print(warning, file=sys.stderr), lost.__setitem__)
    add(journal, make_run(state="running", ended_at=None), [printed("")])
    await journal.flush()
    exec(confine)
    with held(path):
        add(journal, make_run("2", state="running", ended_at=None), [printed("")])
        tell(journal, "run-1", 0, 40)
        if not confine:
            await until(lambda: spilled(path) >= 24 << 20)
        tell(journal, "2", 0, 4)
        print("told", lost, flush=True)
        if sys.stdin.readline() == "close\\n":
            journal.run_changed(make_run("2"), {})
            await journal.close()
            print("closed", flush=True)
            return
        tell(journal, "run-1", 40, 200)
        await asyncio.sleep(0)
        print("more", lost, flush=True)
    await journal.flush()
    print((await journal.get_run("run-1", 0)).missing_bytes, lost, flush=True)

asyncio.run(main())
"""


@contextmanager
def telling(path: Path, confine: str = "") -> "Iterator[subprocess.Popen[str]]":
    """A bridge that has reported much while the file was locked."""
    command = [sys.executable, "-c", TELLING, str(path), confine]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_a_killed_bridge_leaves_pending_updates_to_the_next(path: Path) -> None:
    with telling(path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "told {}\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    async with opened(path) as (journal, warnings):
        _, total = await journal.read_output("run-1", 0, 0, 1)
        missing = (await journal.get_run("run-1", 0)).missing_bytes or 0  # if one was just being written
        assert total + missing >= 20 * CHUNK  # the newest were in memory
        await check_text(journal, "run-1", total // CHUNK)
        runs = await journal.history()
        assert [(run.id, run.state) for run in runs] == [("2", "lost"), ("run-1", "lost")]
        assert warnings == []
    assert spilled(path) == 0


async def test_an_ending_bridge_leaves_unwritten_updates_to_the_next(path: Path) -> None:
    with telling(path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "told {}\n"
        process.stdin.write("close\n")
        process.stdin.flush()
        assert process.stdout.readline() == "closed\n"
        assert process.wait() == 0
    async with opened(path) as (journal, warnings):
        await check_text(journal, "run-1", 40)
        await check_text(journal, "2", 4)
        assert [(run.id, run.state) for run in await journal.history()] == [("2", "ok"), ("run-1", "lost")]
        assert warnings == []
    assert spilled(path) == 0


async def test_a_truncated_batch_is_counted_in_its_runs(path: Path) -> None:
    with telling(path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    (spill,) = path.parent.glob("*.spill-*")
    os.truncate(spill, spill.stat().st_size - 100)
    async with opened(path) as (journal, warnings):
        run = await journal.get_run("run-1", 0)
        _, total = await journal.read_output("run-1", 0, 0, 1)
        assert run.missing_bytes is not None
        assert run.missing_bytes >= 16 * CHUNK
        assert 24 * CHUNK <= total + run.missing_bytes <= 40 * CHUNK
        assert warnings == []


async def test_dropped_output_is_counted_in_its_run(path: Path) -> None:
    confine = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))"
    with telling(path, confine) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "told {}\n"
        process.stdin.write("more\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith("more {'run-1': ")
        missing, lost = process.stdout.readline().split(" ", 1)
        assert int(missing) == 240 * CHUNK
        assert lost == f"{{'run-1': {missing}, '2': {4 * CHUNK}}}\n"
