"""What all connections of one event loop share: zmq's context, and the socket for every heartbeat.

A context costs two threads and five descriptors, and zmq aborts the process when it gets none of either. So
there is one, from the first connection until the last is closed, and it is made only where there is room.
"""

import asyncio
from typing import Literal

import zmq

from ...limits import claimed_descriptors, require_threads
from .pulse import Heart

MOST_SOCKETS = 8192  # zmq's default of 1,023 is used up by 255 kernels
DESCRIPTORS = 8  # five of the context, three of the heart
THREADS = 2  # one that does the I/O, one that closes sockets

_shared: "dict[asyncio.AbstractEventLoop, Shared]" = {}


class Shared:
    """The context and the hearts of the running loop; `leave` it as often as it was joined."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        with claimed_descriptors(DESCRIPTORS):
            require_threads(THREADS)
            self.context = zmq.Context(io_threads=1)
            self.context.max_sockets = MOST_SOCKETS
            try:
                self._hearts = [Heart(self.context)]
            except BaseException:
                self.context.term()
                raise
        self._users = 0

    @classmethod
    def join(cls) -> "Shared":
        """Raises OSError: descriptors or threads have run out."""
        loop = asyncio.get_running_loop()
        shared = _shared.get(loop)
        if shared is None:
            shared = _shared[loop] = cls(loop)
        shared._users += 1
        return shared

    def heart_for(self, address: str) -> Heart:
        """The heart, or another one for an address that it watches already: one kernel, followed twice."""
        for heart in self._hearts:
            if not heart.watches(address):
                return heart
        self._hearts.append(Heart(self.context))
        return self._hearts[-1]

    def leave(self) -> None:
        """The last one waits until what was sent has left, for as long as the sockets linger."""
        self._users -= 1
        if not self._users:
            _shared.pop(self._loop, None)
            for heart in self._hearts:
                heart.close()
            self.context.term()


def has(feature: Literal["ipc", "curve"]) -> bool:
    """Whether the libzmq that is installed was built with it."""
    return bool(zmq.has(feature))
