"""Recovers what bridges that are gone left behind: batches in their spills, and open runs."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from ..presence import Presence, is_present, turn
from .identity import Unusable, beside
from .spill import left_batches
from .store import BUSY_S, Connection, transaction
from .writing import batch_of, close_lost, note_batch, write

_BRIDGE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def presence_path(path: Path, bridge_id: str) -> Path:
    """The file whose lock shows that a bridge is alive."""
    return beside(path, f".bridge-{bridge_id}")


def spill_path(path: Path, bridge_id: str) -> Path:
    """The file that holds a bridge's spilled batches."""
    return beside(path, f".spill-{bridge_id}")


def is_alive(path: Path, bridge_id: str) -> bool:
    return is_present(presence_path(path, bridge_id))


def be_present(path: Path, bridge_id: str) -> Presence:
    """Mark a bridge as alive. Raises OSError, TimeoutError."""
    with turn(beside(path, ".lock"), BUSY_S):
        return Presence(presence_path(path, bridge_id))


def recover(connection: Connection, path: Path, warn: Callable[[str], None]) -> None:
    """Write spilled batches and mark open runs as lost. Several bridges may do so at once.

    Raises OSError, StoreError.
    """
    for bridge_id in _bridges_with(path, spill_path):
        if not is_alive(path, bridge_id):
            _take_up(connection, spill_path(path, bridge_id), bridge_id, warn)
    with transaction(connection):
        close_lost(connection, lambda bridge_id: is_alive(path, bridge_id))
    with suppress(TimeoutError), turn(beside(path, ".lock"), BUSY_S):  # none is just becoming present
        for bridge_id in _bridges_with(path, presence_path):
            if not is_alive(path, bridge_id):
                presence_path(path, bridge_id).unlink(missing_ok=True)


def _bridges_with(path: Path, companion: Callable[[Path, str], Path]) -> Iterator[str]:
    """The ids of bridges for which such a file exists."""
    start = companion(path, "").name
    for name in sorted(os.listdir(path.parent)):
        bridge_id = name.removeprefix(start)
        if bridge_id != name and _BRIDGE_ID.fullmatch(bridge_id):
            yield bridge_id


def _take_up(connection: Connection, spill: Path, bridge_id: str, warn: Callable[[str], None]) -> None:
    try:
        for number, updates in left_batches(spill):
            with transaction(connection):
                key, written = batch_of(connection, bridge_id)
                if number > written:
                    write(connection, key, updates)
                    note_batch(connection, key, number)
        spill.unlink(missing_ok=True)
    except FileNotFoundError:
        return  # another bridge was faster
    except (OSError, Unusable) as error:
        warn(f"cannot read the runs that an earlier bridge left for the history: {spill}: {error}")
    except ValueError as error:
        aside = beside(spill, ".damaged")
        spill.replace(aside)
        warn(f"the runs that an earlier bridge left for the history are damaged ({error}); see {aside}")
