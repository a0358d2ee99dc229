"""The journal stays within its limit: the oldest runs and their files are deleted, and the file shrinks."""

import sqlite3
from pathlib import Path

from kernel_bridge.history.journal import Journal
from tests.unit.history_samples import PLENTY, add, make_run, opened, printed

LIMIT = 2 << 20
RUN_BYTES = 200_000
TEXT = "x" * RUN_BYTES


async def add_runs(journal: Journal, prefix: str, count: int) -> None:
    """Add runs of a new kernel."""
    for number in range(count):
        add(journal, make_run(f"{prefix}-{number}", kernel_id=prefix), [printed(TEXT)])
        await journal.flush()


async def kept(journal: Journal) -> list[str]:
    return [run.id for run in reversed(await journal.history(limit=1000))]


async def test_the_oldest_runs_of_earlier_sessions_are_deleted_first(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    async with opened(path) as (journal, _):
        await add_runs(journal, "old", 30)
    full = path.stat().st_size
    async with opened(path) as (other, _):
        await add_runs(other, "living", 3)
        async with opened(path, LIMIT) as (journal, warnings):
            await add_runs(journal, "mine", 3)
            names = await kept(journal)
            assert names[-6:] == [f"{name}-{number}" for name in ("living", "mine") for number in range(3)]
            assert names[:-6] == [f"old-{number}" for number in range(30)][36 - len(names) :]
            assert 6 < len(names) <= LIMIT // RUN_BYTES
            assert warnings == []
    assert path.stat().st_size < min(full / 2, LIMIT * 1.1)


async def test_runs_of_a_kernel_in_use_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    async with opened(path) as (journal, _):
        for number in range(3):
            add(journal, make_run(f"used-{number}", kernel_id="outlived"), [printed(TEXT)])
        await add_runs(journal, "old", 10)
    async with opened(path, LIMIT) as (journal, _):
        add(journal, make_run("again", kernel_id="outlived"))
        for number in range(4):
            add(journal, make_run(f"mine-{number}", kernel_id="new"), [printed(TEXT)])
            await journal.flush()
        names = await kept(journal)
        assert names[:3] == [f"used-{number}" for number in range(3)]
        assert "old-0" not in names
        assert names[-4:] == [f"mine-{number}" for number in range(4)]


async def fill(path: Path) -> None:
    """Write an earlier session, four times as large as the limit."""
    async with opened(path, LIMIT) as (journal, _):
        await add_runs(journal, "earlier", 40)


async def test_a_session_larger_than_the_limit_keeps_its_runs_until_it_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    async with opened(path, LIMIT) as (journal, warnings):
        add(journal, make_run("open", state="running", ended_at=None), [printed(TEXT)])
        await add_runs(journal, "mine", 40)
        assert await kept(journal) == ["open", *(f"mine-{number}" for number in range(40))]
        assert warnings == []
    async with opened(path, LIMIT) as (journal, warnings):
        await add_runs(journal, "next", 1)
        names = await kept(journal)
        assert names[-1] == "next-0"
        assert names[:-1] == [f"mine-{number}" for number in range(40)][41 - len(names) :]
        assert 4 < len(names) <= LIMIT // RUN_BYTES
        journal.outputs_changed("mine-0", [printed("late")])
        await journal.flush()
        assert warnings == []


async def test_files_of_a_run_are_deleted_with_it(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    blobs = [tmp_path / f"{number}.png" for number in range(2)]
    for blob in blobs:
        blob.write_bytes(b"")
    async with opened(path, LIMIT) as (journal, _):
        add(journal, make_run("first", kernel_id="first"), [printed(TEXT)])
        journal.blob_written("first", blobs[0])
    await fill(path)
    async with opened(path, LIMIT) as (journal, _):
        add(journal, make_run("last", kernel_id="last"), [printed(TEXT)])
        journal.blob_written("last", blobs[1])
        await journal.flush()
        assert [blob.exists() for blob in blobs] == [False, True]


async def test_a_pruned_file_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await fill(path)
    async with opened(path, LIMIT) as (journal, _):
        await add_runs(journal, "mine", 1)
        assert len(await kept(journal)) < 40
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    orphans = "SELECT count(*) FROM chunks WHERE run NOT IN (SELECT key FROM runs)"
    assert connection.execute(orphans).fetchone() == (0,)
    connection.close()


async def test_nothing_is_deleted_while_there_is_room(tmp_path: Path) -> None:
    async with opened(tmp_path / "history.db", PLENTY) as (journal, _):
        await add_runs(journal, "mine", 40)
        assert len(await kept(journal)) == 40
