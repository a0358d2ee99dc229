"""Writes to the journal's tables: runs, their outputs, and the marking of lost runs.

Each function works within the caller's transaction.
"""

import os
from collections.abc import Callable, Iterable, Iterator

import msgspec

from ..protocol.objects import Run
from ..protocol.vocabulary import Output
from ..runs.changes import Append, Clear, Replace
from .pending import Pending, Text, bytes_of, texts_of
from .records import PIECE, decode, encode, encode_output, to_bytes, to_text
from .store import Connection

SMALL = 4096  # a final chunk shorter than this is rewritten with what follows
LARGE = 1 << 20  # bytes above which an output is written in pieces, since SQLite would copy it twice

_NEXT_START = "(SELECT coalesce(max(start), 0) + 1 FROM runs)"

_REPLACED = ", ".join(
    f"{column} = excluded.{column}"
    for column in ("bridge", "kernel", "kernel_id", "uri", "open", "record", "times", "source", "options")
)

LOST = "the bridge that ran it has ended"


def register_bridge(connection: Connection, bridge_id: str, now: str) -> int:
    """Register this process. Return its key."""
    cursor = connection.execute(
        "INSERT INTO bridges (id, pid, started_at) VALUES (?, ?, ?)", (bridge_id, os.getpid(), now)
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def batch_of(connection: Connection, bridge_id: str) -> tuple[int, int]:
    """The key of a bridge, and its last spilled batch in the tables."""
    row = connection.execute("SELECT key, batch FROM bridges WHERE id = ?", (bridge_id,)).fetchone()
    return (row[0], row[1]) if row is not None else (register_bridge(connection, bridge_id, ""), 0)


def note_batch(connection: Connection, bridge: int, number: int) -> None:
    """Record that the spilled batch is in the tables."""
    connection.execute("UPDATE bridges SET batch = ? WHERE key = ?", (number, bridge))


def write(connection: Connection, bridge: int, waiting: dict[str, Pending]) -> int:
    """Write pending updates, by run id. Return roughly how many bytes.

    Updates of unknown runs, and of runs that belong to another bridge, are dropped.
    """
    return sum(_write_run(connection, bridge, run_id, pending) for run_id, pending in waiting.items())


def _write_run(connection: Connection, bridge: int, run_id: str, pending: Pending) -> int:
    row = connection.execute("SELECT key, bridge, record FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None or (row[1] != bridge and not pending.taken):
        if not _may_insert(pending, row):
            return 0
        key = _insert(connection, bridge, pending)
    else:
        key, owner, record = row
        if pending.taken and owner != bridge:
            connection.execute("UPDATE runs SET bridge = ? WHERE key = ?", (bridge, key))
        if pending.run is not None or pending.missing_bytes or pending.taken:
            stored = decode(record, Run)
            run = pending.run or (reopened(stored) if pending.taken else stored)
            run = _with_missing(run, max(pending.missing_bytes, stored.missing_bytes or 0))
            update(connection, key, run, pending.times if pending.run is not None else None)
    if pending.heard is not None:
        connection.execute("UPDATE runs SET heard = ? WHERE key = ?", (pending.heard, key))
    if pending.changes and (unfit := _write_outputs(connection, key, pending.changes)):
        _miss(connection, key, bytes_of(unfit))
    for path in pending.blobs:
        connection.execute("INSERT OR IGNORE INTO blobs (run, path) VALUES (?, ?)", (key, path))
    return pending.size + 512


def _may_insert(pending: Pending, row: tuple[int, int, bytes] | None) -> bool:
    """Whether the run is new, or its row was written by a bridge that only followed it."""
    if pending.started is None:
        return False
    return row is None or (pending.started.origin == "bridge" and decode(row[2], Run).origin == "other")


def _insert(connection: Connection, bridge: int, pending: Pending) -> int:
    """Insert a run, or replace what a follower stored of it. Return its key."""
    assert pending.started is not None
    run = _with_missing(pending.run or pending.started, pending.missing_bytes)
    (key,) = connection.execute(
        "INSERT INTO runs"
        " (id, bridge, kernel, kernel_id, uri, open, record, times, source, options, start)"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, iif(?, {_NEXT_START}, NULL))"
        f" ON CONFLICT (id) DO UPDATE SET heard = NULL, {_REPLACED} RETURNING key",
        (
            run.id,
            bridge,
            _kernel_key(connection, encode(pending.kernel)),
            run.kernel_id,
            run.text_document.uri if run.text_document is not None else None,
            _is_open(run),
            _record(run),
            encode(pending.times),
            to_bytes(run.source),
            encode(pending.options) if pending.options is not None else None,
            run.started_at is not None,
        ),
    ).fetchone()
    _clear(connection, key)
    return int(key)


def _kernel_key(connection: Connection, description: bytes) -> int:
    row = connection.execute("SELECT key FROM kernels WHERE description = ?", (description,)).fetchone()
    if row is not None:
        return int(row[0])
    cursor = connection.execute("INSERT INTO kernels (description) VALUES (?)", (description,))
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def update(connection: Connection, key: int, run: Run, times: dict[str, str] | None = None) -> None:
    """Store a run's new state. Its source, kernel and document never change."""
    connection.execute(
        "UPDATE runs SET open = ?, record = ?, times = coalesce(?, times),"
        f" start = iif(start IS NULL AND ?, {_NEXT_START}, start) WHERE key = ?",
        (
            _is_open(run),
            _record(run),
            None if times is None else encode(times),
            run.started_at is not None,
            key,
        ),
    )


def _miss(connection: Connection, key: int, count: int) -> None:
    """Record that so many bytes of output are missing, in addition to those known."""
    (record,) = connection.execute("SELECT record FROM runs WHERE key = ?", (key,)).fetchone()
    run = decode(record, Run)
    update(connection, key, _with_missing(run, (run.missing_bytes or 0) + count))


def _with_missing(run: Run, missing_bytes: int) -> Run:
    """The run with the number of bytes of lost output."""
    if missing_bytes <= (run.missing_bytes or 0):
        return run
    return msgspec.structs.replace(run, missing_bytes=missing_bytes)


def _is_open(run: Run) -> bool:
    return run.state in ("queued", "running")


def _record(run: Run) -> bytes:
    return encode(msgspec.structs.replace(run, source="", outputs=None))


# outputs


def _write_outputs(
    connection: Connection, run: int, changes: list[Append | Text | Replace | Clear]
) -> list[Append | Text | Replace | Clear]:
    """Apply the changes. Return the rest, from the first that does not continue what is stored.

    That happens if an earlier owner of the run, or a killed one, lost output before them.
    """
    (count,) = connection.execute(
        "SELECT coalesce(max(position) + 1, 0) FROM outputs WHERE run = ?", (run,)
    ).fetchone()
    for at, change in enumerate(changes):
        match change:
            case Text():
                if change.index >= count or not _rewrite(
                    connection, run, change.index, change.start, change.parts
                ):
                    return changes[at:]
            case Append():
                _append(connection, run, count, change.output)
                count += 1
            case Replace():
                row = connection.execute(
                    "SELECT rowid FROM outputs WHERE run = ? AND position = ? AND stream IS NULL",
                    (run, change.index),
                ).fetchone()
                if row is None:
                    return changes[at:]
                _set_body(connection, row[0], change.output)
            case Clear():
                _clear(connection, run)
                count = 0
    return []


def _clear(connection: Connection, run: int) -> None:
    connection.execute("DELETE FROM chunks WHERE run = ?", (run,))
    connection.execute("DELETE FROM outputs WHERE run = ?", (run,))


def _append(connection: Connection, run: int, position: int, output: Output) -> None:
    name = output["name"] if output["output_type"] == "stream" else None
    row = connection.execute(
        "INSERT INTO outputs (run, position, stream) VALUES (?, ?, ?)",
        (run, position, name),
    ).lastrowid
    assert row is not None
    if output["output_type"] == "stream":
        _insert_text(connection, run, position, 0, [output["text"]])
    else:
        _set_body(connection, row, output)


def _set_body(connection: Connection, row: int, output: Output) -> None:
    if sum(map(len, texts_of(output))) < LARGE:
        connection.execute("UPDATE outputs SET body = ? WHERE rowid = ?", (encode(output), row))
        return
    size = sum(map(len, encode_output(output)))
    connection.execute("UPDATE outputs SET body = zeroblob(?) WHERE rowid = ?", (size, row))
    with connection.blobopen("outputs", "body", row) as blob:
        for piece in encode_output(output):
            blob.write(piece)


def _rewrite(connection: Connection, run: int, position: int, start: int, parts: list[str]) -> bool:
    """Replace the text from character `start` on with `parts`. Touches only chunks at or after it.

    Returns False, with nothing done, if the text ends before `start`.
    """
    row = connection.execute(
        "SELECT start, length FROM chunks WHERE run = ? AND position = ? AND start <= ?"
        " ORDER BY start DESC LIMIT 1",
        (run, position, start),
    ).fetchone()
    if start > (row[0] + row[1] if row is not None else 0):
        return False
    kept = ""
    if row is not None and row[0] < start and (start < row[0] + row[1] or row[1] < SMALL):
        first = row[0]
        (data,) = connection.execute(
            "SELECT text FROM chunks WHERE run = ? AND position = ? AND start = ?", (run, position, first)
        ).fetchone()
        kept, start = to_text(data)[: start - first], first
    connection.execute(
        "DELETE FROM chunks WHERE run = ? AND position = ? AND start >= ?", (run, position, start)
    )
    if len(kept) < SMALL:
        _insert_text(connection, run, position, start, [kept, *parts])
    else:  # separately, so that text rewritten repeatedly (a progress bar) stays small
        _insert_text(connection, run, position, start, [kept])
        _insert_text(connection, run, position, start + len(kept), parts)
    return True


def _insert_text(connection: Connection, run: int, position: int, start: int, parts: Iterable[str]) -> None:
    def rows() -> Iterator[tuple[int, int, int, int, int, bytes, int]]:
        at = start
        for piece in _pieces(parts):
            data = to_bytes(piece)
            yield run, position, at, len(piece), len(data), data, data.count(b"\n")
            at += len(piece)

    connection.executemany(
        "INSERT INTO chunks (run, position, start, length, size, text, lines) VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows(),
    )


def _pieces(parts: Iterable[str]) -> Iterator[str]:
    """The text in pieces of PIECE characters, the last one shorter; no piece for empty text."""
    held: list[str] = []
    length = 0
    for part in parts:
        at = 0
        while length + len(part) - at >= PIECE:
            taken = PIECE - length
            held.append(part[at : at + taken])
            yield "".join(held)
            held, length, at = [], 0, at + taken
        if at < len(part):
            held.append(part[at:] if at else part)
            length += len(part) - at
    if held:
        yield "".join(held)


# recovery of other bridges' runs


def close_lost(connection: Connection, is_alive: Callable[[str], bool]) -> None:
    """Mark open runs of dead bridges as lost and delete dead bridges without runs."""
    for bridge, bridge_id in connection.execute("SELECT key, id FROM bridges").fetchall():
        if is_alive(bridge_id):
            continue
        rows = connection.execute(
            "SELECT key, record FROM runs WHERE bridge = ? AND open", (bridge,)
        ).fetchall()
        for key, record in rows:
            update(connection, key, lost(decode(record, Run)))
        connection.execute(
            "DELETE FROM bridges WHERE key = ? AND NOT EXISTS (SELECT 1 FROM runs WHERE bridge = ?)",
            (bridge, bridge),
        )


def lost(run: Run) -> Run:
    """An open run as it becomes when its bridge dies."""
    return msgspec.structs.replace(run, state="lost", reason=LOST, summary=None)


def reopened(run: Run) -> Run:
    """A run as it was before `lost`."""
    if (run.state, run.reason) != ("lost", LOST):
        return run
    return msgspec.structs.replace(run, state="running" if run.started_at else "queued", reason=None)
