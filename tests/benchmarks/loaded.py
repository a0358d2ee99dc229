"""A flood on a machine with six times as many busy processes as cores: lost messages."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.clients import bridge
from tests.benchmarks.prints import LINES, PRINTS, history_lines
from tests.benchmarks.table import Row
from tests.home import Home

TIMES = 5
BUSY = [sys.executable, "-c", "while True: pass"]


def measure(home: Home) -> Iterator[Row]:
    lost = []
    with bridge(home, "python3") as ours, _busy():
        for _ in range(TIMES):
            ours.run(PRINTS)
            run_id = ours.command("history", limit=1)["runs"][0]["id"]
            lost.append(LINES - len(history_lines(ours, run_id)))
    yield Row(f"{LINES:,} flushed prints on a busy machine, lines lost", "", lost, None, "lines")


@contextmanager
def _busy() -> Iterator[None]:
    """Busy-looping processes in the editor's session."""
    busy = [subprocess.Popen(BUSY) for _ in range(6 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
