"""The editor at the other end: sends it messages, and owns the tasks of its session."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from ..escapes import legible
from .jsonrpc import Connection, ConnectionClosed, ResponseError

log = logging.getLogger(__name__)

T = TypeVar("T")

ERROR, WARNING, INFO = 1, 2, 3  # MessageType


class Peer:
    """Sends messages to the editor, and owns the tasks of its session."""

    def __init__(self, connection: Connection) -> None:
        self.closing = False  # the session is ending, so the death of a kernel is not reported
        self._connection = connection
        self._tasks: set[asyncio.Task[Any]] = set()

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification. `params` are omitted if they are None."""
        self._connection.notify(method, params)

    async def request(self, method: str, params: Any = None) -> Any:
        """Send a request; return its result. Raises ResponseError, ConnectionClosed."""
        return await self._connection.request(method, params)

    async def ask(self, method: str, params: Any = None) -> Any:
        """Send a request; return its result, or None if the editor refused it."""
        try:
            return await self._connection.request(method, params)
        except (ResponseError, ConnectionClosed) as error:
            log.warning("the editor refused %s: %s", method, error)
            return None

    def show(self, level: int, message: str) -> None:
        """Send window/showMessage, with the message made legible."""
        self.notify("window/showMessage", {"type": level, "message": legible(message)})

    def warn(self, message: str) -> None:
        """Show a warning."""
        self.show(WARNING, message)

    def pause(self, pause_s: float) -> None:
        """Hold back all later messages for `pause_s` seconds. They keep their order."""
        self._connection.pause(pause_s)

    def spawn(self, coroutine: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Start a task and hold it until it ends."""
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self, but: asyncio.Task[None] | None) -> None:
        """Cancel all tasks except `but`, and wait until all have ended."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            if task is not but:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
