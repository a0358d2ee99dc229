"""Runs, kernels and journals for the tests of the history.

Run as a program, this module acts as another bridge.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from kernel_bridge.history.journal import Journal
from kernel_bridge.protocol.objects import Kernel, Run
from kernel_bridge.runs.changes import Append, FoldChange, Rewrite
from tests.outputs import stream

PLENTY = 1 << 40

KERNEL = Kernel(
    id="kernel-1",
    epoch=1,
    name="python3",
    display_name="Python 3",
    language="python",
    state="idle",
    origin="started",
    keep_alive=False,
    transport="ipc",
    queued=0,
    language_info={"name": "python", "file_extension": ".py"},
)


def make_run(run_id: str = "run-1", **fields: Any) -> Run:
    usual = {
        "kernel_id": KERNEL.id,
        "epoch": 1,
        "source": "1+1",
        "origin": "bridge",
        "state": "ok",
        "queued_at": "2026-01-01T00:00:00.000000Z",
        "started_at": "2026-01-01T00:00:01.000000Z",
        "ended_at": "2026-01-01T00:00:02.000000Z",
    }
    return Run(id=run_id, **{**usual, **fields})


def printed(text: str, name: str = "stdout") -> Append:
    return Append(stream(text, name))


@asynccontextmanager
async def opened(path: Path, max_bytes: int = PLENTY) -> AsyncIterator[tuple[Journal, list[str]]]:
    """A journal, and the warnings it raised."""
    warnings: list[str] = []
    journal = Journal.open(path, max_bytes, warnings.append)
    try:
        await journal.flush()
        yield journal, warnings
    finally:
        await journal.close()


def add(journal: Journal, run: Run, changes: list[FoldChange] | None = None) -> None:
    journal.run_started(run, KERNEL)
    journal.run_changed(run, {})
    if changes:
        journal.outputs_changed(run.id, changes)


async def write_runs(path: Path, prefix: str, count: int) -> None:
    """Another bridge: `count` ended runs, then one that prints without end and reports each stored line."""
    journal = Journal.open(path, PLENTY, lambda warning: print(warning, file=sys.stderr))
    for number in range(count):
        add(journal, make_run(f"{prefix}-{number}"), [printed(f"{number}\n")])
        await asyncio.sleep(0)
    add(journal, make_run(f"{prefix}-open", state="running", ended_at=None), [printed("")])
    written = 0
    while True:
        line = f"line {written}\n"
        journal.outputs_changed(f"{prefix}-open", [Rewrite(0, written, line)])
        written += len(line)
        await journal.flush()
        print(written, flush=True)


if __name__ == "__main__":
    asyncio.run(write_runs(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
