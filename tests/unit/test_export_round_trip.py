"""Exported files contain the runs unchanged: checked with nbformat and jupytext, for any size."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.bridge.exporting import export, read_document
from kernel_bridge.history.journal import Journal
from kernel_bridge.protocol.commands import ExportParams, ExportResult
from kernel_bridge.protocol.errors import BridgeError, ExportExists, ExportFailed, NothingToExport
from kernel_bridge.protocol.objects import TextDocument
from kernel_bridge.runs.changes import Append, Rewrite
from tests.unit.history_samples import add, make_run, opened

Json = dict[str, Any]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LONG = st.builds(lambda part, times: part * times, st.sampled_from(["né\n", "x", "😀\r\n"]), st.just(150_000))
VALUES = st.none() | st.booleans() | st.integers() | TEXT
BUNDLE = st.dictionaries(
    st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml", "a/b"]), TEXT
)
BUNDLES = st.builds(
    lambda texts, value: texts | ({"application/vnd.x+json": value} if value is not None else {}),
    BUNDLE,
    st.none() | st.dictionaries(TEXT, st.lists(VALUES, max_size=2), max_size=2),
)
OUTPUTS = st.one_of(
    st.builds(lambda name, text: {"output_type": "stream", "name": name, "text": text},
              st.sampled_from(["stdout", "stderr"]), TEXT | LONG),
    st.builds(lambda data, metadata: {"output_type": "display_data", "data": data, "metadata": metadata},
              BUNDLES, st.dictionaries(TEXT, VALUES, max_size=2)),
    st.builds(lambda data, count: {"output_type": "execute_result", "data": data, "metadata": {},
                                   "execution_count": count}, BUNDLES, st.integers(0, 99)),
    st.builds(lambda name, lines: {"output_type": "error", "ename": name, "evalue": name, "traceback": lines},
              TEXT, st.lists(TEXT, max_size=3)),
)  # fmt: skip
RUNS = st.lists(
    st.tuples(TEXT, st.none() | st.integers(0, 9), st.lists(OUTPUTS, max_size=4)), min_size=1, max_size=5
)


async def write(journal: Journal, path: Path, document: Any = None, **asked: Any) -> ExportResult:
    return await export(journal, ExportParams(path=str(path), **asked), path, document, None)


@settings(max_examples=40, deadline=None)
@given(RUNS)
def test_any_runs_come_back_equal(runs: list[tuple[str, int | None, list[Json]]]) -> None:
    async def round_trip(folder: Path) -> Any:
        async with opened(folder / "history.db") as (journal, _):
            for number, (source, count, outputs) in enumerate(runs):
                run = make_run(f"run-{number}", source=source, execution_count=count)
                add(journal, run, [Append(output) for output in outputs])
            await write(journal, folder / "a.ipynb")
        return nbformat.read(folder / "a.ipynb", as_version=4)

    with tempfile.TemporaryDirectory() as folder:
        notebook = asyncio.run(round_trip(Path(folder)))
    nbformat.validate(notebook)
    assert [(cell.source, cell.execution_count, cell.outputs) for cell in notebook.cells] == runs


MATRIX = """\
import pandas as pd

# %% Load [markdown]
# # Prices
#
# of *everything*

# %% Parameters tags=["parameters"]
path = "t.csv"

# %%
%time 1 + 1
# %time stays a comment

# %% [raw]
# as it is
"""


async def test_a_script_comes_back_by_jupytext(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(MATRIX)
    async with opened(tmp_path / "history.db") as (journal, _):
        here = TextDocument(uri=script.as_uri())
        output = Append({"output_type": "stream", "name": "stdout", "text": "1\n"})
        add(journal, make_run(source="import pandas as pd", text_document=here), [output])
        asked: Json = {"mode": "document", "text_document": here}
        document = read_document(script.as_uri())
        done = await write(journal, tmp_path / "out.auto", document, **asked)
        assert (done.path, done.format, done.cells) == (str(tmp_path / "out.py"), "py", 5)
        await write(journal, tmp_path / "out.ipynb", document, **asked)
    ours, theirs = jupytext.read(tmp_path / "out.py"), jupytext.read(script)
    notebook = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    for found in (ours, notebook):
        cells = [(cell.cell_type, cell.source, cell.metadata.get("tags")) for cell in found.cells]
        assert cells == [
            ("code", "import pandas as pd", None),
            ("markdown", "# Prices\n\nof *everything*", None),
            ("code", 'path = "t.csv"', ["parameters"]),
            ("code", "%time 1 + 1\n# %time stays a comment", None),
            ("raw", "as it is", None),
        ]
    assert [cell.metadata.get("title") for cell in ours.cells] == [
        cell.metadata.get("title") for cell in theirs.cells
    ]
    assert ours.metadata.kernelspec == notebook.metadata.kernelspec
    assert read_document((tmp_path / "out.py").as_uri()).kernelspec == "python3"
    assert [cell.get("outputs", []) for cell in notebook.cells] == [
        [{"output_type": "stream", "name": "stdout", "text": "1\n"}], [], [], [], []
    ]  # fmt: skip


async def check_refused(journal: Journal, target: Path, kind: type[BridgeError], **asked: Any) -> None:
    folder = {path: path.read_bytes() for path in target.parent.parent.rglob("*.ipynb") if path.is_file()}
    with pytest.raises(kind) as raised:
        await write(journal, target, **asked)
    assert str(target) in raised.value.message or kind is NothingToExport
    assert {p: p.read_bytes() for p in target.parent.parent.rglob("*.ipynb") if p.is_file()} == folder
    assert not list(target.parent.parent.rglob("*.tmp"))


async def test_a_failed_export_leaves_no_part(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "folder.ipynb").mkdir(parents=True)
    (work / "old.ipynb").write_text("old")
    async with opened(tmp_path / "history.db") as (journal, _):
        await check_refused(journal, work / "new.ipynb", NothingToExport)
        add(journal, make_run())
        await check_refused(journal, work / "folder.ipynb", ExportFailed, overwrite=True)
        await check_refused(journal, work / "missing" / "a.ipynb", ExportFailed)
        await check_refused(journal, work / "old.ipynb", ExportExists)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("none.py", None, "No such file"),
        ("bad.ipynb", '{"cells": [{}', "cut off at line 1"),
        ("bad.py", b"\xff", "line 1 has the byte 0xff"),
    ],
)
def test_an_unreadable_document_is_reported_with_its_place(
    tmp_path: Path, name: str, text: str | bytes | None, problem: str
) -> None:
    if text is not None:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ExportFailed, match=problem) as raised:
        read_document((tmp_path / name).as_uri())
    assert str(tmp_path / name) in raised.value.message


PEAK = """
import asyncio, resource, sys
from pathlib import Path
from tests.unit.test_export_round_trip import write
from tests.unit.history_samples import opened

async def main():
    async with opened(Path(sys.argv[1])) as (journal, _):
        await write(journal, Path(sys.argv[3]))  # a small one first: all that is imported
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await write(journal, Path(sys.argv[2]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


async def test_an_export_holds_one_output_at_a_time(tmp_path: Path) -> None:
    line = "0123456789" * 9 + "\n"
    size = 0
    async with opened(tmp_path / "history.db") as (journal, _):
        for number in range(40):
            add(
                journal,
                make_run(f"run-{number}"),
                [Append({"output_type": "stream", "name": "stdout", "text": ""})],
            )
            for _ in range(8):
                text = line * 2000
                journal.outputs_changed(f"run-{number}", [Rewrite(0, size % (8 * len(text)), text)])
                size += len(text)
            await journal.flush()
        small = make_run("small", kernel_id="small")
        add(journal, small)
    code = PEAK + "\nasyncio.run(main())"
    code = code.replace("Path(sys.argv[3]))", "Path(sys.argv[3]), kernel_id='small')")
    names = [str(tmp_path / name) for name in ("history.db", "large.ipynb", "small.ipynb")]
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code, *names], capture_output=True, text=True, check=True
    )
    grown = int(done.stdout) * 1024
    written = os.path.getsize(tmp_path / "large.ipynb")
    assert written > size > 58_000_000
    assert grown < 16_000_000, grown
    with (tmp_path / "large.ipynb").open() as file:
        cells = json.load(file)["cells"]
    assert sum(len(text) for cell in cells[:-1] for text in cell["outputs"][0]["text"]) == size


async def test_a_cancelled_export_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.ipynb"
    target.write_text("old")
    cancelled, began, told = threading.Event(), asyncio.Event(), []
    loop = asyncio.get_running_loop()

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        loop.call_soon_threadsafe(began.set)
        assert cancelled.wait(30)

    async with opened(tmp_path / "history.db") as (journal, _):
        for number in range(20):
            add(journal, make_run(f"run-{number}"))
        asked = ExportParams(path=str(target), overwrite=True)
        exporting = asyncio.create_task(export(journal, asked, target, None, progress))
        await began.wait()
        exporting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await exporting
        cancelled.set()
    await loop.shutdown_default_executor()  # wait until its thread has ended
    assert told == [(0, 20)]
    assert target.read_text() == "old"
    assert not list(tmp_path.glob(".*.tmp"))
