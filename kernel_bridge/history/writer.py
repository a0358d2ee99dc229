"""The thread that writes the journal: opens the file, writes batches, and limits its size.

Nothing here raises because of the disk: the backlog drops and reports what cannot be written.
"""

import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ..presence import Presence
from .backlog import Backlog, Taken
from .identity import Unusable, inode_of
from .memory import trim
from .pruning import prune
from .recovery import be_present, is_alive, recover, spill_path
from .spill import Spill
from .store import (
    LARGEST_WAL_BYTES,
    WAL_BYTES,
    Connection,
    StoreError,
    checkpoint,
    is_busy,
    is_damage,
    open_store,
    replace_damaged,
    set_patience,
    transaction,
    wal_bytes,
)
from .writing import note_batch, register_bridge, write

log = logging.getLogger(__name__)

PRUNE_EVERY_BYTES = 16 * 1024 * 1024
TRIM_EVERY_BYTES = 32 * 1024 * 1024
BUSY_S = 2.0  # how long each attempt waits for another process


class Writer:
    """`run` is the thread. `give_up` is called once if no file is usable, `warn` with each problem."""

    def __init__(
        self,
        path: Path,
        bridge_id: str,
        max_bytes: int,
        backlog: Backlog,
        warn: Callable[[str], None],
        give_up: Callable[[Exception], None],
    ) -> None:
        self.path = path
        self._id = bridge_id
        self._max_bytes = max_bytes
        self._backlog = backlog
        self._warn = warn
        self._give_up = give_up
        self._connection: Connection | None = None
        self._presence: Presence | None = None
        self._inode: tuple[int, int] | None = None  # of the open file
        self._has_spill = False
        self._bridge = 0  # the key of this bridge
        self._written_bytes = 0  # since the last check whether to prune
        self._unreturned_bytes = 0  # since memory was last returned
        self._checkpoint = threading.Thread(name="journal checkpoint")  # the most recent one

    def run(self) -> None:
        try:
            # The path may be a link to another disk; companion files belong where SQLite puts its own.
            self.path = Path(os.path.realpath(self.path))
            warning = self._open()
            if warning is not None:
                self._warn(warning)
        except (Unusable, OSError, StoreError, ValueError) as error:  # ValueError: a path like "/"
            self._stop(error)
        while (taken := self._backlog.take()) is not None:
            if self._connection is not None and taken.updates:
                self._write(taken)
            del taken  # release this much text while the thread sleeps
            self._trim_if_due()
        if self._checkpoint.ident is not None:
            self._checkpoint.join()
        self._backlog.end()
        if self._connection is not None:
            self._connection.close()
        if self._presence is not None:
            self._presence.close()

    def _stop(self, error: Exception) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._give_up(error)

    # the file

    def _open(self) -> str | None:
        """Open the file, mark this bridge as alive, and recover from others.

        Returns the warning of `open_store`. Raises Unusable, OSError, StoreError.
        """
        self._connection, warning = open_store(self.path)
        self._inode = inode_of(self.path)
        if self._presence is not None:
            self._presence.close()
        self._presence = be_present(self.path, self._id)
        if not self._has_spill:
            self._has_spill = True
            self._backlog.spill_to(Spill(spill_path(self.path, self._id)))
        self._begin()
        return warning

    def _required(self) -> Connection:
        assert self._connection is not None
        return self._connection

    def _begin(self) -> None:
        try:
            self._register()
        except StoreError as error:
            if not is_damage(error):
                raise
            self._replace()

    def _replace(self) -> None:
        """Replace a damaged file with a new one. Raises Unusable, OSError, StoreError."""
        self._connection, warning = replace_damaged(self.path, self._required())
        self._inode = inode_of(self.path)
        self._warn(warning)
        self._register()

    def _begin_again(self) -> None:
        """Create a new file, because ours was deleted or moved. Raises as `_open`."""
        self._required().close()  # SQLite removes nothing if the file has moved
        self._open()
        self._warn(f"the history {self.path} was deleted or moved; a new one was created")

    def _register(self) -> None:
        connection = self._required()
        with transaction(connection):
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._bridge = register_bridge(connection, self._id, now)
        recover(connection, self.path, self._warn)
        set_patience(connection, BUSY_S)

    def _is_alive(self, bridge_id: str) -> bool:
        return is_alive(self.path, bridge_id)

    # writing

    def _write(self, taken: Taken) -> None:
        """Write one batch, into a new file if this one is damaged or gone. If that fails, drop it."""
        try:
            if inode_of(self.path) != self._inode:
                self._begin_again()
            while True:
                try:
                    written = self._try(taken)
                    break
                except StoreError as error:
                    if is_busy(error):
                        if self._backlog.is_closing:
                            self._backlog.leave(taken)
                            return
                    elif is_damage(error):
                        self._replace()
                    else:
                        self._backlog.lost(taken, str(error))
                        return
        except (Unusable, OSError, StoreError) as worse:
            self._stop(worse)
            return
        except Exception:
            log.exception("journal: dropped updates of runs %s", ", ".join(taken.updates))
            self._backlog.lost(taken, "an internal error, see the log")
            return
        self._unreturned_bytes += written
        self._checkpoint_if_due()
        self._prune_if_due(written)

    def _try(self, taken: Taken) -> int:
        connection = self._required()
        if any(pending.taken for pending in taken.updates.values()):
            recover(connection, self.path, self._warn)  # what their former owner left comes first
        with transaction(connection):
            written = write(connection, self._bridge, taken.updates)
            note_batch(connection, self._bridge, taken.number)
        return written

    # limiting its size

    def _checkpoint_if_due(self) -> None:
        size = wal_bytes(self.path)
        if size > WAL_BYTES and not self._checkpoint.is_alive():
            self._checkpoint = threading.Thread(target=self._bring_in, name="journal checkpoint")
            try:
                self._checkpoint.start()
            except RuntimeError:  # no thread can be started: the next batch waits
                self._bring_in()
                return
        if size > LARGEST_WAL_BYTES:
            self._checkpoint.join()

    def _bring_in(self) -> None:
        try:
            checkpoint(self.path)
        except StoreError as error:
            log.warning("journal: checkpoint failed, to be retried: %s", error)

    def _trim_if_due(self) -> None:
        if self._unreturned_bytes > TRIM_EVERY_BYTES:
            self._unreturned_bytes = 0
            trim()

    def _prune_if_due(self, written: int) -> None:
        self._written_bytes += written
        if self._written_bytes < min(PRUNE_EVERY_BYTES, self._max_bytes // 16):
            return
        self._written_bytes = 0
        try:
            blobs = prune(self._required(), self._max_bytes, self._is_alive)
        except StoreError as error:
            log.warning("journal: cannot delete old runs: %s", error)
            return
        remove_blobs(blobs)


def remove_blobs(blobs: list[str]) -> None:
    """Remove the files of deleted runs."""
    for path in blobs:
        try:
            Path(path).unlink(missing_ok=True)
        except OSError as error:
            log.warning("journal: cannot remove the blob %s of a deleted run: %s", path, error)
