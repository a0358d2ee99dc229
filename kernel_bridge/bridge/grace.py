"""How long a run waits for the second of its two final messages, execute_reply and idle.

Kernels send them on different sockets, in either order, and some kernels lose one.
"""

import asyncio
from collections.abc import Callable

from ..kernels.session import KernelSession
from ..runs.run import Run

GRACE_S = 2.0  # how long the second message may take after the first
NUDGE_S = 0.5  # how often a kernel that has replied is nudged in that time


class Grace:
    """The wait of the running run. `over` is called with the run if the second message does not arrive."""

    def __init__(self, session: KernelSession, over: Callable[[Run], None]) -> None:
        self._session = session
        self._over = over
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, run: Run) -> None:
        """Start waiting, if the run does not wait already. Call it when the first message arrives."""
        if self._timer is None:
            self._wait(run, GRACE_S)

    def end(self) -> None:
        """Stop waiting: the run has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, run: Run, left_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(NUDGE_S, self._waited, run, left_s - NUDGE_S)

    def _waited(self, run: Run, left_s: float) -> None:
        self._timer = None
        flooded = self._session.flooded  # the message may still be queued behind the flood
        if left_s <= 0 and not flooded:
            self._over(run)
            return
        if run.reply is not None:
            self._session.nudge()
        self._wait(run, GRACE_S if flooded else left_s)
