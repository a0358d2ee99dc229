"""The runs of an export, each read completely when it is needed."""

from collections.abc import Iterable, Iterator

from ..protocol.objects import Range, Run, TextDocument, Wire
from ..protocol.vocabulary import Unit
from .reading import RUNS, IsAlive, condition, elided, outputs_of, run_of
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

    def overview(self, newest: int | None = None) -> list[Ran]:
        """What identifies the cell of each run, or of that many newest ones."""
        keys = self.keys[-newest:] if newest is not None else self.keys
        rows = self._connection.execute(
            f"SELECT key, id, source, record FROM runs WHERE key IN ({', '.join(map(str, keys))})"
        )
        found = {row[0]: _ran(*row) for row in rows}
        return [found[key] for key in keys]

    def read(self, key: int) -> RunRecord:
        """One of the runs. Its outputs are read when they are iterated."""
        row = self._connection.execute(f"{RUNS} WHERE runs.key = ?", (key,)).fetchone()
        return RunRecord(
            run_of(row, self._is_alive),
            decode(row[6], KernelRecord),
            decode(row[3], dict[str, str]),
            Outputs(self._connection, key),
        )

    def read_elided(self, key: int, budget_bytes: int) -> Run:
        """One of the runs, with its outputs as on the wire."""
        row = self._connection.execute(f"{RUNS} WHERE runs.key = ?", (key,)).fetchone()
        run = run_of(row, self._is_alive)
        run.outputs = elided(self._connection, key, budget_bytes)
        return run


class _Place(Wire):
    """The part of a run's record that says where its code was."""

    text_document: TextDocument | None = None
    range: Range | None = None
    unit: Unit | None = None
    cell_id: str | None = None
    started_at: str = ""


def _ran(key: int, run_id: str, source: bytes, record: bytes) -> Ran:
    place = decode(record, _Place)
    line = place.range.start.line if place.range is not None else None
    uri = place.text_document.uri if place.text_document is not None else None
    return Ran(key, to_text(source), place.unit, line, uri, place.cell_id, run_id, place.started_at)


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
