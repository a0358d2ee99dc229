"""The journal's file: permissions, versions, damage, and disks that refuse."""

import asyncio
import os
import socket
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kernel_bridge.history import schema
from kernel_bridge.history.records import Filter
from kernel_bridge.protocol.errors import HistoryDisabled
from tests.unit.history_samples import add, make_run, opened, printed

DATA = Path(__file__).parents[1] / "data"
FIRST, SECOND = (f"11111111-0000-4000-8000-00000000000{number}" for number in (1, 2))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "history.db"


def make_database(path: Path, sql: str) -> bytes:
    """Make a database file with those statements. Return its bytes."""
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.executescript(sql)
    connection.close()
    return path.read_bytes()


async def test_only_the_user_can_read_the_file(path: Path) -> None:
    async with opened(path) as (journal, _):
        add(journal, make_run())
        await journal.flush()
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        assert {"history.db", "history.db-wal"} <= set(modes)
        assert set(modes.values()) == {0o600}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("version", range(1, schema.VERSION + 1))
async def test_a_file_of_every_version_opens(path: Path, version: int) -> None:
    make_database(path, sample(version))
    async with opened(path) as (journal, warnings):
        run = await journal.get_run(FIRST, 1000)
        assert (run.source, run.state, run.execution_count) == ("print('hé')\n", "ok", 1)
        assert run.outputs == [
            {"output_type": "stream", "name": "stdout", "text": "hé\n"},
            {"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}},
        ]
        (elided, _) = (await journal.get_run(FIRST, 0)).outputs
        counted = {"lines": 1} if version >= 4 else {}
        assert elided["elided"] == {"omitted": 4, "tail": "hé\n"} | counted
        assert (await journal.get_run(SECOND, 0)).state == "lost"
        wanted = Filter(states=("ok",), until=datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC))
        assert [run.id for run in await journal.history(wanted)] == [FIRST]
        if version >= 2:
            assert [run.id for run in await journal.history(Filter(uri="file:///a.ipynb"))] == [FIRST]
        add(journal, make_run(), [printed("new")])
        assert [run.id for run in await journal.history()] == ["run-1", SECOND, FIRST]
        assert warnings == []
    connection = sqlite3.connect(path)
    assert tables(connection) == tables(made_by_steps(schema.VERSION))
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.mark.parametrize("version", range(1, schema.VERSION + 1))
def test_the_checked_in_files_have_their_versions(version: int) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(sample(version))
    assert connection.execute("PRAGMA user_version").fetchone() == (version,)
    assert tables(connection) == tables(made_by_steps(version))
    connection.close()


def sample(version: int) -> str:
    """A journal written by that version, as SQL."""
    return (DATA / f"history_v{version}.sql").read_text(encoding="utf-8")


def made_by_steps(version: int) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    for step in schema.STEPS[:version]:
        for statement in step:
            connection.execute(statement)
    return connection


def tables(connection: sqlite3.Connection) -> set[str]:
    found = connection.execute(
        "SELECT sql FROM sqlite_schema WHERE sql NOT NULL AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    return {" ".join(statement.split()) for (statement,) in found}


async def check_refused(path: Path, sql: str, named: str) -> None:
    before = make_database(path, sql)
    async with opened(path) as (journal, warnings):
        add(journal, make_run(), [printed("a")])
        with pytest.raises(HistoryDisabled, match=named):
            await journal.history()
        assert len(warnings) == 1
        assert named in warnings[0]
    assert path.read_bytes() == before


async def test_a_newer_version_is_refused_and_unchanged(path: Path) -> None:
    newer = f"PRAGMA application_id = {schema.APPLICATION_ID}; PRAGMA user_version = {schema.VERSION + 1};"
    await check_refused(path, newer + "CREATE TABLE runs (id)", "newer kernel-bridge")


async def test_a_foreign_database_is_refused_and_unchanged(path: Path) -> None:
    await check_refused(path, "CREATE TABLE bookmarks (id)", "another program")


async def check_set_aside(path: Path, damaged: bytes, expected: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(damaged)
    async with opened(path) as (journal, warnings):
        add(journal, make_run())
        assert len(await journal.history()) == 1
        assert len(warnings) == 1
        assert expected in warnings[0]
    assert (path.parent / expected).read_bytes() == damaged


async def test_a_damaged_file_with_our_mark_is_set_aside(path: Path) -> None:
    async with opened(path):
        pass
    sound = path.read_bytes()
    await check_set_aside(path, sound[:100] + b"\xff" * (len(sound) - 100), "history.db.corrupt-1")
    await check_set_aside(path, sound[:5000], "history.db.corrupt-2")


async def check_untouched(path: Path, named: str) -> None:
    """Assert one warning with advice for a path that is no history, and that nothing hangs or changes."""
    before = {file: file.lstat() for file in path.parent.iterdir()}
    async with asyncio.timeout(20), opened(path) as (journal, warnings):
        add(journal, make_run(), [printed("a")])
        with pytest.raises(HistoryDisabled, match=named):
            await journal.history()
    (warning,) = warnings
    assert str(path) in warning
    assert "set kernel-bridge.history.path to another file" in warning
    for file, stat_before in before.items():
        now = file.lstat()
        assert (now.st_ino, now.st_size, now.st_mtime_ns) == (
            stat_before.st_ino,
            stat_before.st_size,
            stat_before.st_mtime_ns,
        )
    assert set(path.parent.iterdir()) == set(before)


@pytest.mark.parametrize("content", [b"alias ll='ls -l'\n", b"x" * 5000, b"SQLite format 3\0" + b"\0" * 200])
async def test_a_foreign_file_is_refused_and_unchanged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".bashrc").write_bytes(content)
    await check_untouched(tmp_path / ".bashrc", "another program")
    assert (tmp_path / ".bashrc").read_bytes() == content


@pytest.mark.parametrize("suffix", ["", "-journal", "-wal"])
async def test_only_regular_files_are_opened(tmp_path: Path, suffix: str) -> None:
    def check_kind(name: str) -> Path:
        (tmp_path / name).mkdir()
        return tmp_path / name / f"h.db{suffix}"

    os.mkfifo(check_kind("fifo"))
    await check_untouched(tmp_path / "fifo" / "h.db", "a FIFO")
    check_kind("folder").mkdir()
    await check_untouched(tmp_path / "folder" / "h.db", "a folder")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(check_kind("socket").parent)  # a socket's name may have 107 bytes
        try:
            server.bind(f"h.db{suffix}")
        finally:
            os.chdir(here)
        await check_untouched(tmp_path / "socket" / "h.db", "a socket")
    check_kind("loop").symlink_to(f"h.db{suffix}")
    await check_untouched(tmp_path / "loop" / "h.db", "a symbolic link")


async def test_a_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "h.db").symlink_to("/dev/full")
    async with asyncio.timeout(20), opened(tmp_path / "h.db") as (_, warnings):
        pass
    (warning,) = warnings
    assert "/dev/full is a device, not a regular file" in warning


@pytest.mark.parametrize("name", ["a ?#%.db", os.fsdecode(b"\xff\xfe.db")])
async def test_unusual_file_names_work(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path / name) as (journal, warnings):
        add(journal, make_run(), [printed("a")])
        assert len(await journal.history()) == 1
        assert warnings == []
    assert (tmp_path / name).is_file()


async def test_a_link_is_followed_and_kept(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "h.db").symlink_to("elsewhere/h.db")
    for count in (1, 2):
        async with opened(tmp_path / "h.db") as (journal, warnings):
            add(journal, make_run(str(count)))
            assert len(await journal.history()) == count
            assert warnings == []
    assert (tmp_path / "h.db").is_symlink()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["elsewhere", "h.db"]


async def test_an_empty_file_becomes_the_history(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    async with opened(path) as (journal, warnings):
        add(journal, make_run())
        assert len(await journal.history()) == 1
        assert warnings == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_only_remains_of_a_killed_creation_are_removed(path: Path) -> None:
    async with opened(path):
        pass
    sound = path.read_bytes()
    path.unlink()
    ours = {"0" * 32: b"", "1" * 32: sound, "2" * 32: sound[:16], "3" * 32: sound[:9000]}
    others = {"4" * 32: b"mine", "notes": sound}
    for name, content in (ours | others).items():
        path.with_name(f"history.db.new-{name}").write_bytes(content)
    os.mkfifo(path.with_name(f"history.db.new-{'5' * 32}"))
    async with opened(path) as (_, warnings):
        assert warnings == []
    left = {file.name for file in path.parent.iterdir()} - {"history.db", "history.db.lock"}
    assert left == {f"history.db.new-{name}" for name in (*others, "5" * 32)}


async def test_created_folders_are_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with opened(tmp_path / "a" / "b" / "history.db"):
            for folder in (tmp_path / "a", tmp_path / "a" / "b"):
                assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        os.umask(before)


async def test_a_file_damaged_in_use_is_set_aside(path: Path) -> None:
    async with opened(path) as (journal, _):
        for number in range(200):
            add(journal, make_run(str(number)), [printed("x" * 9000)])
    sound = path.read_bytes()
    page_bytes = 8192
    path.write_bytes(sound[: 2 * page_bytes] + b"\xff" * (len(sound) - 2 * page_bytes))
    async with opened(path) as (journal, warnings):
        add(journal, make_run("after"))
        await journal.flush()
        add(journal, make_run("later"), [printed("a")])
        assert [run.id for run in await journal.history()][:1] == ["later"]
        assert len(warnings) == 1
        assert "corrupt-1" in warnings[0]


async def check_unusable(path: Path) -> None:
    async with opened(path) as (journal, warnings):
        add(journal, make_run(), [printed("a")])
        with pytest.raises(HistoryDisabled):
            await journal.get_run("run-1", 9)
        add(journal, make_run("run-2"))
        await journal.flush()
        assert len(warnings) == 1
        assert str(path) in warnings[0]


async def test_an_impossible_folder_causes_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    await check_unusable(tmp_path / "file" / "history.db")
    await check_unusable(tmp_path)


CONFINED = """
import asyncio, concurrent.futures.thread, os, resource, sys
from pathlib import Path
from kernel_bridge.history.journal import Journal
from tests.unit.history_samples import PLENTY, add, make_run, printed
{confine}

async def main():
    warnings, lost = [], {{}}
    journal = Journal.open(Path(sys.argv[1]), PLENTY, warnings.append, lost.__setitem__)
    for number in range(60):
        add(journal, make_run(str(number)), [printed("x" * 100_000)])
        await journal.flush()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)  # there is room again
    try:
        runs = await journal.history()
        whole = sum(run.missing_bytes is None for run in runs)
        assert {{run.id: run.missing_bytes for run in runs if run.missing_bytes}} == lost
        for run in runs:
            outputs = (await journal.get_run(run.id, PLENTY)).outputs
            kept = sum(len(output["text"]) for output in outputs)
            assert kept + (run.missing_bytes or 0) == 100_000
        print(len(runs), whole, journal.dropped > 0, *warnings, sep="|")
    except HistoryDisabled as error:
        print(type(error).__name__, 0, journal.dropped > 0, *warnings, sep="|")
    await journal.close()

from kernel_bridge.protocol.errors import HistoryDisabled
asyncio.run(main())
"""


def run_confined(path: Path, confine: str) -> list[str]:
    """The result of sixty runs of 100 kB in a confined process.

    Stored runs, complete ones, whether output was dropped, and the warnings.
    """
    code = CONFINED.format(confine=confine)
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().split("|")


def test_a_full_disk_causes_one_warning_and_dropped_output_is_marked(path: Path) -> None:
    kept, whole, dropped, *warnings = run_confined(
        path, "resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, resource.RLIM_INFINITY))"
    )
    assert 0 < int(whole) < int(kept) == 60
    assert dropped == "True"
    assert len(warnings) == 1
    assert "incomplete" in warnings[0]


def test_an_unwritable_folder_causes_one_warning(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    confine = "if os.geteuid() == 0:\n    os.setuid(65534)\nelse:\n    os.chmod(sys.argv[1] + '/..', 0o500)"
    kept, _, dropped, *warnings = run_confined(tmp_path / "history.db", confine)
    assert (kept, dropped, len(warnings)) == ("HistoryDisabled", "True", 1)


async def test_a_file_deleted_in_use_is_replaced(path: Path) -> None:
    async with opened(path) as (journal, warnings), opened(path) as (other, more):
        for number in range(3):
            add(journal, make_run(f"mine-{number}"), [printed("a" * 100_000)])
            add(other, make_run(f"other-{number}"), [printed("a" * 100_000)])
            await journal.flush()
            await other.flush()
            assert len(await journal.history()) == 2
            path.unlink()
        add(journal, make_run("mine"), [printed("a")])
        assert [run.id for run in await journal.history()] == ["mine"]
        add(other, make_run("other"), [printed("a")])
        assert [run.id for run in await other.history()] == ["other", "mine"]
    assert [warning for warning in warnings + more if "deleted" not in warning] == []
    assert len(warnings) == 3
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
