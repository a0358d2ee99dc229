"""The cost of a long history."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from kernel_bridge.history.journal import Journal
from kernel_bridge.protocol.objects import Kernel, Run
from kernel_bridge.runs.changes import Append
from tests.benchmarks.clients import Editor, bridge
from tests.benchmarks.table import Row, ratios
from tests.home import Home

FEW, MANY = 100, 10_000


def measure(home: Home) -> Iterator[Row]:
    for runs in (FEW, MANY):
        asyncio.run(_fill(home.path / f"{runs}.db", runs))
    with _open(home, MANY) as many, _open(home, FEW) as few:
        for editor in (many, few):
            editor.run("1")
        figures = ratios(9, lambda: _newest_s(many), lambda: _newest_s(few))
        yield Row(f"the newest 50 runs of {MANY:,}", f"of {FEW}", figures, 2.0)
        figures = ratios(9, lambda: _run_s(many), lambda: _run_s(few))
        yield Row(f"a run with {MANY:,} in the history", f"with {FEW}", figures, 1.2)
        path = home.path / "runs.ipynb"
        figures = ratios(9, lambda: _export_s(many, path), lambda: _export_s(few, path))
        yield Row(f"an export with {MANY:,} in the history", f"with {FEW}", figures, 1.2)
    figures = ratios(7, lambda: _first_run_s(home, MANY), lambda: _first_run_s(home, FEW))
    yield Row(f"start to the first history with {MANY:,} in it", f"with {FEW}", figures, 1.2)


def _settings(home: Home, runs: int) -> dict[str, Any]:
    return {"history": {"path": str(home.path / f"{runs}.db")}}


def _open(home: Home, runs: int) -> Any:
    return bridge(home, "fake", _settings(home, runs))


async def _fill(path: Path, runs: int) -> None:
    journal = Journal.open(path, 1 << 30, print)
    kernel = Kernel(
        id="kernel",
        epoch=1,
        name="python3",
        display_name="Python",
        language="python",
        state="idle",
        origin="started",
        keep_alive=False,
        transport="ipc",
        queued=0,
    )
    for number in range(runs):
        time = f"2026-01-01T00:00:{number / runs * 60:09.6f}Z"
        run = Run(
            id=f"run-{number}",
            kernel_id="kernel",
            epoch=1,
            source=f"print({number})",
            origin="bridge",
            state="ok",
            queued_at=time,
            started_at=time,
            ended_at=time,
        )
        journal.run_started(run, kernel)
        journal.outputs_changed(
            run.id, [Append({"output_type": "stream", "name": "stdout", "text": "x\n" * 50})]
        )
        if number % 1000 == 999:
            await journal.flush()
    await journal.close()


def _timed(editor: Editor, command: str, **argument: Any) -> float:
    started = perf_counter()
    editor.command(command, **argument)
    return perf_counter() - started


def _newest_s(editor: Editor) -> float:
    return min(_timed(editor, "history", limit=50) for _ in range(5))


def _run_s(editor: Editor) -> float:
    return sorted(editor.run("1").ran[0].seconds for _ in range(50))[25]


def _export_s(editor: Editor, path: Path) -> float:
    argument = {"path": str(path), "runIds": ["run-50"], "overwrite": True}
    return min(_timed(editor, "export", **argument) for _ in range(3))


def _first_run_s(home: Home, runs: int) -> float:
    editor = Editor(home, _settings(home, runs))
    seconds = editor.initialize_s + _timed(editor, "history", limit=50)
    editor.close()
    return seconds
