"""The runs of a document that this session holds in memory, as an export reads those of the history."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ..history.records import Ran, RunRecord, kernel_record
from ..runs.run import Run
from .wire import run_to_wire

if TYPE_CHECKING:  # a document's runs are read long after a bridge is made
    from .kernel import FollowedKernel


def runs_of(kernels: "Sequence[FollowedKernel]", uri: str | None) -> list[Run]:
    """The runs whose code came from a document (None: all runs), oldest first."""
    runs = (run for kernel in kernels for run in kernel.runs.all())
    found = [run for run in runs if uri is None or (run.location is not None and run.location.uri == uri)]
    return sorted(found, key=lambda run: run.queued_at)


def ran_of(run: Run, key: int = 0) -> Ran:
    """What identifies the cell of a run."""
    where = run.location
    line = where.range[0][0] if where is not None and where.range is not None else None
    unit, uri, cell_id = (where.unit, where.uri, where.cell_id) if where is not None else (None, None, None)
    return Ran(key, run.source, unit, line, uri, cell_id, run.id, run.started_at or "")


class SessionRuns:
    """The started runs of a document, or those with the given ids; oldest first, as they are now."""

    def __init__(
        self, kernels: "Sequence[FollowedKernel]", uri: str, run_ids: Collection[str] | None = None
    ) -> None:
        known = {kernel.id: kernel_record(kernel.to_wire()) for kernel in kernels}
        self._ran: list[Ran] = []
        self._records: list[RunRecord] = []
        for run in runs_of(kernels, uri if run_ids is None else None):
            if run.started_at is None or run.silent or (run_ids is not None and run.id not in run_ids):
                continue
            outputs = [dict(output) for output in run.live.outputs]  # a copy: they may change
            record = RunRecord(run_to_wire(run), known[run.kernel_id], dict(run.times), outputs)
            self._ran.append(ran_of(run, len(self._ran)))
            self._records.append(record)
        self.keys = range(len(self._ran))

    def __len__(self) -> int:
        return len(self._ran)

    def overview(self) -> list[Ran]:
        return self._ran

    def read(self, key: int) -> RunRecord:
        return self._records[key]
