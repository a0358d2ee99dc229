"""`kernel-bridge history` and `export`: list or export past runs. Starts no kernel."""

import argparse
from pathlib import Path

from ...bridge.exporting import read_document
from ...plurals import count
from ...protocol.commands import ExportParams, HistoryParams, HistoryResult
from ...protocol.objects import Run, TextDocument
from ..description import ID_LENGTH, file_of, first_line, mark, took, uri_of
from ..exits import OK, UsageError
from ..formats import format_of
from ..specs import opened, print_json
from ..terminal.progress import bar
from ..terminal.tables import Table, Text, local_time, print_text, short_name
from . import runs as past
from .runs import full_id, full_kernel_id


async def history(options: argparse.Namespace) -> int:
    match options.action:
        case "show":
            return await past.show(options)
        case "rerun":
            return await past.rerun(options)
        case "prune":
            return await past.prune(options)
        case "export":
            return await export(options)
        case _:
            return await _list(options)


async def _list(options: argparse.Namespace) -> int:
    async with opened() as bridge:
        asked = HistoryParams(
            text=options.text,
            limit=options.limit,
            kernel_id=await full_kernel_id(bridge, options.kernel),
            text_document=_document(options.file),
            states=options.state,
            since=options.since,
            until=options.until,
        )
        runs = await bridge.history.find(asked)
    if options.json:
        return print_json(HistoryResult(runs=runs))
    if not runs:
        filtered = any(
            (options.text, options.kernel, options.file, options.state, options.since, options.until)
        )
        print_text(Text("No runs match." if filtered else "No runs yet."))
        return OK
    table = Table("when", "", "took", "id", "file", "code", right=("took",))
    for run in runs:
        table.add(
            Text(local_time(run.started_at or run.queued_at), "dim"),
            mark(run),
            Text(took(run), "dim"),
            run.id[:ID_LENGTH],
            Text(file_of(run), "dim"),
            _code(run),
        )
    table.print()
    return OK


async def export(options: argparse.Namespace) -> int:
    document = None
    if options.document:
        if options.file is None:
            raise UsageError("--document exports a file; name it with --file PATH")
        document = read_document(uri_of(options.file))
    async with opened() as bridge:
        run_ids = [await full_id(bridge, run) for run in options.run] if options.run else None
        asked = ExportParams(
            path=options.out,
            format=options.format or format_of(options.out),
            mode="document" if options.document else "runs",
            kernel_id=await full_kernel_id(bridge, options.kernel),
            text_document=_document(options.file),
            run_ids=run_ids,
            since=options.since,
            until=options.until,
            media=options.media,
            overwrite=options.overwrite,
        )
        with bar(f"writing {Path(options.out).name}") as progress:
            result = await bridge.history.export(asked, document, progress)
    if options.json:
        return print_json(result)
    print_text(Text(f"wrote {short_name(result.path)} ({count(result.cells, 'cell')})"))
    return OK


def _document(file: str | None) -> TextDocument | None:
    return TextDocument(uri=uri_of(file)) if file is not None else None


def _code(run: Run) -> Text:
    """The first line, how the run failed, and the number of other lines."""
    line, others = first_line(run)
    code = Text(line)
    if run.state == "error" and run.error is not None:
        code.append(f"  {run.error.ename}", "red")
    elif run.state in ("lost", "aborted", "cancelled"):
        code.append(f"  {run.state}", "yellow")
    if others:
        code.append(f"  +{count(others, 'line')}", "dim")
    return code
