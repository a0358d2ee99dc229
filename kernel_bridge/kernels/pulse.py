"""Whether a kernel is there: its heartbeat channel, watched by zmq itself.

zmq's own thread pings the peer (ZMTP heartbeats) and tells of a connection that broke, so that nothing here
wakes while all is well. A process that is stopped keeps its connections and answers no ping; one that is gone
refuses new connections.
"""

import asyncio
from collections.abc import Callable
from typing import Literal

import zmq
from zmq.utils.monitor import parse_monitor_message

Beat = Literal["alive", "silent", "gone"]

PING_MS = 2000  # between pings
SILENT_MS = 6000  # without an answer for so long, the connection is given up
RETRY_MS = 100
FLICKER_S = 0.3  # kernels whose zmq knows no pings drop the connection at each, and are back at once
GONE_S = 1.3  # after a break: nobody listens any more (a kernel that is stopped still accepts connections)


class Pulse:
    """The heartbeat of one kernel. `tell` is called with every change, first with "alive"."""

    def __init__(self, socket: "zmq.Socket[bytes]", address: str, tell: Callable[[Beat], None]) -> None:
        self._socket = socket
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._told: Beat = "silent"
        self._accepted = False  # since the break somebody has accepted a connection
        self.met = asyncio.Event()  # somebody there speaks zmq: also a kernel that is too busy to answer
        socket.heartbeat_ivl = PING_MS
        socket.heartbeat_timeout = SILENT_MS
        socket.reconnect_ivl = RETRY_MS
        self._monitor = socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_CONNECTED | zmq.EVENT_DISCONNECTED
        )
        self._loop.add_reader(self._monitor.fileno(), self._hear_monitor)
        self._hear_monitor()
        socket.connect(address)

    def _hear_monitor(self) -> None:
        try:
            while True:
                event = parse_monitor_message(self._monitor.recv_multipart(zmq.NOBLOCK))["event"]
                if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                    self.met.set()
                    self._cancel_timer()
                    self._change("alive")
                elif event == zmq.EVENT_CONNECTED:
                    self._accepted = True
                elif event == zmq.EVENT_DISCONNECTED and self._told == "alive" and self._timer is None:
                    self._accepted = False
                    self._timer = self._loop.call_later(FLICKER_S, self._broken)
        except zmq.Again:
            return

    def _broken(self) -> None:
        self._timer = self._loop.call_later(GONE_S - FLICKER_S, self._still_broken)
        self._change("silent")

    def _still_broken(self) -> None:
        self._timer = None
        if not self._accepted:
            self._change("gone")

    def _change(self, beat: Beat) -> None:
        if beat != self._told:
            self._told = beat
            self._tell(beat)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Watch no more; the socket is closed by its owner."""
        self._cancel_timer()
        self._loop.remove_reader(self._monitor.fileno())
        self._socket.disable_monitor()
        self._monitor.close(0)
