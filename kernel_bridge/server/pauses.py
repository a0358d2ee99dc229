"""Pauses between messages, for clients that lose messages sent too soon after an answer. Knows no JSON."""

import asyncio
from collections import deque
from collections.abc import Callable


class Pauses:
    """Passes messages to `write` in order; messages after a pause wait until it is over."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._waiting: deque[bytes | float] = deque()  # messages, and further pauses in seconds
        self._timer: asyncio.TimerHandle | None = None

    def write(self, body: bytes) -> None:
        if self._timer is None:
            self._write(body)
        else:
            self._waiting.append(body)

    def pause(self, pause_s: float) -> None:
        """Hold back all later messages for `pause_s` seconds."""
        self._waiting.append(pause_s)
        if self._timer is None:
            self._resume()

    def close(self) -> None:
        """Write the waiting messages now."""
        if self._timer is not None:
            self._timer.cancel()
        self._waiting = deque(item for item in self._waiting if isinstance(item, bytes))
        self._resume()

    def _resume(self) -> None:
        self._timer = None
        while self._waiting:
            item = self._waiting.popleft()
            if not isinstance(item, bytes):
                self._timer = asyncio.get_running_loop().call_later(item, self._resume)
                return
            self._write(item)
