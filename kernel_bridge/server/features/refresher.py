"""Sends `workspace/*/refresh` soon after a change, but not too often."""

import asyncio

from ..peer import Peer

SOON_S = 0.02  # changes within this time share a refresh, so a short run needs only one
PAUSE_S = 0.2  # between the client's answer and the next refresh
ANSWER_S = 5.0  # how long to wait for the client's answer


class Refresher:
    """Sends `method` shortly after `soon` is called, one request at a time. No timer runs while idle."""

    def __init__(self, peer: Peer, method: str) -> None:
        self._peer = peer
        self._method = method
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def soon(self) -> None:
        """Schedule a refresh."""
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
