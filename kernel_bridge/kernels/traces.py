"""What one launch of a kernel leaves on disk, and who removes it.

Several processes may see a kernel end: the bridge that started it, its keepers, a bridge that attached to it.
The kernel's record names the newest launch. Renaming the record claims the clean-up, and only one process can
do that. The others touch nothing, and neither does a process that watched an older launch. If the claimant is
killed, a keeper finds the renamed record and finishes the work.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from ..owned import Made, read_private, remove

LARGEST_RECORD_BYTES = 4 * 1024 * 1024


class Traces(NamedTuple):
    """The files of one launch; without a record, which could not be written, nobody else knows them."""

    launch: str
    record: str | None  # the path of the kernel's record
    made: tuple[Made, ...]  # its connection file and the folder of its sockets

    def clean_up(self) -> None:
        """Remove them once the process has ended, unless another launch or another process has them now."""
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
    """The launch that a record names; None: there is no record that counts."""
    try:
        launch = json.loads(read_private(record, LARGEST_RECORD_BYTES))["launch"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return launch if isinstance(launch, str) else None


def _claim(record: str, launch: str) -> str | None:
    """Claim the record of a launch: its new path, or None when another process or launch has it."""
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
    """Remove what a bridge that was killed while it wrote the record left beside it."""
    folder, name = os.path.split(record)
    with suppress(OSError):
        for entry in os.listdir(folder):
            if entry.startswith(f"{name}."):
                os.unlink(os.path.join(folder, entry))


def _remove_all(made: Iterable[Made]) -> None:
    for one in made:
        remove(one)
