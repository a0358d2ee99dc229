"""What all connections of one event loop share: zmq's context, and the socket for every heartbeat.

A context costs two threads and five descriptors, and zmq aborts the process if it gets none. So one context
serves all connections, from the first to the last, and is created only if there is room.
"""

import asyncio
from typing import Literal

import zmq

from ...limits import claimed_descriptors, require_threads
from .pulse import Heart

MOST_SOCKETS = 8192  # zmq's default of 1,023 is enough for only 255 kernels
DESCRIPTORS = 8  # five for the context, three for the heart
THREADS = 2  # one for I/O, one that closes sockets

_shared: "dict[asyncio.AbstractEventLoop, Shared]" = {}


class Shared:
    """The context and hearts of the running loop. Call `leave` once per `join`."""

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
        """The shared objects of this loop. Raises OSError: no descriptor or thread is left."""
        loop = asyncio.get_running_loop()
        shared = _shared.get(loop)
        if shared is None:
            shared = _shared[loop] = cls(loop)
        shared._users += 1
        return shared

    def heart_for(self, address: str) -> Heart:
        """A heart that does not watch that address yet: two sessions may follow one kernel."""
        for heart in self._hearts:
            if not heart.watches(address):
                return heart
        self._hearts.append(Heart(self.context))
        return self._hearts[-1]

    def leave(self) -> None:
        """Leave. The last caller waits for unsent messages, at most as long as the sockets linger."""
        self._users -= 1
        if not self._users:
            _shared.pop(self._loop, None)
            for heart in self._hearts:
                heart.close()
            self.context.term()


def has(feature: Literal["ipc", "curve"]) -> bool:
    """Whether the installed libzmq supports it."""
    return bool(zmq.has(feature))
