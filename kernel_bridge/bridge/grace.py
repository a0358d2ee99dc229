"""How long a run may wait for the second of its execute_reply and its idle.

Kernels send the two on different sockets, in either order, and some lose one of them.
"""

import asyncio
from collections.abc import Callable

from ..kernels.session import KernelSession
from ..runs.run import Run

GRACE_S = 2.0  # after the first of the two, how long the other may take
ROUSE_S = 0.5  # how often within that a kernel which has replied is roused


class Grace:
    """The wait of a kernel's running run. `over` is called with a run whose second message did not come."""

    def __init__(self, session: KernelSession, over: Callable[[Run], None]) -> None:
        self._session = session
        self._over = over
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, run: Run) -> None:
        """The first of the two came; nothing happens when the run waits already."""
        if self._timer is None:
            self._wait(run, GRACE_S)

    def end(self) -> None:
        """The run has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, run: Run, left_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(ROUSE_S, self._waited, run, left_s - ROUSE_S)

    def _waited(self, run: Run, left_s: float) -> None:
        self._timer = None
        flooded = self._session.flooded  # then the message may still be queued behind the flood
        if left_s <= 0 and not flooded:
            self._over(run)
            return
        if run.reply is not None:
            self._session.rouse()
        self._wait(run, GRACE_S if flooded else left_s)
