"""Queries on the journal's tables: runs, their outputs, slices of their text.

Each function uses one connection, and so one consistent view of the file.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from ..protocol.errors import InvalidArgument, NoSuchRun, Remedy
from ..protocol.objects import Run
from ..protocol.vocabulary import Output
from .records import Filter, OpenRun, Options, Pieces, StoredOutput, decode, time_text, to_text
from .store import Connection
from .writing import LOST, lost, reopened

TAIL_BYTES = 4096
LARGEST = 2**63 - 1  # largest integer of SQLite

_COLUMNS = "runs.key, runs.record, runs.source, runs.times, runs.open, bridges.id, kernels.description"
RUNS = (
    f"SELECT {_COLUMNS} FROM runs"
    " CROSS JOIN bridges ON bridges.key = runs.bridge CROSS JOIN kernels ON kernels.key = runs.kernel"
)
# CROSS JOIN keeps `runs` the outer loop, so the newest runs need no sort (sqlite.org/optoverview.html)

_OPEN_RUNS = (
    "SELECT runs.key, runs.record, runs.source, runs.times, runs.options,"
    " (SELECT max(heard) FROM runs AS others WHERE others.kernel_id = runs.kernel_id"
    " AND others.bridge = runs.bridge AND json_extract(CAST(others.record AS TEXT), '$.epoch')"
    " = json_extract(CAST(runs.record AS TEXT), '$.epoch'))"
    " FROM runs CROSS JOIN bridges ON bridges.key = runs.bridge"
)
# Numbers are those of the kernel, and batches are written in order: the highest is contained in all of them.

IsAlive = Callable[[str], bool]


def get_run(connection: Connection, is_alive: IsAlive, run_id: str, budget_bytes: int) -> Run:
    """A run with its outputs, elided like live ones. Raises NoSuchRun."""
    row = _row(connection, run_id)
    run = run_of(row, is_alive)
    run.outputs = elided(connection, row[0], budget_bytes)
    return run


def read_output(connection: Connection, run_id: str, index: int, start: int, length: int) -> tuple[str, int]:
    """Characters [start, start + length) of one stream output, and its total length.

    Raises NoSuchRun; InvalidArgument: no stream output has that index.
    """
    key = key_of(connection, run_id)
    row = connection.execute(
        "SELECT stream FROM outputs WHERE run = ? AND position = ?", (key, min(index, LARGEST))
    ).fetchone()
    if row is None or row[0] is None:
        what = "no such output" if row is None else "not a stream output"
        raise InvalidArgument(f"field index: output {index} of run {run_id}: {what}")
    total = _length(connection, key, index)
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


def open_runs(connection: Connection, kernel_id: str, bridge_id: str, budget_bytes: int) -> list[OpenRun]:
    """What that bridge has left open on a kernel, or what is lost only because it ended, in order."""
    rows = connection.execute(
        f"{_OPEN_RUNS} WHERE runs.kernel_id = ? AND bridges.id = ?"
        " AND (runs.open OR (runs.state = 'lost'"
        " AND json_extract(CAST(runs.record AS TEXT), '$.reason') = ?)) ORDER BY runs.key",
        (kernel_id, bridge_id, LOST),
    ).fetchall()
    return [_open_run(connection, row, budget_bytes) for row in rows]


def resumed_runs(connection: Connection, run_ids: Iterable[str], budget_bytes: int) -> list[OpenRun]:
    """These runs; those that do not exist are left out."""
    rows = [connection.execute(f"{_OPEN_RUNS} WHERE runs.id = ?", (run_id,)).fetchone() for run_id in run_ids]
    return [_open_run(connection, row, budget_bytes) for row in rows if row is not None]


def _open_run(connection: Connection, row: tuple[Any, ...], budget_bytes: int) -> OpenRun:
    key, record, source, times, options, heard = row
    run = msgspec.structs.replace(reopened(decode(record, Run)), source=to_text(source))
    run.outputs = elided(connection, key, budget_bytes)
    return OpenRun(
        run,
        decode(options, Options) if options is not None else None,
        decode(times, dict[str, str]),
        heard,
        _last_stream_length(connection, key),
    )


def _last_stream_length(connection: Connection, run: int) -> int | None:
    """The characters in the last output of a run, if that is a stream."""
    last = connection.execute(
        "SELECT position, stream FROM outputs WHERE run = ? ORDER BY position DESC LIMIT 1", (run,)
    ).fetchone()
    return _length(connection, run, last[0]) if last is not None and last[1] is not None else None


def _length(connection: Connection, run: int, position: int) -> int:
    """The characters in a stream output."""
    last = connection.execute(
        "SELECT start + length FROM chunks WHERE run = ? AND position = ? ORDER BY start DESC LIMIT 1",
        (run, position),
    ).fetchone()
    return int(last[0]) if last is not None else 0


def history(
    connection: Connection, is_alive: IsAlive, wanted: Filter, limit: int, before: str | None
) -> list[Run]:
    """The newest matching runs, without outputs.

    Raises NoSuchRun: `before` or a requested run does not exist.
    """
    where, values = condition(connection, is_alive, wanted)
    if before is not None:
        where += " AND runs.key < ?"
        values.append(key_of(connection, before))
    rows = connection.execute(
        f"{RUNS} WHERE {where} ORDER BY runs.key DESC LIMIT ?", (*values, min(limit, LARGEST))
    ).fetchall()
    return [run_of(row, is_alive) for row in rows]


def find_ids(connection: Connection, start: str, limit: int) -> list[str]:
    """Run ids that begin with `start`."""
    rows = connection.execute(
        "SELECT id FROM runs WHERE id >= ? AND id < ? LIMIT ?", (start, start + "\U0010ffff", limit)
    )
    return [run_id for (run_id,) in rows]


def find_kernel_ids(connection: Connection, start: str, limit: int) -> list[str]:
    """Kernel ids that begin with `start`."""
    rows = connection.execute(
        "SELECT DISTINCT kernel_id FROM runs WHERE kernel_id >= ? AND kernel_id < ? LIMIT ?",
        (start, start + "\U0010ffff", limit),
    )
    return [kernel_id for (kernel_id,) in rows]


def condition(connection: Connection, is_alive: IsAlive, wanted: Filter) -> tuple[str, list[Any]]:
    """The SQL condition and its values for rows of `RUNS` that match. Raises NoSuchRun: one of `run_ids`."""
    where, values = ["1"], []
    if wanted.kernel_id is not None:
        where.append("runs.kernel_id = ?")
        values.append(wanted.kernel_id)
    if wanted.uri is not None:
        of = "SELECT 1 FROM runs WHERE document = ?"
        column = "document" if connection.execute(of, (wanted.uri,)).fetchone() else "uri"  # uri: a cell
        where.append(f"runs.{column} = ?")
        values.append(wanted.uri)
    for operator, time in ((">=", wanted.since), ("<", wanted.until)):
        if time is not None:
            where.append(f"runs.time {operator} ?")
            values.append(time_text(time))
    if wanted.states is not None:
        connection.create_function("is_alive", 1, is_alive)
        state = "CASE WHEN runs.open AND NOT is_alive(bridges.id) THEN 'lost' ELSE runs.state END"
        where.append(f"{state} IN ({', '.join('?' * len(wanted.states))})")
        values += wanted.states
    if wanted.run_ids is not None:
        keys = {key_of(connection, run_id) for run_id in wanted.run_ids}
        where.append(f"runs.key IN ({', '.join(map(str, sorted(keys)))})")
    if wanted.text is not None:
        text = wanted.text.casefold()
        connection.create_function("holds", 1, lambda source: text in to_text(source).casefold())
        where.append("holds(runs.source)")
    return " AND ".join(where), values


def _row(connection: Connection, run_id: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(f"{RUNS} WHERE runs.id = ?", (run_id,)).fetchone()
    if row is None:
        raise _no_such_run(run_id)
    return row


def key_of(connection: Connection, run_id: str) -> int:
    """The key of a run. Raises NoSuchRun."""
    row = connection.execute("SELECT key FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise _no_such_run(run_id)
    return int(row[0])


def _no_such_run(run_id: str) -> NoSuchRun:
    return NoSuchRun(
        f"no run {run_id!r} is in the history (silent runs are not stored; a full history deletes old ones)",
        remedy=Remedy.LIST_RUNS,
    )


def run_of(row: tuple[Any, ...], is_alive: IsAlive) -> Run:
    """The run of a row of `RUNS`, without outputs."""
    _, record, source, _, is_open, bridge_id, _ = row
    run = msgspec.structs.replace(decode(record, Run), source=to_text(source))
    return lost(run) if is_open and not is_alive(bridge_id) else run


def outputs_of(connection: Connection, run: int) -> Iterator[StoredOutput]:
    """The outputs of a run, one at a time; the text of a stream is Pieces."""
    rows = connection.execute(
        "SELECT position, stream FROM outputs WHERE run = ? ORDER BY position", (run,)
    ).fetchall()
    for position, stream in rows:
        if stream is None:
            (body,) = connection.execute(
                "SELECT body FROM outputs WHERE run = ? AND position = ?", (run, position)
            ).fetchone()
            yield decode(body, dict[str, Any])
        else:
            yield {"output_type": "stream", "name": stream, "text": _text(connection, run, position)}


def _text(connection: Connection, run: int, position: int) -> Pieces:
    return Pieces(lambda: map(to_text, _chunks(connection, run, position)))


def _chunks(connection: Connection, run: int, position: int, newest_first: bool = False) -> Iterable[bytes]:
    order = "DESC" if newest_first else "ASC"
    rows = connection.execute(
        f"SELECT text FROM chunks WHERE run = ? AND position = ? ORDER BY start {order}", (run, position)
    )
    return (data for (data,) in rows)


# elision


def elided(connection: Connection, run: int, budget_bytes: int) -> list[Output]:
    """The outputs of a run with at most `budget_bytes` of stream text, not counting tails."""
    totals = {
        position: (size, lines)
        for position, size, lines in connection.execute(
            "SELECT position, sum(size), iif(count(lines) = count(*), sum(lines), NULL) FROM chunks"
            " WHERE run = ? GROUP BY position",
            (run,),
        )
    }
    outputs: list[Any] = []  # as the fold produced them
    for position, output in enumerate(outputs_of(connection, run)):
        if output["output_type"] == "stream":
            size, lines = totals.get(position, (0, 0))
            head = _take(_chunks(connection, run, position), min(size, max(budget_bytes, 0)))
            budget_bytes -= len(head)
            output["text"] = to_text(head)
            if len(head) < size:
                newest = _chunks(connection, run, position, newest_first=True)
                tail = _take_last(newest, min(size - len(head), TAIL_BYTES))
                output["elided"] = {"omitted": size - len(head), "tail": to_text(tail)}
                if lines is not None:
                    output["elided"]["lines"] = lines - head.count(b"\n")
        outputs.append(output)
    return outputs


def _take(chunks: Iterable[bytes], most: int) -> bytes:
    """The first `most` bytes, cut at a character boundary."""
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
    """The last `most` bytes, cut at a character boundary; `chunks` are newest first."""
    taken = b""
    for data in chunks:
        if len(taken) + len(data) > most:
            cut = len(data) - (most - len(taken))
            while cut < len(data) and data[cut] & 0xC0 == 0x80:
                cut += 1
            return data[cut:] + taken
        taken = data + taken
    return taken
