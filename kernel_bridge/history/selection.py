"""The runs of an export, each read completely when it is needed."""

from collections.abc import Iterable, Iterator

from ..protocol.objects import Run
from .reading import RUNS, IsAlive, condition, outputs_of, run_of
from .records import Filter, KernelRecord, Ran, RunRecord, StoredOutput, decode, to_text
from .store import Connection


class Outputs:
    """The outputs of one run, read again at each iteration."""

    def __init__(self, connection: Connection, run: int) -> None:
        self._connection = connection
        self._run = run

    def __iter__(self) -> Iterator[StoredOutput]:
        return outputs_of(self._connection, self._run)


class Selection:
    """Matching runs by their keys. Each iteration reads them one at a time.

    Only for the reading thread, while its connection is open.
    """

    def __init__(self, connection: Connection, is_alive: IsAlive, keys: Iterable[int]) -> None:
        self._connection = connection
        self._is_alive = is_alive
        self.keys = tuple(keys)

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[RunRecord]:
        return map(self.read, self.keys)

    def overview(self) -> list[Ran]:
        """What identifies the cell of each run."""
        rows = self._connection.execute(
            f"SELECT key, source, record FROM runs WHERE key IN ({', '.join(map(str, self.keys))})"
        )
        found = {key: _ran(key, to_text(source), decode(record, Run)) for key, source, record in rows}
        return [found[key] for key in self.keys]

    def read(self, key: int) -> RunRecord:
        """One of the runs. Its outputs are read when they are iterated."""
        row = self._connection.execute(f"{RUNS} WHERE runs.key = ?", (key,)).fetchone()
        return RunRecord(
            run_of(row, self._is_alive),
            decode(row[6], KernelRecord),
            decode(row[3], dict[str, str]),
            Outputs(self._connection, key),
        )


def _ran(key: int, source: str, run: Run) -> Ran:
    line = run.range.start.line if run.range is not None else None
    uri = run.text_document.uri if run.text_document is not None else None
    return Ran(key, source, run.unit, line, uri, run.cell_id)


def select(connection: Connection, is_alive: IsAlive, wanted: Filter) -> Selection:
    """The matching runs that were executed, in the order they started.

    Raises NoSuchRun: one of `run_ids` does not exist.
    """
    where, values = condition(connection, is_alive, wanted)
    rows = connection.execute(
        "SELECT runs.key FROM runs CROSS JOIN bridges ON bridges.key = runs.bridge"
        f" WHERE runs.start NOT NULL AND {where} ORDER BY runs.start",
        values,
    )
    return Selection(connection, is_alive, (key for (key,) in rows))
