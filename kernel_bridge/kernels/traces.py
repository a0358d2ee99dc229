"""The files that one launch of a kernel leaves on disk, and their removal.

Several processes may see a kernel end: the bridge that started it, its keepers, a bridge that attached to it.
The kernel's record names the newest launch. Renaming the record claims the clean-up, which only one process
can do. The others touch nothing, nor does a process that watched an older launch. If the claimant is killed,
a keeper finds the renamed record and completes the work.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from ..owned import Made, read_private, remove

LARGEST_RECORD_BYTES = 4 * 1024 * 1024


class Traces(NamedTuple):
    """The files of one launch. Without a record, because writing it failed, no other process knows them."""

    launch: str
    record: str | None  # the path of the kernel's record
    made: tuple[Made, ...]  # its connection file and socket folder

    def clean_up(self) -> None:
        """Remove the files of an ended process, unless another launch or process owns them now."""
        if self.record is None:
            _remove_all(self.made)
        elif claimed := _claim(self.record, self.launch):
            _remove_all(self.made)
            with suppress(OSError):
                os.unlink(claimed)
            _remove_unfinished(self.record)


def traces_from_json(raw: list[object]) -> Traces:
    launch, record, made = raw
    return Traces(launch, record, tuple(Made(*one) for one in made))  # type: ignore[arg-type,attr-defined]


def launch_of(record: str) -> str | None:
    """The launch that a record names; None: there is no trusted record."""
    try:
        launch = json.loads(read_private(record, LARGEST_RECORD_BYTES))["launch"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return launch if isinstance(launch, str) else None


def _claim(record: str, launch: str) -> str | None:
    """Claim the record of a launch. Return its new path, or None if another process or launch owns it."""
    claimed = f"{record}.{launch}"
    if launch_of(record) == launch:
        with suppress(OSError):
            os.rename(record, claimed)
    found = launch_of(claimed)
    if found == launch:
        return claimed
    if found is not None:  # another bridge restarted the kernel between reading and renaming
        with suppress(OSError):
            os.link(claimed, record)
        with suppress(OSError):
            os.unlink(claimed)
    return None


def _remove_unfinished(record: str) -> None:
    """Remove temporary files of a bridge that was killed while writing the record."""
    folder, name = os.path.split(record)
    with suppress(OSError):
        for entry in os.listdir(folder):
            if entry.startswith(f"{name}."):
                os.unlink(os.path.join(folder, entry))


def _remove_all(made: Iterable[Made]) -> None:
    for one in made:
        remove(one)
