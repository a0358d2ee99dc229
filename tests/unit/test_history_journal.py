"""The journal keeps all reported runs, with several bridges and after kills, and answers queries."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from kernel_bridge.history import reading
from kernel_bridge.history.journal import Journal
from kernel_bridge.history.records import Filter
from kernel_bridge.history.selection import Selection
from kernel_bridge.history.store import Connection, open_reader
from kernel_bridge.history.writing import LOST
from kernel_bridge.protocol.errors import BridgeError, InvalidArgument, NoSuchRun
from kernel_bridge.protocol.objects import Position, Range, RunError, TextDocument
from kernel_bridge.runs.changes import Append, Rewrite
from tests.unit.history_samples import KERNEL, PLENTY, add, make_run, opened, printed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "history.db"


class OtherBridge:
    """A process that writes runs into the same journal, the last of them unfinished and growing."""

    def __init__(self, path: Path, prefix: str, count: int) -> None:
        command = [sys.executable, "-m", "tests.unit.history_samples", str(path), prefix, str(count)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def kept(self) -> int:
        """How many characters of its unfinished run are stored; waits for the first."""
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def kill(self) -> int:
        """Kill it while it writes. Return how many characters it had reported as stored."""
        os.kill(self._process.pid, signal.SIGKILL)
        assert self._process.stdout is not None
        lines = self._process.stdout.read().splitlines()
        self._process.wait()
        self._process.stdout.close()
        return int(lines[-1]) if lines else 0


async def test_a_run_comes_back_unchanged(path: Path) -> None:
    run = make_run(
        source="print('é😀\ud800')\n",
        state="error",
        text_document=TextDocument(uri="file:///a.py", version=3),
        range=Range(start=Position(line=1, character=0), end=Position(line=2, character=0)),
        execution_count=7,
        error=RunError(ename="E", evalue="\ud800", traceback=["a", "b"], line=1),
        reason="why",
        next_input="x",
        degraded=True,
        lost_messages=2,
    )
    async with opened(path) as (journal, _):
        journal.run_started(
            make_run(run.id, source=run.source, state="queued", started_at=None, ended_at=None), KERNEL
        )
        await journal.flush()
        journal.run_changed(run, {"iopub.status.busy": "t"})
        (record,) = await journal.read_runs(Filter(), list)
        assert record.run == run
        assert record.times == {"iopub.status.busy": "t"}
        assert record.kernel.language_info == KERNEL.language_info


async def test_runs_are_available_in_the_next_session(path: Path) -> None:
    async with opened(path) as (journal, _):
        add(journal, make_run(), [printed("a\n")])
    async with opened(path) as (journal, _):
        assert await journal.read_output("run-1", 0, 0, 9) == ("a\n", 2)


async def test_late_output_is_kept_and_output_of_unknown_runs_dropped(path: Path) -> None:
    async with opened(path) as (journal, warnings):
        add(journal, make_run(), [printed("a")])
        await journal.flush()
        journal.outputs_changed("run-1", [Rewrite(0, 1, "b")])
        journal.outputs_changed("never told", [printed("c")])
        assert (await journal.read_output("run-1", 0, 0, 9))[0] == "ab"
        assert warnings == []


async def check_history(journal: Journal, filters: dict[str, Any], expected: list[str]) -> None:
    paging = {name: filters.pop(name) for name in ("limit", "before") if name in filters}
    assert [run.id for run in await journal.history(Filter(**filters), **paging)] == expected


async def test_history_filters_and_pages_newest_first(path: Path) -> None:
    document = TextDocument(uri="file:///a.py")
    async with opened(path) as (journal, _):
        add(journal, make_run("1", source="STRASSE = 1", started_at="2027-01-01T00:00:00Z"))
        add(journal, make_run("2", source="straße = 2", kernel_id="kernel-2"))
        add(journal, make_run("3", source="y = 'ÄÖ_%'", text_document=document))
        await check_history(journal, {}, ["3", "2", "1"])
        await check_history(journal, {"limit": 2}, ["3", "2"])
        await check_history(journal, {"before": "3"}, ["2", "1"])
        await check_history(journal, {"before": "2", "limit": 1}, ["1"])
        await check_history(journal, {"kernel_id": KERNEL.id}, ["3", "1"])
        await check_history(journal, {"kernel_id": "none"}, [])
        await check_history(journal, {"uri": document.uri}, ["3"])
        await check_history(journal, {"kernel_id": "kernel-2", "uri": document.uri}, [])
        await check_history(journal, {"text": "Strasse"}, ["2", "1"])
        await check_history(journal, {"text": "äö_%"}, ["3"])
        await check_history(journal, {"text": "%_"}, [])


async def test_runs_are_found_by_state_and_time(path: Path) -> None:
    def at(second: int) -> datetime:
        return datetime(2026, 1, 1, 1, 0, second, tzinfo=timezone(timedelta(hours=1)))

    async with opened(path) as (journal, _):
        add(journal, make_run("1", started_at="2026-01-01T00:00:01.000000Z", state="error"))
        add(journal, make_run("2", started_at="2026-01-01T00:00:02.000000Z"))
        add(journal, make_run("3", started_at=None, queued_at="2026-01-01T00:00:03.000000Z", state="aborted"))
        await check_history(journal, {"states": ("error", "aborted")}, ["3", "1"])
        await check_history(journal, {"states": ("lost",)}, [])
        await check_history(journal, {"since": at(2)}, ["3", "2"])
        await check_history(journal, {"until": at(2)}, ["1"])
        await check_history(journal, {"since": at(2), "until": at(3), "states": ("ok",)}, ["2"])
        other = OtherBridge(path, "other", 1)
        other.kept()
        await check_history(journal, {"states": ("running",)}, ["other-open"])
        other.kill()
        await check_history(journal, {"states": ("running",)}, [])
        await check_history(journal, {"states": ("lost",)}, ["other-open"])


async def test_runs_of_a_notebook_are_found_by_notebook_and_by_cell(path: Path) -> None:
    book = TextDocument(uri="file:///a.ipynb", version=1)
    async with opened(path) as (journal, _):
        for number in (1, 2):
            cell = TextDocument(uri=f"cell:{number}")
            add(journal, make_run(str(number), text_document=cell, notebook_document=book))
        await check_history(journal, {"uri": book.uri}, ["2", "1"])
        await check_history(journal, {"uri": "cell:1"}, ["1"])


async def test_runs_are_exported_in_the_order_they_started(path: Path) -> None:
    async with opened(path) as (journal, _):
        for name in ("a", "b"):
            journal.run_started(make_run(name, state="queued", started_at=None), KERNEL)
            await journal.flush()
        for name, second in (("b", 5), ("a", 1)):  # the clock was set back in between
            journal.run_changed(make_run(name, started_at=f"2026-01-01T00:00:0{second}Z"), {})
            await journal.flush()
            journal.run_changed(make_run(name, started_at=f"2026-01-01T00:00:0{second}Z"), {})
        add(journal, make_run("c", kernel_id="kernel-2", started_at="2025-01-01T00:00:01Z"))
        add(journal, make_run("never ran", started_at=None, state="cancelled"))

        def ids(runs: Selection) -> list[str]:
            assert len(runs) == len(runs.keys)
            return [record.run.id for record in runs]

        for filters, expected in (
            ({"kernel_id": KERNEL.id}, ["b", "a"]),
            ({"run_ids": ("a", "b", "a")}, ["b", "a"]),
            ({"run_ids": ("c",)}, ["c"]),
            ({}, ["b", "a", "c"]),
            ({"since": datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC)}, ["b"]),
        ):
            found = await journal.read_runs(Filter(**filters), ids)
            assert found == expected


async def test_an_error_names_what_is_missing(path: Path) -> None:
    async with opened(path) as (journal, _):
        result = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
        add(journal, make_run(), [Append(result)])

        async def check_error(question: Any, kind: type[BridgeError], named: str) -> None:
            with pytest.raises(kind, match=named):
                await question

        await check_error(journal.get_run("x1", 9), NoSuchRun, "x1")
        await check_error(journal.read_output("x1", 0, 0, 1), NoSuchRun, "x1")
        await check_error(journal.read_output("run-1", 0, 0, 1), InvalidArgument, "index")
        await check_error(journal.read_output("run-1", 5, 0, 1), InvalidArgument, "index")
        await check_error(journal.history(before="x1"), NoSuchRun, "x1")
        await check_error(journal.read_runs(Filter(run_ids=("run-1", "x1")), list), NoSuchRun, "x1")


async def test_a_killed_bridge_loses_no_stored_output(path: Path) -> None:
    async with opened(path) as (journal, warnings):
        other = OtherBridge(path, "other", 3)
        other.kept()
        assert (await journal.get_run("other-open", 9)).state == "running"
        kept = other.kill()
        (run,) = await journal.history(limit=1)
        assert (run.id, run.state, run.reason) == ("other-open", "lost", LOST)
        text, total = await journal.read_output("other-open", 0, 0, PLENTY)
        assert total >= kept
        assert text == "".join(f"line {at}\n" for at in line_starts(total))
    async with opened(path) as (journal, more):  # opening it marked the run as lost, permanently
        assert (await journal.get_run("other-open", 9)).state == "lost"
        assert [run.state for run in await journal.history()] == ["lost", "ok", "ok", "ok"]
        reader = open_reader(path)
        assert reader.execute("SELECT count(*) FROM runs WHERE open").fetchone() == (0,)
        reader.close()
    assert warnings + more == []
    assert sorted(file.name for file in path.parent.iterdir()) == ["history.db", "history.db.lock"]


def line_starts(total: int) -> list[int]:
    starts, at = [], 0
    while at < total:
        starts.append(at)
        at += len(f"line {at}\n")
    return starts


async def test_several_bridges_write_at_once(path: Path) -> None:
    async with opened(path) as (journal, warnings):
        others = [OtherBridge(path, name, 50) for name in ("x", "y")]
        for number in range(50):
            add(journal, make_run(f"mine-{number}"), [printed("a")])
            await asyncio.sleep(0)
        for other in others:
            other.kept()
        runs = await journal.history(limit=1000)
        for other in others:
            other.kill()
        for name in ("mine", "x", "y"):
            assert [run.id for run in reversed(runs) if run.state == "ok" and run.id.startswith(name)] == [
                f"{name}-{number}" for number in range(50)
            ]
        assert warnings == []


async def count_steps(path: Path, runs: int, question: dict[str, Any]) -> int:
    """The number of SQLite steps to list the newest 50 of `runs` runs."""
    async with opened(path) as (journal, _):
        for number in range(runs):
            uri = f"file:///{number % 2}.py"
            add(journal, make_run(str(number), text_document=TextDocument(uri=uri)))
        await journal.flush()
        reader: Connection = open_reader(path)
        steps = 0

        def step() -> int:
            nonlocal steps
            steps += 1
            return 0

        reader.set_progress_handler(step, 10)
        found = reading.history(reader, lambda _: True, Filter(**question), 50, None)
        assert len(found) == 50
        return steps


async def test_the_newest_runs_cost_the_same_in_a_long_history(tmp_path: Path) -> None:
    for name, question in {
        "all": {},
        "kernel": {"kernel_id": KERNEL.id},
        "document": {"uri": "file:///1.py"},
        "text": {"text": "1+1"},
        "state": {"states": ("ok",)},
        "time": {"until": datetime(2027, 1, 1, tzinfo=UTC)},
    }.items():
        few = await count_steps(tmp_path / f"{name}-few.db", 100, question)
        many = await count_steps(tmp_path / f"{name}-many.db", 3000, question)
        assert many <= 1.5 * few
