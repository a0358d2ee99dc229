"""A run has one owner in the history, and another bridge can take it over: from a killed one exactly."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from kernel_bridge.history.journal import Journal
from kernel_bridge.history.records import Options
from kernel_bridge.protocol.objects import Run
from kernel_bridge.runs.changes import Rewrite
from kernel_bridge.runs.run import Location
from tests.unit.history_samples import KERNEL, make_run, opened, printed
from tests.unit.test_history_backlog import CHUNK, held, spilled, until

pytestmark = pytest.mark.slow

WIDTH = 1 << 16  # characters in a line, so that the flood overflows into the spill soon
QUEUED = Options(stop_on_error=False, after="other", location=Location("file:///a.py", 3, lines="\ud800\n"))

FLOOD = """
import asyncio, sys
from pathlib import Path
from kernel_bridge.history.journal import Journal
from tests.unit.history_samples import KERNEL, PLENTY, make_run, printed
from tests.unit.test_history_owner import QUEUED, line
from kernel_bridge.runs.changes import Rewrite

async def main():
    journal = Journal.open(Path(sys.argv[1]), PLENTY, lambda warning: print(warning, file=sys.stderr))
    for name in ("running", "other output"):
        journal.run_started(make_run(name, state="running", ended_at=None), KERNEL)
        journal.outputs_changed(name, [printed("")])
    journal.run_started(make_run("queued", state="queued", started_at=None, ended_at=None), KERNEL, QUEUED)
    journal.run_started(make_run("ended"), KERNEL)
    await journal.flush()
    print(journal.id, flush=True)
    number = 0
    while True:
        with journal.together(number):
            for name in ("running", "other output"):
                journal.outputs_changed(name, [Rewrite(0, number * len(line(0)), line(number))])
        number += 1
        await asyncio.sleep(0.001)

asyncio.run(main())
"""


def line(number: int) -> str:
    return f"{number:0{WIDTH - 1}}\n"


def stored_characters(path: Path) -> int:
    """The characters of all output in the tables."""
    with closing(sqlite3.connect(path)) as reader:
        (count,) = reader.execute("SELECT coalesce(sum(length), 0) FROM chunks").fetchone()
    return int(count)


@contextmanager
def flooding(path: Path) -> "Iterator[subprocess.Popen[str]]":
    """A bridge whose runs print numbered lines, each of them the kernel's message of that number."""
    with subprocess.Popen([sys.executable, "-c", FLOOD, path], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


async def check_takeover(path: Path, is_slow: bool, is_seen: bool) -> None:
    """Kill a bridge in a flood, on a slow disk or a quick one, and continue its runs in another one."""
    async with AsyncExitStack() as stack:
        with ExitStack() as disk:
            process = disk.enter_context(flooding(path))
            assert process.stdout is not None
            owner = process.stdout.readline().strip()
            taker, warnings = await stack.enter_async_context(opened(path))
            if is_slow:
                disk.enter_context(held(path))
                await until(lambda: spilled(path) > 20 * CHUNK)
            else:
                await until(lambda: stored_characters(path) > 20 * CHUNK)
        if is_seen:
            check_seen_lost(path)
        found = await taker.open_runs(KERNEL.id, owner, 1000)
        running, _, queued = found
        assert [(one.run.id, one.run.state) for one in found] == [
            ("running", "running"),
            ("other output", "running"),
            ("queued", "queued"),
        ]
        assert (running.options, queued.options) == (Options(), QUEUED)
        assert queued.stream_length is None
        heard = running.heard
        assert heard is not None
        for one in found[:2]:
            assert one.heard == heard
            assert one.stream_length == (heard + 1) * WIDTH
            assert is_slow or one.run.missing_bytes is None  # a batch that was just being spilled is counted
            await check_lines(taker, one.run.id, heard + 1)
        taker.take([one.run.id for one in found])
        with taker.together(heard + 1):
            taker.outputs_changed("running", [Rewrite(0, (heard + 1) * WIDTH, line(heard + 1))])
        await check_lines(taker, "running", heard + 2)
        async with opened(path) as (third, _):
            assert [run.state for run in await third.history()] == ["ok", "queued", "running", "running"]
        taker.run_changed(make_run("running"), {})
        assert (await taker.get_run("running", 0)).state == "ok"
        assert [one.heard for one in await taker.open_runs(KERNEL.id, taker.id, 0)] == [heard + 1] * 2
        assert warnings == []
    assert spilled(path) == 0


def check_seen_lost(path: Path) -> None:
    """A user looks at the history, whose process marks the runs of the killed bridge."""
    command = [sys.executable, "-m", "kernel_bridge", "history", "--state", "lost"]
    environment = {**os.environ, "XDG_DATA_HOME": str(path.parents[1])}
    seen = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert seen.stdout.count("lost") >= 3


async def check_lines(journal: Journal, run_id: str, count: int) -> None:
    text, total = await journal.read_output(run_id, 0, 0, count * WIDTH)
    assert total == count * WIDTH
    assert text == "".join(map(line, range(count)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kernel-bridge" / "history.db"


async def test_runs_of_a_killed_bridge_continue(path: Path) -> None:
    await check_takeover(path, is_slow=False, is_seen=False)


async def test_runs_that_waited_on_disk_continue_although_found_lost(path: Path) -> None:
    await check_takeover(path, is_slow=True, is_seen=True)


def start(journal: Journal, run: Run, text: str) -> None:
    journal.run_started(run, KERNEL)
    journal.outputs_changed(run.id, [printed(text)])


@pytest.mark.parametrize("is_owner_first", [True, False])
async def test_two_bridges_that_hear_a_run_store_it_once(path: Path, is_owner_first: bool) -> None:
    async with opened(path) as (owner, _), opened(path) as (follower, _):
        owned = make_run(state="running", ended_at=None, source="requested")
        heard = make_run(state="running", ended_at=None, source="heard", origin="other")
        in_order = [(owner, owned), (follower, heard)]
        for journal, run in in_order if is_owner_first else reversed(in_order):
            start(journal, run, "a\n")
            await journal.flush()
        for journal, run in reversed(in_order):
            journal.outputs_changed(run.id, [Rewrite(0, 2, f"{run.origin}\n")])
            journal.outputs_changed(run.id, [printed(f"{run.origin}\n", "stderr")])
            await journal.flush()
        follower.run_changed(make_run(state="error", origin="other"), {})
        owner.run_changed(make_run(execution_count=3), {})
        await follower.flush()
        (run,) = await owner.history()
        assert (run.origin, run.source, run.state, run.execution_count) == ("bridge", "requested", "ok", 3)
        outputs = (await owner.get_run("run-1", 100)).outputs or []
        assert [output.get("text") for output in outputs] == ["a\nbridge\n", "bridge\n"]


async def test_a_run_is_handed_over_between_living_bridges(path: Path) -> None:
    async with opened(path) as (giver, _), opened(path) as (taker, warnings):
        run = make_run(state="running", ended_at=None)
        with giver.together(4):
            start(giver, run, "4\n")
        await giver.flush()
        taker.outputs_changed(run.id, [printed("dropped: not its run yet")])
        taker.take([run.id, "unknown"])
        (resumed,) = await taker.resume([run.id, "unknown"], 100)
        assert (resumed.run.state, resumed.heard, resumed.stream_length) == ("running", 4, 2)
        assert resumed.run.outputs == [printed("4\n").output]
        with taker.together(5):
            taker.outputs_changed(run.id, [Rewrite(0, 2, "5\n"), printed("6\n", "stderr")])
        await taker.flush()
        giver.outputs_changed(run.id, [Rewrite(0, 0, "too late")])
        giver.run_changed(make_run(state="lost", reason="the bridge ended"), {})
        await giver.flush()
        giver.take([run.id])
        (back,) = await giver.resume([run.id], 100)
        assert (back.run.state, back.heard) == ("running", 5)
        assert [output.get("text") for output in back.run.outputs or []] == ["4\n5\n", "6\n"]
        assert warnings == []


async def test_output_that_does_not_continue_what_is_stored_is_counted(path: Path) -> None:
    """As after an owner whose disk stalls, or that had to drop output."""
    async with opened(path) as (giver, _), opened(path) as (taker, warnings):
        run = make_run(state="running", ended_at=None)
        start(giver, run, "1\n")
        start(giver, make_run("2", state="running", ended_at=None), "")
        await giver.flush()
        taker.take([run.id, "2"])
        taker.outputs_changed(run.id, [Rewrite(0, 4, "3\n"), printed("é", "stderr")])
        taker.outputs_changed("2", [Rewrite(0, 0, "another run")])
        await taker.flush()
        taker.outputs_changed(run.id, [Rewrite(2, 0, "5\n")])
        taker.run_changed(make_run(), {})
        ended = await taker.get_run(run.id, 100)
        assert (ended.state, ended.missing_bytes) == ("ok", 6)
        assert ended.outputs == [printed("1\n").output]
        assert (await taker.read_output("2", 0, 0, 100))[0] == "another run"
        assert warnings == []
