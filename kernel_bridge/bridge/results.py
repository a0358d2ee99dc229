"""The runs of a document, of this session and of the history, where their code is now."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..history.places import PlacedRun, place
from ..history.records import Filter
from ..history.selection import Selection
from ..protocol import objects as wire
from ..protocol.errors import HistoryDisabled
from ..runs.run import Run
from ..source.code import Code
from ..source.notebook import NotebookCell
from .session_runs import ran_of, runs_of
from .summary import with_summary
from .wire import run_to_wire

if TYPE_CHECKING:
    from .application import Bridge

NEWEST = 10_000  # runs of the history that are considered
TEXT_BYTES = 16 * 1024 * 1024  # of stream text in all results together; more is elided


async def placed_runs(
    bridge: "Bridge",
    uri: str,
    code: Code,
    cells: Sequence[NotebookCell],
    tracked: dict[str, tuple[int, int]],
) -> list[tuple[PlacedRun, wire.Run | None]]:
    """The newest run of each place in the document, with its outputs; None: it is in memory.

    `tracked` has the runs whose place is known, with their first and last lines; they are not returned.
    """
    here = [
        ran_of(run) for run in runs_of(bridge.followed, uri)[::-1] if _counts(run) and run.id not in tracked
    ]
    budget_bytes = bridge.settings.output_budget

    def find(selection: Selection | None) -> list[tuple[PlacedRun, wire.Run | None]]:
        known = {*tracked, *(run.id for run in here)}
        past = selection.overview(NEWEST)[::-1] if selection is not None else []
        newest_first = [*here, *(run for run in past if run.id not in known)]
        found: list[tuple[PlacedRun, wire.Run | None]] = []
        left = TEXT_BYTES
        for one in place(code, cells, newest_first, tracked.values()):
            run = None
            if selection is not None and one.run.key:
                run = with_summary(selection.read_elided(one.run.key, min(budget_bytes, left)))
                left -= _text_bytes(run)
            found.append((one, run))
        return found

    journal = bridge.history.journal()
    if journal is None:
        return find(None)
    try:
        return await journal.read_runs(Filter(uri=uri), find)
    except HistoryDisabled:  # its file is damaged, or its disk is gone
        return find(None)


def live_run(bridge: "Bridge", run_id: str) -> wire.Run | None:
    """A run of this session with its outputs, at once; None: it is not in memory."""
    found = bridge.find_run(run_id)
    return run_to_wire(found[1], found[1].live) if found is not None else None


def _counts(run: Run) -> bool:
    """Whether only this session knows the run, and it has begun or will begin."""
    return not run.silent and (not run.ended or (run.started_at is not None and not run.kept))


def _text_bytes(run: wire.Run) -> int:
    return sum(len(output["text"]) for output in run.outputs or () if output["output_type"] == "stream")
