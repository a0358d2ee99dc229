"""`kernel-bridge history show`, `rerun` and `prune`: print past runs, run them again, or delete them."""

import argparse
import os
import sys
from typing import Any

from rich.syntax import Syntax

from ...bridge.application import Bridge
from ...bridge.documents import path_of
from ...escapes import legible
from ...history.records import Filter, RunRecord
from ...plurals import count
from ...protocol.commands import HistoryParams, HistoryResult
from ...protocol.objects import Run
from ...protocol.settings import Settings
from ...runs.run import Location
from ...source.languages import language_of_kernel
from ...source.notebook import Notebook, NotebookCell
from ..description import ID_LENGTH, file_of, mark, took, uri_of
from ..exits import OK, UsageError
from ..pieces import STDIN_URI, Piece, Script
from ..run.command import execute
from ..specs import opened, print_json
from ..terminal.answers import Answers
from ..terminal.pictures import find_protocol
from ..terminal.progress import bar
from ..terminal.screen import Screen
from ..terminal.tables import Text, console, local_time, print_text
from ..terminal.transcript import Transcript

WHOLE = Settings(output_budget=2**62)


async def show(options: argparse.Namespace) -> int:
    async with opened(WHOLE) as bridge:
        runs = [await bridge.get_run(run_id) for run_id in await _ids(bridge, options.run)]
        if options.json:
            return print_json(HistoryResult(runs=runs))
        records = {record.run.id: record for record in await bridge.history.records([run.id for run in runs])}
    # The user asked to see everything, errors included, so everything goes to stdout, and thus to a pager.
    screen = Screen(sys.stdout, sys.stdout, _unwritable, find_protocol(os.environ))
    for number, run in enumerate(runs):
        if number:
            print_text(Text())
        _print_head(run, records.get(run.id))
        sys.stdout.flush()
        transcript = Transcript(screen)
        transcript.apply([{"kind": "append", "output": output} for output in run.outputs or ()])
        transcript.end()
        screen.start_line("stdout")
        screen.flush()
    screen.close()
    return OK


def _unwritable(error: OSError) -> None:
    raise error


def _print_head(run: Run, record: RunRecord | None) -> None:
    sign = mark(run)
    what = [
        sign,
        Text(run.summary.state if run.summary is not None else run.state, sign.style),
        Text(local_time(run.started_at or run.queued_at), "dim"),
        Text(took(run), "dim"),
        Text(file_of(run)),
        Text(record.kernel.display_name if record is not None else "", "dim"),
        Text(run.id[:ID_LENGTH], "dim"),
    ]
    print_text(Text("  ").join(part for part in what if part.plain))
    if run.reason:
        print_text(Text(run.reason, "yellow"))
    if run.missing_bytes:
        missing = count(run.missing_bytes, "byte")
        print_text(Text(f"about {missing} of its output could not be stored", "yellow"))
    if run.source.strip():
        language = record.kernel.language if record is not None else ""
        out = console()
        if out.is_terminal:
            source = legible(run.source.rstrip("\n"))
            out.print(Syntax(source, language or "text", background_color="default"))
        else:
            sys.stdout.write(run.source.rstrip("\n") + "\n")
    print_text(Text())


async def rerun(options: argparse.Namespace) -> int:
    async with opened() as bridge:
        records = await bridge.history.records(await _ids(bridge, options.run))
        if not records:
            raise UsageError("the chosen runs never started, so there is nothing to run again")
        kernel_id = records[-1].run.kernel_id
        chosen = (options.attach, options.kernel, options.python) != (None, None, None)
        if not chosen and any(kernel.id == kernel_id for kernel in await bridge.list_kernels()):
            options.attach = kernel_id
    script = _script(records)
    path = path_of(script.uri)
    return await execute(options, lambda language: script, path.name if path is not None else "history")


def _script(records: list[RunRecord]) -> Script:
    """The runs as the pieces of a script, each with its location."""
    kernel = records[-1].kernel
    cells, pieces = [], []
    for index, record in enumerate(records):
        raw: dict[str, Any] = {"cell_type": "code", "metadata": {}, "source": record.run.source}
        cells.append(NotebookCell(raw))
        language = language_of_kernel(record.kernel.language)
        pieces.append(Piece(record.run.source, "", _location(record.run), index, language_id=language))
    spec = {"name": kernel.name, "display_name": kernel.display_name, "language": kernel.language}
    document = records[-1].run.text_document
    return Script(
        "the history",
        document.uri if document is not None else STDIN_URI,
        language_of_kernel(kernel.language),
        Notebook(tuple(cells), {"kernelspec": spec}),
        pieces,
        kernel.cwd if kernel.cwd is not None and os.path.isdir(kernel.cwd) else None,
    )


def _location(run: Run) -> Location | None:
    if run.text_document is None:
        return None
    ends = None
    if run.range is not None:
        start, end = run.range.start, run.range.end
        ends = ((start.line, start.character), (end.line, end.character))
    notebook = (run.notebook_document.uri, None) if run.notebook_document is not None else None
    return Location(run.text_document.uri, None, ends, unit=run.unit, notebook=notebook, cell_id=run.cell_id)


async def prune(options: argparse.Namespace) -> int:
    if not any((options.all, options.since, options.until, options.run, options.file, options.kernel)):
        raise UsageError(
            "choose the runs to delete: --since or --until TIME, --file PATH, --kernel ID, --run ID or --all"
        )
    async with opened() as bridge:
        wanted = Filter(
            kernel_id=await full_kernel_id(bridge, options.kernel),
            uri=uri_of(options.file) if options.file is not None else None,
            since=options.since,
            until=options.until,
            run_ids=tuple(await _ids(bridge, options.run)) if options.run else None,
        )
        if not options.yes and not await _confirmed(wanted):
            return OK
        with bar("deleting") as progress:
            forgotten = await bridge.history.forget(wanted, progress)
    print_text(Text(f"deleted {count(forgotten, 'run')}"))
    return OK


async def _confirmed(wanted: Filter) -> bool:
    what = "all runs" if wanted == Filter() else "these runs and their outputs"
    answers = Answers(0)
    if not answers.is_terminal:
        raise UsageError(f"cannot ask before deleting {what}: stdin is not a terminal; confirm with --yes")
    # Not input(): it bypasses the gate, and misses a Ctrl-C between its prompt and its read.
    print(f"permanently delete {what}? [y/N] ", end="", file=sys.stderr, flush=True)
    return (await answers.line() or "").strip().lower() in ("y", "yes")


async def _ids(bridge: Bridge, starts: list[str]) -> list[str]:
    """The id of the run that each of `starts` abbreviates; by default, the id of the newest run."""
    if starts:
        return [await full_id(bridge, start) for start in starts]
    newest = await bridge.history.find(HistoryParams(limit=1))
    if not newest:
        raise UsageError("the history has no runs yet; `kernel-bridge run FILE` adds some")
    return [newest[0].id]


async def full_id(bridge: Bridge, start: str) -> str:
    """The id of the run whose id starts with `start`. Raises UsageError: no run matches, or several do."""
    found = [start] if len(start) >= 36 else await bridge.history.find_ids(start)  # a uuid
    if not found:
        raise UsageError(f"no run {start!r}; `kernel-bridge history` lists all runs")
    if len(found) > 1:
        raise UsageError(f"several run ids start with {start!r}; type more of the id: {', '.join(found[:5])}")
    return found[0]


async def full_kernel_id(bridge: Bridge, start: str | None) -> str | None:
    """The id of the kernel whose id starts with `start`, or `start` if the history knows none.

    Raises UsageError: several kernels match.
    """
    found = await bridge.history.find_kernel_ids(start) if start else []
    if len(found) > 1 and start not in found:
        raise UsageError(f"several kernel ids start with {start!r}; type more of it: {', '.join(found[:5])}")
    return found[0] if len(found) == 1 else start
