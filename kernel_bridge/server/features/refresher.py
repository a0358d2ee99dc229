"""Telling a client to ask again (`workspace/*/refresh`), soon after something changed and not too often."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

SOON_S = 0.02  # what happens within it is told of together: a short run is asked for once, when it has ended
PAUSE_S = 0.2  # between the client's answer and the next time
ANSWER_S = 5.0  # how long a client may take before it is told again


class Refresher:
    """Calls `ask` after `soon`, one at a time; no timer runs while nothing changes."""

    def __init__(
        self, ask: Callable[[], Awaitable[Any]], spawn: Callable[[Any, str], asyncio.Task[None]], name: str
    ) -> None:
        self._ask = ask
        self._spawn = spawn
        self._name = name
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def soon(self) -> None:
        """Something changed."""
        if self._task is None or self._task.done():
            self._task = self._spawn(self._run(), self._name)
        else:
            self._again = True

    async def _run(self) -> None:
        await asyncio.sleep(SOON_S)
        while True:
            self._again = False
            await asyncio.wait([asyncio.ensure_future(self._ask())], timeout=ANSWER_S)
            if not self._again:
                return
            await asyncio.sleep(PAUSE_S)
