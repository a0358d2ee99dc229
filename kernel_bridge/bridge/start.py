"""A kernel that is being started, for whoever waits for it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from .kernel import FollowedKernel


class Start:
    """A start, for as long as somebody waits for it."""

    def __init__(self, task: "asyncio.Task[FollowedKernel]") -> None:
        self.task = task
        self._waiting = 0

    @contextmanager
    def wanted(self) -> Iterator["Start"]:
        """Somebody waits for it; when the last who does leaves, the start is cancelled."""
        self._waiting += 1
        try:
            yield self
        finally:
            self._waiting -= 1
            if not self._waiting and not self.task.done():
                self.task.cancel()

    async def wait(self) -> FollowedKernel:
        with self.wanted():
            return await asyncio.shield(self.task)
