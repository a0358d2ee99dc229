"""What is asked of the journal's tables: runs, slices of their text, whole runs for an export.

Every function reads through one connection with one view of the file.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ..protocol.errors import InvalidArgument, NoSuchRun
from ..protocol.objects import Output, Run
from .records import KernelRecord, RunRecord, decode, to_text
from .store import Connection
from .writing import lost

TAIL_BYTES = 4096

_COLUMNS = "runs.key, runs.record, runs.source, runs.times, runs.open, bridges.id, kernels.description"
_RUNS = (
    f"SELECT {_COLUMNS} FROM runs"
    " CROSS JOIN bridges ON bridges.key = runs.bridge CROSS JOIN kernels ON kernels.key = runs.kernel"
)
# CROSS JOIN keeps runs the outer loop: the newest are found without a sort (sqlite.org/optoverview.html)

IsAlive = Callable[[str], bool]


def get_run(connection: Connection, is_alive: IsAlive, run_id: str, budget_bytes: int) -> Run:
    """A run with its outputs, elided as live ones are; raises NoSuchRun."""
    row = _row(connection, run_id)
    run = _run(row, is_alive)
    run.outputs = _elided(connection, row[0], budget_bytes)
    return run


def read_output(connection: Connection, run_id: str, index: int, start: int, length: int) -> tuple[str, int]:
    """Characters [start, start + length) of one stream output, and how many it has.

    Raises NoSuchRun; InvalidArgument: no stream output has that index.
    """
    key = _key(connection, run_id)
    row = connection.execute(
        "SELECT stream FROM outputs WHERE run = ? AND position = ?", (key, index)
    ).fetchone()
    if row is None or row[0] is None:
        what = "no such output" if row is None else "not a stream output"
        raise InvalidArgument(f"readOutput: field index: output {index} of run {run_id}: {what}")
    last = connection.execute(
        "SELECT start + length FROM chunks WHERE run = ? AND position = ? ORDER BY start DESC LIMIT 1",
        (key, index),
    ).fetchone()
    total = int(last[0]) if last is not None else 0
    end = min(start + length, total)
    if start >= end:
        return "", total
    chunks = connection.execute(
        "SELECT start, text FROM chunks"
        " WHERE run = :run AND position = :position AND start < :end"
        " AND start >="
        " (SELECT max(start) FROM chunks WHERE run = :run AND position = :position AND start <= :start)"
        " ORDER BY start",
        {"run": key, "position": index, "start": start, "end": end},
    )
    parts = []
    for at, data in chunks:
        parts.append(to_text(data)[max(start - at, 0) : end - at])
    return "".join(parts), total


def history(
    connection: Connection,
    is_alive: IsAlive,
    kernel_id: str | None,
    uri: str | None,
    text: str | None,
    limit: int,
    before: str | None,
) -> list[Run]:
    """The newest runs that match, without outputs; raises NoSuchRun: `before` is none."""
    where, values = _filter(kernel_id, uri)
    if before is not None:
        where.append("runs.key < ?")
        values.append(_key(connection, before))
    if text is not None:
        wanted = text.casefold()
        connection.create_function("holds", 1, lambda source: wanted in to_text(source).casefold())
        where.append("holds(runs.source)")
    rows = connection.execute(
        f"{_RUNS} WHERE {' AND '.join(where)} ORDER BY runs.key DESC LIMIT ?", (*values, limit)
    ).fetchall()
    return [_run(row, is_alive) for row in rows]


def runs_to_export(
    connection: Connection,
    is_alive: IsAlive,
    kernel_id: str | None,
    uri: str | None,
    run_ids: list[str] | None,
) -> list[RunRecord]:
    """The runs that match with everything they put out, in the order they started.

    Raises NoSuchRun: one of `run_ids` is none.
    """
    where, values = _filter(kernel_id, uri)
    if run_ids is None:
        rows = connection.execute(f"{_RUNS} WHERE {' AND '.join(where)} ORDER BY runs.key", values).fetchall()
    else:
        where.append("runs.key = ?")
        rows = []
        for key in sorted({_key(connection, run_id) for run_id in run_ids}):
            rows += connection.execute(f"{_RUNS} WHERE {' AND '.join(where)}", (*values, key)).fetchall()
    records = []
    for row in rows:
        run = _run(row, is_alive)
        run.outputs = [output for _, output in _outputs(connection, row[0], whole=True)]
        records.append(RunRecord(run, decode(row[6], KernelRecord), decode(row[3], dict[str, str])))
    records.sort(key=lambda record: record.run.started_at or record.run.queued_at)
    return records


def _filter(kernel_id: str | None, uri: str | None) -> tuple[list[str], list[Any]]:
    where, values = ["1"], []
    for column, value in (("kernel_id", kernel_id), ("uri", uri)):
        if value is not None:
            where.append(f"runs.{column} = ?")
            values.append(value)
    return where, values


def _row(connection: Connection, run_id: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(f"{_RUNS} WHERE runs.id = ?", (run_id,)).fetchone()
    if row is None:
        raise _no_such_run(run_id)
    return row


def _key(connection: Connection, run_id: str) -> int:
    row = connection.execute("SELECT key FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise _no_such_run(run_id)
    return int(row[0])


def _no_such_run(run_id: str) -> NoSuchRun:
    return NoSuchRun(
        f"no run {run_id!r} is in the history (silent runs are not kept, old ones go when it is full); "
        "kernel-bridge.history lists those there are"
    )


def _run(row: tuple[Any, ...], is_alive: IsAlive) -> Run:
    _, record, source, _, is_open, bridge_id, _ = row
    run = msgspec.structs.replace(decode(record, Run), source=to_text(source))
    return lost(run) if is_open and not is_alive(bridge_id) else run


def _outputs(connection: Connection, run: int, whole: bool) -> Iterable[tuple[int, Output]]:
    """Each output with its position; a stream's text only if `whole`."""
    rows = connection.execute(
        "SELECT position, stream, body FROM outputs WHERE run = ? ORDER BY position", (run,)
    ).fetchall()
    for position, stream, body in rows:
        if stream is None:
            yield position, decode(body, dict[str, Any])
        else:
            text = "".join(map(to_text, _chunks(connection, run, position))) if whole else ""
            yield position, {"output_type": "stream", "name": stream, "text": text}


def _chunks(connection: Connection, run: int, position: int, newest_first: bool = False) -> Iterable[bytes]:
    order = "DESC" if newest_first else "ASC"
    rows = connection.execute(
        f"SELECT text FROM chunks WHERE run = ? AND position = ? ORDER BY start {order}", (run, position)
    )
    return (data for (data,) in rows)


# over the budget


def _elided(connection: Connection, run: int, budget_bytes: int) -> list[Output]:
    """The outputs of a run with at most `budget_bytes` of stream text, the tails not counted."""
    sizes = dict(
        connection.execute(
            "SELECT position, sum(size) FROM chunks WHERE run = ? GROUP BY position", (run,)
        ).fetchall()
    )
    outputs = []
    for position, output in _outputs(connection, run, whole=False):
        if size := sizes.get(position, 0):
            head = _take(_chunks(connection, run, position), min(size, max(budget_bytes, 0)))
            budget_bytes -= len(head)
            output["text"] = to_text(head)
            if len(head) < size:
                newest = _chunks(connection, run, position, newest_first=True)
                tail = _take_last(newest, min(size - len(head), TAIL_BYTES))
                output["elided"] = {"omitted": size - len(head), "tail": to_text(tail)}
        outputs.append(output)
    return outputs


def _take(chunks: Iterable[bytes], most: int) -> bytes:
    """The first bytes, at most so many, cut at a character."""
    taken = bytearray()
    for data in chunks:
        if len(taken) + len(data) > most:
            cut = most - len(taken)
            while cut > 0 and data[cut] & 0xC0 == 0x80:
                cut -= 1
            taken += data[:cut]
            break
        taken += data
    return bytes(taken)


def _take_last(chunks: Iterable[bytes], most: int) -> bytes:
    """The last bytes, at most so many, cut at a character; `chunks` come newest first."""
    taken = b""
    for data in chunks:
        if len(taken) + len(data) > most:
            cut = len(data) - (most - len(taken))
            while cut < len(data) and data[cut] & 0xC0 == 0x80:
                cut += 1
            return data[cut:] + taken
        taken = data + taken
    return taken
