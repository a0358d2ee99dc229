"""The five sockets to one kernel process, and the pump that drains them (raw zmq on the event loop).

zmq's descriptors are edge-triggered: every look at a socket drains it, and every send is followed by a look.
"""

import asyncio
import os
import uuid
from time import perf_counter

import zmq
from zmq.utils.monitor import parse_monitor_message

from ..connection_files import ConnectionInfo
from ..transport import Channel, Parts, Receiver
from .context import Shared
from .frames import FRAMES, Signer, split
from .pulse import Pulse

MORE = int(zmq.NOBLOCK | zmq.SNDMORE)  # an int: arithmetic with zmq's flag types costs more than sending
READ_FRAMES = FRAMES + 1  # frames per read: one message on iopub, which has a topic before its delimiter
READ_S = 0.001  # how long frames are read before their messages are delivered
TURN_S = 0.004  # how long the pump may hold the loop
FLOOD_REST_S = 0.004  # pause between two looks at iopub during a flood
RECONNECT_MS = 10  # delay between connection attempts while a kernel starts
EMPTY_S = 0.2  # how long `empty` may hold the loop
REPLIES: tuple[Channel, ...] = ("shell", "stdin")  # input_request goes to the identity that shell has


class Connection:
    """The sockets to one kernel process: a Transport.

    On Windows it needs a selector event loop, because the proactor loop cannot watch zmq's descriptors.

    Raises OSError: no descriptor, thread or zmq socket is left.
    """

    def __init__(
        self, info: ConnectionInfo, receiver: Receiver, identity: bytes | None = None, replies: bool = True
    ) -> None:
        self.turn_to(receiver)
        self._info = info
        self._signer = Signer(info.key, info.signature_scheme)
        self._loop = asyncio.get_running_loop()
        self._sockets: dict[Channel, zmq.Socket[bytes]] = {}
        self._again = False  # another turn is scheduled
        self._late: set[Channel] = set()  # to be drained after iopub
        self._begun: dict[Channel, list[bytes]] = {}  # frames of partly read messages
        self._rest: asyncio.TimerHandle | None = None  # while it is set, iopub is not read
        self._monitors: dict[Channel, zmq.Socket[bytes]] = {}
        self._pulse: Pulse | None = None
        self.met = asyncio.Event()
        self.may_ask = asyncio.Event()  # the kernel's stdin has completed its handshake
        self.gets_replies = asyncio.Event()
        self._takes_over = identity is not None
        self.identity = identity or b"kb-" + uuid.uuid4().bytes
        self._shared: Shared | None = Shared.join()
        try:
            self._open("iopub")
            if replies:
                self.open_replies()
            self._open("control")
            address = info.address("hb")
            heart = self._shared.heart_for(address)
            self._pulse = Pulse(
                heart, address, lambda socket: prepare(socket, info), self.met, lambda beat: self._beat(beat)
            )
        except zmq.ZMQError as error:  # not an OSError, although it has an errno
            self.close()
            raise OSError(error.errno, os.strerror(error.errno or 0)) from None
        except BaseException:
            self.close()
            raise

    def turn_to(self, receiver: Receiver) -> None:
        """Call this receiver from now on."""
        self._deliver = receiver.deliver
        self._flush = receiver.flush
        self._beat = receiver.beat

    def open_replies(self) -> None:
        """Open shell and stdin, if they are not open. Raises OSError."""
        for channel in REPLIES:
            if channel not in self._sockets:
                self._open(channel)

    def _open(self, channel: Channel) -> None:
        assert self._shared is not None
        info = self._info
        socket = self._shared.context.socket(zmq.SUB if channel == "iopub" else zmq.DEALER)
        self._sockets[channel] = socket
        socket.rcvhwm = 0  # both must be set before connect
        socket.sndhwm = 0
        prepare(socket, info)
        socket.reconnect_ivl = RECONNECT_MS
        if channel == "iopub":
            socket.subscribe(b"")
        elif channel in REPLIES:
            socket.identity = self.identity
            if channel == "stdin":
                self._watch(channel, self.may_ask)
            elif self._takes_over:
                self._watch(channel, self.gets_replies)
        socket.connect(info.address(channel))
        self._loop.add_reader(socket.fileno(), self._readable, channel)
        self._look_again(socket)

    def _watch(self, channel: Channel, shaken_hands: asyncio.Event) -> None:
        monitor = self._sockets[channel].get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self._monitors[channel] = monitor
        self._loop.add_reader(monitor.fileno(), self._hear_monitor, channel, shaken_hands)
        self._hear_monitor(channel, shaken_hands)

    def _hear_monitor(self, channel: Channel, shaken_hands: asyncio.Event) -> None:
        try:
            while True:
                event = parse_monitor_message(self._monitors[channel].recv_multipart(zmq.NOBLOCK))
                if event["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                    shaken_hands.set()
                    self._unwatch(channel)
                    return
        except zmq.Again:
            return

    def _unwatch(self, channel: Channel) -> None:
        monitor = self._monitors.pop(channel, None)
        if monitor is not None:
            self._loop.remove_reader(monitor.fileno())
            self._sockets[channel].disable_monitor()
            monitor.close(0)

    def empty(self) -> None:
        """Deliver everything that has arrived, for at most EMPTY_S."""
        end = perf_counter() + EMPTY_S
        for channel in ("iopub", "stdin", "shell", "control"):
            self._empty(channel, end)
        self._flush()

    def send(self, channel: Channel, parts: Parts) -> None:
        """Send at once. Never blocks: the queue is unbounded."""
        socket = self._sockets[channel]
        frames = self._signer.frames(parts)
        for frame in frames[:-1]:
            socket.send(frame, MORE)
        socket.send(frames[-1], int(zmq.NOBLOCK))
        self._look_again(socket)

    def _look_again(self, socket: "zmq.Socket[bytes]") -> None:
        if int(socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN:
            self._late.update(channel for channel, s in self._sockets.items() if s is socket)
            self._schedule()

    def _schedule(self) -> None:
        if not self._again:
            self._again = True
            self._loop.call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._again = False
        self.drain()

    def _readable(self, channel: Channel) -> None:
        self._late.add(channel)
        self.drain()

    def drain(self) -> None:
        """Read what has arrived, for at most TURN_S; the loop's next turn reads the rest.

        iopub is read before shell and stdin, so that output arrives before the reply or prompt that follows
        it.
        """
        if not self._sockets:
            return
        end = perf_counter() + TURN_S
        if "control" in self._late:
            self._empty("control", end)
        if self._empty("iopub", end):
            for channel in ("stdin", "shell"):
                if channel in self._late:
                    self._empty(channel, end)
        flooded = self._flush()
        if self._late:
            self._schedule()
        elif flooded and self._rest is None and self._sockets:
            # A flooding kernel delivers few messages per wake-up, and waking up costs more than reading them.
            self._loop.remove_reader(self._sockets["iopub"].fileno())
            self._rest = self._loop.call_later(FLOOD_REST_S, self._end_rest)

    def _end_rest(self) -> None:
        self._rest = None
        self._loop.add_reader(self._sockets["iopub"].fileno(), self._readable, "iopub")
        self._readable("iopub")

    def _empty(self, channel: Channel, end: float) -> bool:
        """Drain one socket; False: time ran out."""
        while channel in self._sockets:  # delivering a message may close the socket
            frames, emptied = self._read(channel)
            whole = emptied or not self._sockets[channel].getsockopt(zmq.RCVMORE)
            messages, self._begun[channel] = split(frames, whole, 1 if channel == "iopub" else 0)
            del frames  # release each message as soon as it is delivered: it may be large
            messages.reverse()
            while messages:
                parts = self._signer.parts(messages.pop())
                if parts is not None:
                    self._deliver(channel, parts)
                del parts
            if emptied:
                self._late.discard(channel)
                return True
            if perf_counter() > end:
                self._late.add(channel)
                return False
        return False

    def _read(self, channel: Channel) -> tuple[list[bytes], bool]:
        """The frames that have arrived, and whether these are all.

        Asking zmq after each frame whether the message ends there, as recv_multipart does, takes several
        times as long as reading the frame. Messages are therefore split at their delimiters.
        """
        receive = self._sockets[channel].recv
        frames = self._begun.pop(channel, [])
        end = perf_counter() + READ_S
        try:
            while True:
                for _ in range(READ_FRAMES):
                    frames.append(receive(zmq.NOBLOCK))
                if perf_counter() > end:
                    return frames, False
        except zmq.Again:  # zmq delivers whole messages, so the last one is complete
            return frames, True

    def close(self, linger_ms: int = 0) -> None:
        """Close the sockets. Unsent messages have `linger_ms` to leave.

        The last connection to close waits for them.
        """
        shared, self._shared = self._shared, None
        if shared is None:
            return
        for channel in REPLIES:
            self._unwatch(channel)
        if self._pulse is not None:
            self._pulse.close()
        if self._rest is not None:
            self._rest.cancel()
        sockets, self._sockets = self._sockets, {}
        self._late.clear()
        for socket in sockets.values():
            self._loop.remove_reader(socket.fileno())
            socket.close(linger_ms)
        shared.leave()


def prepare(socket: "zmq.Socket[bytes]", info: ConnectionInfo) -> None:
    """Set the options for the next connect: the address family, and the keys if it is encrypted."""
    socket.ipv6 = info.ip.startswith("[")
    socket.curve_server = False  # forget the previous connection's keys
    if info.curve_publickey and info.curve_secretkey:
        socket.curve_serverkey = socket.curve_publickey = info.curve_publickey
        socket.curve_secretkey = info.curve_secretkey
