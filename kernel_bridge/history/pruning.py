"""The old runs that go, when the journal is too large or a person wants it; each step is a transaction."""

from collections.abc import Callable

from .reading import condition
from .records import Filter
from .store import Connection, shrink, transaction, used_bytes
from .writing import close_lost

PRUNED_TO = 0.9  # of the bytes allowed, so that pruning is not needed again at once
PRUNED_AT_ONCE = 100  # runs of one transaction


def prune(connection: Connection, max_bytes: int, is_alive: Callable[[str], bool]) -> list[str]:
    """Delete old runs while the journal is larger than `max_bytes`; the paths of the blobs that they had.

    The oldest go first. Those of living bridges, and of the kernels that these use, never go: while somebody
    works with them the journal may be larger. Raises StoreError.
    """
    blobs: list[str] = []
    if used_bytes(connection) <= max_bytes:
        return blobs
    with transaction(connection):
        close_lost(connection, is_alive)
    bridges = connection.execute("SELECT key, id FROM bridges").fetchall()
    living = ",".join(str(key) for key, bridge_id in bridges if is_alive(bridge_id))
    # A kernel that outlived its bridge is known by what a living one has run on it since.
    in_use = f"SELECT kernel_id FROM runs WHERE bridge IN ({living})"
    unused = f"bridge NOT IN ({living}) AND kernel_id NOT IN ({in_use})"
    while _prune_some(connection, unused, int(max_bytes * PRUNED_TO), blobs):
        pass
    _tidy(connection)
    return blobs


def _prune_some(connection: Connection, where: str, target_bytes: int, blobs: list[str]) -> bool:
    """Delete some of the oldest ended runs; whether there is more to do."""
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
    """Delete a run; the paths of the blobs that it had."""
    paths = [path for (path,) in connection.execute("SELECT path FROM blobs WHERE run = ?", (key,))]
    connection.execute("DELETE FROM runs WHERE key = ?", (key,))
    return paths


def _tidy(connection: Connection) -> None:
    """What is of no run any more goes, and the file becomes smaller."""
    with transaction(connection):
        connection.execute("DELETE FROM kernels WHERE key NOT IN (SELECT kernel FROM runs)")
    shrink(connection)


def forget(
    connection: Connection,
    wanted: Filter,
    is_alive: Callable[[str], bool],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[int, list[str]]:
    """Delete the runs that match, but for open ones; how many they were, and the paths of their blobs.

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
