"""`kernel-bridge history` and `export`: what was run before, from the journal; starts nothing."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from ..bridge.application import Bridge
from ..bridge.documents import path_of
from ..bridge.exporting import read_document
from ..protocol.commands import ExportParams, HistoryParams, HistoryResult
from ..protocol.objects import Run, TextDocument
from .exits import OK, UsageError
from .formats import format_of
from .listing import opened, print_json
from .progress import bar
from .tables import Table, print_text, short_name
from .terminal import format_seconds

ID_LENGTH = 8  # of a run's id as it is shown; `export --run` takes it
MARKS = {"ok": ("✓", "green"), "error": ("✗", "red"), "running": ("…", "cyan"), "queued": ("…", "dim")}
PAGE = 1_000


async def history(options: argparse.Namespace) -> int:
    asked = HistoryParams(
        text=options.text,
        limit=options.limit,
        kernel_id=options.kernel,
        text_document=_document(options.file),
        states=options.state,
        since=options.since,
        until=options.until,
    )
    async with opened() as bridge:
        runs = await bridge.history(asked)
    if options.json:
        return print_json(HistoryResult(runs=runs))
    if not runs:
        filtered = any(
            (options.text, options.kernel, options.file, options.state, options.since, options.until)
        )
        print_text(Text("No run matches." if filtered else "Nothing was run yet."))
        return OK
    table = Table("when", "", "took", "id", "file", "code", right=("took",))
    for run in runs:
        mark, colour = MARKS.get(run.state, ("–", "dim"))
        table.add(
            Text(_local(run.started_at or run.queued_at), "dim"),
            Text(mark, colour),
            Text(_took(run), "dim"),
            run.id[:ID_LENGTH],
            Text(_file(run), "dim"),
            _code(run),
        )
    table.print()
    return OK


async def export(options: argparse.Namespace) -> int:
    document = None
    if options.document:
        if options.file is None:
            raise UsageError("--document takes the cells of a file: name it with --file PATH")
        document = read_document(_uri(options.file))
    async with opened() as bridge:
        run_ids = [await _full_id(bridge, run) for run in options.run] if options.run else None
        asked = ExportParams(
            path=options.out,
            format=options.format or format_of(options.out),
            mode="document" if options.document else "runs",
            kernel_id=options.kernel,
            text_document=_document(options.file),
            run_ids=run_ids,
            since=options.since,
            until=options.until,
            overwrite=options.overwrite,
        )
        with bar(f"writing {Path(options.out).name}") as progress:
            result = await bridge.export(asked, document, progress)
    if options.json:
        return print_json(result)
    print_text(
        Text(f"wrote {short_name(result.path)} ({result.cells} cell{'s' if result.cells != 1 else ''})")
    )
    return OK


async def _full_id(bridge: Bridge, start: str) -> str:
    """The id of the one run that `start` begins; raises UsageError."""
    if len(start) >= 36:  # a uuid
        return start
    found: list[str] = []
    before: str | None = None
    while page := await bridge.history(HistoryParams(limit=PAGE, before=before)):
        found += [run.id for run in page if run.id.startswith(start)]
        before = page[-1].id
    if not found:
        raise UsageError(f"no run {start!r}; `kernel-bridge history` lists the runs there are")
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} runs begin with {start!r}; give more of the id: {', '.join(found[:5])}"
        )
    return found[0]


def _document(file: str | None) -> TextDocument | None:
    return TextDocument(uri=_uri(file)) if file is not None else None


def _uri(file: str) -> str:
    return Path(file).expanduser().absolute().as_uri()


def _local(time: str) -> str:
    """A time of the wire as a person reads it, in the local zone."""
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _took(run: Run) -> str:
    if run.started_at is None:
        return ""
    end = datetime.fromisoformat(run.ended_at) if run.ended_at else datetime.now(UTC)
    return format_seconds((end - datetime.fromisoformat(run.started_at)).total_seconds())


def _file(run: Run) -> str:
    if run.text_document is None:
        return ""
    path = path_of(run.text_document.uri)
    name = path.name if path is not None else run.text_document.uri
    return f"{name}:{run.range.start.line + 1}" if run.range is not None else name


def _code(run: Run) -> Text:
    """The first line that says something."""
    lines = [line.strip() for line in run.source.splitlines() if line.strip()]
    code = Text(lines[0] if lines else "")
    if run.state == "error" and run.error is not None:
        code.append(f"  {run.error.ename}", "red")
    elif run.state in ("lost", "aborted", "cancelled"):
        code.append(f"  {run.state}", "yellow")
    if len(lines) > 1:
        code.append(f"  +{len(lines) - 1} line{'s' if len(lines) > 2 else ''}", "dim")
    return code
