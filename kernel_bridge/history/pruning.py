"""Deletes runs: the oldest if the journal is too large, or those that the user asks for.

Works in short transactions.
"""

from collections.abc import Callable

from .reading import condition
from .records import Filter
from .store import Connection, shrink, transaction, used_bytes
from .writing import close_lost

PRUNED_TO = 0.9  # of the allowed bytes, so that the next pruning is not due at once
PRUNED_AT_ONCE = 100  # runs per transaction


def prune(connection: Connection, max_bytes: int, is_alive: Callable[[str], bool]) -> list[str]:
    """Delete old runs while the journal is larger than `max_bytes`. Return the paths of their blobs.

    The oldest are deleted first. Runs of living bridges, and of kernels that those use, are never deleted:
    while they are in use the journal may exceed the limit. Raises StoreError.
    """
    blobs: list[str] = []
    if used_bytes(connection) <= max_bytes:
        return blobs
    with transaction(connection):
        close_lost(connection, is_alive)
    bridges = connection.execute("SELECT key, id FROM bridges").fetchall()
    living = ",".join(str(key) for key, bridge_id in bridges if is_alive(bridge_id))
    # A kernel that outlived its bridge is in use if a living bridge has executed runs on it.
    in_use = f"SELECT kernel_id FROM runs WHERE bridge IN ({living})"
    unused = f"bridge NOT IN ({living}) AND kernel_id NOT IN ({in_use})"
    while _prune_some(connection, unused, int(max_bytes * PRUNED_TO), blobs):
        pass
    _tidy(connection)
    return blobs


def _prune_some(connection: Connection, where: str, target_bytes: int, blobs: list[str]) -> bool:
    """Delete some of the oldest ended runs. Return whether more must be deleted."""
    with transaction(connection):
        oldest = connection.execute(
            f"SELECT key FROM runs WHERE NOT open AND {where} ORDER BY key LIMIT {PRUNED_AT_ONCE}"
        ).fetchall()
        for (key,) in oldest:
            if used_bytes(connection) <= target_bytes:
                return False
            blobs += _delete(connection, key)
    return bool(oldest)


def _delete(connection: Connection, key: int) -> list[str]:
    """Delete a run. Return the paths of its blobs."""
    paths = [path for (path,) in connection.execute("SELECT path FROM blobs WHERE run = ?", (key,))]
    connection.execute("DELETE FROM runs WHERE key = ?", (key,))
    return paths


def _tidy(connection: Connection) -> None:
    """Delete kernels without runs, and shrink the file."""
    with transaction(connection):
        connection.execute("DELETE FROM kernels WHERE key NOT IN (SELECT kernel FROM runs)")
    shrink(connection)


def forget(
    connection: Connection,
    wanted: Filter,
    is_alive: Callable[[str], bool],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[int, list[str]]:
    """Delete the matching runs that have ended. Return how many, and the paths of their blobs.

    Raises StoreError, NoSuchRun.
    """
    with transaction(connection):
        close_lost(connection, is_alive)
    where, values = condition(connection, is_alive, wanted)
    rows = connection.execute(
        "SELECT runs.key FROM runs CROSS JOIN bridges ON bridges.key = runs.bridge"
        f" WHERE NOT runs.open AND {where} ORDER BY runs.key",
        values,
    ).fetchall()
    blobs: list[str] = []
    for start in range(0, len(rows), PRUNED_AT_ONCE):
        with transaction(connection):
            for (key,) in rows[start : start + PRUNED_AT_ONCE]:
                blobs += _delete(connection, key)
        progress(min(start + PRUNED_AT_ONCE, len(rows)), len(rows))
    _tidy(connection)
    return len(rows), blobs
