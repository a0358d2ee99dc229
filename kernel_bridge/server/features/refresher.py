"""Telling a client to ask again (`workspace/*/refresh`), soon after something changed and not too often."""

import asyncio

from ..peer import Peer

SOON_S = 0.02  # what happens within it is told of together: a short run is asked for once, when it has ended
PAUSE_S = 0.2  # between the client's answer and the next time
ANSWER_S = 5.0  # how long a client may take before it is told again


class Refresher:
    """Sends `method` after `soon`, one at a time; no timer runs while nothing changes."""

    def __init__(self, peer: Peer, method: str) -> None:
        self._peer = peer
        self._method = method
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def soon(self) -> None:
        """Something changed."""
        if self._task is None or self._task.done():
            self._task = self._peer.spawn(self._run(), self._method)
        else:
            self._again = True

    async def _run(self) -> None:
        await asyncio.sleep(SOON_S)
        while True:
            self._again = False
            await asyncio.wait([asyncio.ensure_future(self._peer.ask(self._method))], timeout=ANSWER_S)
            if not self._again:
                return
            await asyncio.sleep(PAUSE_S)
