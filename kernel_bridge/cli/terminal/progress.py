"""A progress bar on stderr, for slow work."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from ...bridge.observer import Progress
from ...escapes import one_line
from ..output import drawing

PATIENCE_S = 0.3  # faster work gets no bar


@contextmanager
def bar(what: str) -> Iterator[Progress | None]:
    """Draw a bar once the work has taken a while. The yielded function may be called from any thread.

    None: stderr is not a terminal.
    """
    console = Console(file=drawing(sys.stderr))
    if not console.is_terminal or console.is_dumb_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    title = TextColumn("{task.description}", markup=False)  # it contains a file name
    columns = (title, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    drawn = Bar(*columns, console=console, transient=True)
    task = drawn.add_task(one_line(what), total=None)
    began = time.monotonic()

    def progress(done: int, total: int) -> None:
        drawn.update(task, completed=done, total=total)
        if not drawn.live.is_started and time.monotonic() - began > PATIENCE_S:
            drawn.start()

    try:
        yield progress
    finally:
        drawn.stop()
