"""The journal stays usable after its bridge is killed at any step of its work on the file."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from kernel_bridge.history.pending import Pending
from kernel_bridge.history.records import kernel_record
from kernel_bridge.history.recovery import spill_path
from kernel_bridge.history.spill import Spill
from kernel_bridge.runs.changes import Append, FoldChange, Rewrite
from tests.unit.history_samples import KERNEL, add, make_run, opened, printed

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[1] / "data"


def check_kills(work: str, folder: Path, at_least: int) -> None:
    command = [sys.executable, "-m", "tests.unit.killing", work, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps, found = json.loads(done.stdout)
    assert found == []
    assert steps >= at_least


def test_killed_at_its_first_run(tmp_path: Path) -> None:
    check_kills("first run", tmp_path, at_least=200)


def test_killed_while_migrating_the_tables(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "history.db")
    connection.executescript((DATA / "history_v1.sql").read_text(encoding="utf-8"))
    connection.close()
    check_kills("migrate", tmp_path, at_least=50)


async def test_killed_while_deleting_old_runs(tmp_path: Path) -> None:
    async with opened(tmp_path / "history.db") as (journal, _):
        for number in range(3):
            add(journal, make_run(str(number)), [printed("x" * 20_000)])
    check_kills("prune", tmp_path, at_least=50)


async def test_killed_while_recovering_from_an_earlier_bridge(tmp_path: Path) -> None:
    async with opened(tmp_path / "history.db"):
        pass
    spill = Spill(spill_path(tmp_path / "history.db", "11111111-0000-4000-8000-000000000000"))
    image: FoldChange = Append({"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}})
    for number in (1, 2, 3):
        news = Pending()
        if number == 1:
            news.started, news.kernel = make_run(), kernel_record(KERNEL)
            news.add([printed("")])
        news.add([Rewrite(2 * (number - 1), 0, "x" * 9000), image, printed("a")])
        spill.append(number, {"run-1": news})
    spill.close(is_needed=True)
    check_kills("take up", tmp_path, at_least=50)
