"""Detects whether a kernel is alive by its heartbeat channel, which zmq itself watches.

zmq's own thread pings the peer (ZMTP heartbeats) and reports broken connections, so nothing here wakes up
while all is well. A stopped process keeps its connections but answers no ping. A process that is gone refuses
new connections.
"""

import asyncio
from collections.abc import Callable

import zmq
from zmq.utils.monitor import parse_monitor_message

from ..transport import Beat

PING_MS = 2000  # between pings
SILENT_MS = 6000  # without an answer for this long, zmq drops the connection
RETRY_MS = 100
FLICKER_S = 0.3  # kernels whose zmq has no pings drop the connection at each one and return at once
GONE_S = 1.3  # after a break: nothing listens (a stopped kernel still accepts connections)

SHAKEN_HANDS, ACCEPTED, BROKEN = zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_CONNECTED, zmq.EVENT_DISCONNECTED


class Heart:
    """One socket for all kernels' heartbeats, and its monitor, which reports each event's address.

    Nothing is sent on it. A socket and monitor per kernel would cost three more descriptors each. Only one
    pulse may watch an address, because a second would mistake the first one's handshake for its own.
    """

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        self.loop = asyncio.get_running_loop()
        self._hearers: dict[str, Callable[[int], None]] = {}  # by address
        socket = self._socket = context.socket(zmq.DEALER)
        try:
            socket.linger = 0
            socket.heartbeat_ivl = PING_MS
            socket.heartbeat_timeout = SILENT_MS
            socket.reconnect_ivl = RETRY_MS
            self._monitor = socket.get_monitor_socket(SHAKEN_HANDS | ACCEPTED | BROKEN)
        except BaseException:
            socket.close(0)
            raise
        self.loop.add_reader(self._monitor.fileno(), self._hear)
        self._hear()

    def watches(self, address: str) -> bool:
        return address in self._hearers

    def watch(
        self, address: str, prepare: "Callable[[zmq.Socket[bytes]], None]", hear: Callable[[int], None]
    ) -> None:
        """Call `hear` with each event of that address. `prepare` sets the options of this connection."""
        self._hear()  # finish with a connection forgotten earlier, which may have had the same address
        prepare(self._socket)
        self._socket.connect(address)
        self._hearers[address] = hear

    def forget(self, address: str) -> None:
        del self._hearers[address]
        self._socket.disconnect(address)

    def _hear(self) -> None:
        try:
            while True:
                said = parse_monitor_message(self._monitor.recv_multipart(zmq.NOBLOCK))
                hear = self._hearers.get(said["endpoint"].decode("utf-8", "surrogateescape"))
                if hear is not None:
                    hear(int(said["event"]))
        except zmq.Again:
            return

    def close(self) -> None:
        self.loop.remove_reader(self._monitor.fileno())
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(0)


class Pulse:
    """The heartbeat of one kernel. `tell` is called with every change, first with "alive".

    `met` is set once a zmq peer answers there, even if the kernel is too busy to reply.
    """

    def __init__(
        self,
        heart: Heart,
        address: str,
        prepare: "Callable[[zmq.Socket[bytes]], None]",
        met: asyncio.Event,
        tell: Callable[[Beat], None],
    ) -> None:
        self._heart = heart
        self._address = address
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._told: Beat = "silent"
        self._accepted = False  # whether a connection was accepted since the break
        self._met = met
        heart.watch(address, prepare, self._hear)

    def _hear(self, event: int) -> None:
        if event == SHAKEN_HANDS:
            self._met.set()
            self._cancel_timer()
            self._change("alive")
        elif event == ACCEPTED:
            self._accepted = True
        elif event == BROKEN and self._told == "alive" and self._timer is None:
            self._accepted = False
            self._timer = self._loop.call_later(FLICKER_S, self._broken)

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
        """Stop watching."""
        self._cancel_timer()
        self._heart.forget(self._address)
