"""A bridge that is killed at any step of its work on the journal's file leaves one that the next uses."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.unit.history_samples import add, make_run, opened, printed

DATA = Path(__file__).parents[1] / "data"


def check_kills(work: str, folder: Path, at_least: int) -> None:
    command = [sys.executable, "-m", "tests.unit.killing", work, str(folder / "history.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps, found = json.loads(done.stdout)
    assert found == []
    assert steps >= at_least


def test_killed_while_it_makes_the_file(tmp_path: Path) -> None:
    check_kills("create", tmp_path, at_least=50)


def test_killed_while_it_brings_the_tables_to_its_version(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "history.db")
    connection.executescript((DATA / "history_v1.sql").read_text(encoding="utf-8"))
    connection.close()
    check_kills("migrate", tmp_path, at_least=50)


async def test_killed_while_it_deletes_old_runs(tmp_path: Path) -> None:
    async with opened(tmp_path / "history.db") as (journal, _):
        for number in range(3):
            add(journal, make_run(str(number)), [printed("x" * 20_000)])
    check_kills("prune", tmp_path, at_least=50)
