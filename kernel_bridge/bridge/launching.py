"""Kernels that are starting or being attached to. A start is cancelled when nobody waits for it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from ..protocol.errors import RequestCancelled
from .bindings import Use
from .kernel import FollowedKernel


class Start:
    """One start or attachment."""

    def __init__(self, task: "asyncio.Task[FollowedKernel]") -> None:
        self.task = task
        self._waiting = 0

    @contextmanager
    def wanted(self) -> Iterator["Start"]:
        """Wait for the start. When the last waiter leaves, the start is cancelled."""
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


class Starts:
    """All starts and attachments in progress, at most one for each use of a document."""

    def __init__(self) -> None:
        self._of_uses: dict[Use, Start] = {}
        self._tasks: set[asyncio.Task[FollowedKernel]] = set()
        self._closed = False

    def begin(self, making: Coroutine[Any, Any, FollowedKernel], name: str) -> Start:
        """Start or attach in a task that `cancel` can end. Raises RequestCancelled: the bridge is ending."""
        if self._closed:
            making.close()
            raise RequestCancelled("the bridge is ending")
        task = asyncio.create_task(making, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Start(task)

    def begin_for(self, use: Use, making: Coroutine[Any, Any, FollowedKernel]) -> Start:
        """Like `begin`, for a use. Runs requested for it meanwhile share this start."""
        start = self._of_uses[use] = self.begin(making, f"start kernel for {' '.join(use)}")
        start.task.add_done_callback(lambda _: self._ended(use, start))
        return start

    def share(self, use: Use, make: Callable[[], Coroutine[Any, Any, FollowedKernel]]) -> Start:
        """The start in progress for the use, or a new one."""
        return self._of_uses.get(use) or self.begin_for(use, make())

    def under_way(self, use: Use | None) -> AbstractContextManager[Start | None]:
        """A context that keeps the start for a use alive, if there is one, and yields it or None.

        For a run that must first wait for its turn: it was requested during this start, so it shares its
        result, even a failure.
        """
        start = self._of_uses.get(use) if use is not None else None
        return nullcontext() if start is None else start.wanted()

    def __contains__(self, use: Use) -> bool:
        return use in self._of_uses

    def _ended(self, use: Use, start: Start) -> None:
        if self._of_uses.get(use) is start:
            del self._of_uses[use]

    def cancel(self) -> None:
        """Cancel every start and refuse new ones."""
        self._closed = True
        for task in self._tasks:
            task.cancel()

    async def ended(self) -> None:
        """Return when no start is in progress."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
