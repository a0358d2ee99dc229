"""Reads message bodies from stdin and writes them to stdout, without ever blocking the event loop.

Knows frames but not their content. Pipes, sockets and terminals are polled; a thread reads and writes
descriptors that cannot be polled (regular files, and everything on Windows).
"""

import asyncio
import logging
import os
import stat
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import islice

from .frames import FrameReader, FramingError, header

log = logging.getLogger(__name__)

READ_BYTES = 1 << 16  # the capacity of a pipe
WRITE_BYTES = 1 << 20  # the most bytes that one turn of the loop writes
WRITE_PARTS = 64  # the most buffers in one writev
JOIN_BYTES = 1 << 14  # up to this size, copying a body after its header is cheaper than a second buffer
SLICE_S = 0.002  # how long to handle messages before yielding to the loop


class StdinReader:
    """Calls `on_frame(body)` for each message of `fd`, in order, then `on_end(error)` once.

    The error is None at a clean end of file, otherwise the FramingError or OSError that ended the stream.
    Reading pauses while messages wait to be handled.
    """

    def __init__(
        self,
        fd: int,
        on_frame: Callable[[bytes], None],
        on_end: Callable[[FramingError | OSError | None], None],
    ) -> None:
        self._fd = fd
        self._on_frame = on_frame
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._frames = FrameReader()
        self._bodies: deque[bytes] = deque()
        self._pollable = _is_pollable(fd)
        self._polling = False
        self._read_on = threading.Semaphore(0)  # lets the reading thread, if any, continue
        self._ended = False
        self._error: FramingError | OSError | None = None
        self._closed = False

    def start(self) -> None:
        if self._pollable:
            self._poll()
        else:
            threading.Thread(target=self._read_all, name="stdin", daemon=True).start()

    def close(self) -> None:
        """Stop calling back; `fd` stays open."""
        self._closed = True
        self._stop_polling()
        self._read_on.release()

    def _poll(self) -> None:
        self._polling = True
        self._loop.add_reader(self._fd, self._readable)

    def _stop_polling(self) -> None:
        if self._polling:
            self._polling = False
            self._loop.remove_reader(self._fd)

    def _readable(self) -> None:
        # One read after each poll never blocks, so fd does not need O_NONBLOCK, which others would share.
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._received(error)
        else:
            self._received(data)

    def _read_all(self) -> None:
        """Read in a thread, one chunk at a time, each after all messages of the previous one are handled."""
        while not self._closed:
            try:
                data: bytes | OSError = os.read(self._fd, READ_BYTES)
            except OSError as error:
                data = error
            try:
                self._loop.call_soon_threadsafe(self._received, data)
            except RuntimeError:  # the loop is closed
                return
            self._read_on.acquire()

    def _received(self, data: bytes | OSError) -> None:
        if isinstance(data, OSError):
            self._end(data)
        elif data:
            try:
                self._bodies += self._frames.feed(data)
            except FramingError as error:
                self._bodies += error.bodies
                self._end(error)
        elif self._frames.partial:
            self._end(FramingError("the input ended in the middle of a message"))
        else:
            self._end(None)
        self._handle()

    def _end(self, error: FramingError | OSError | None) -> None:
        self._ended = True
        self._error = error

    def _handle(self) -> None:
        until = self._loop.time() + SLICE_S
        while self._bodies and not self._closed:
            try:
                self._on_frame(self._bodies.popleft())
            except Exception:
                log.exception("a message could not be handled")
            if self._bodies and self._loop.time() >= until:
                self._stop_polling()
                self._loop.call_soon(self._handle)
                return
        if self._closed:
            return
        if self._ended:
            self.close()
            self._on_end(self._error)
        elif not self._pollable:
            self._read_on.release()
        elif not self._polling:
            self._poll()


class StdoutWriter:
    """Writes messages to `fd` in order. Messages wait here until the editor reads them.

    The messages of one turn of the loop are written together at its end: each write may wake the editor's
    process, which is the largest cost.

    `backlog` is the number of waiting bytes. `on_written` is called whenever some of them have been written.
    `on_broken` is called once, when the other end is gone; later messages are dropped. `write` itself calls
    neither.
    """

    def __init__(self, fd: int) -> None:
        self.backlog = 0
        self.on_written: Callable[[], None] | None = None
        self.on_broken: Callable[[OSError], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._thread_id = threading.get_ident()
        self._parts: deque[memoryview] = deque()
        self._scheduled = False  # flush will be called at the end of this turn of the loop
        self._waiting = False  # until fd is writable again, or the thread has written
        self._idle = asyncio.Event()  # set while nothing is waiting
        self._idle.set()
        self._open = True
        self._pollable = _is_pollable(fd)
        own = _reopened(fd) if self._pollable else None
        self._owned = own is not None
        self._fd = fd if own is None else own
        self._set_nonblocking = self._pollable and os.get_blocking(self._fd)
        if self._set_nonblocking:
            os.set_blocking(self._fd, False)

    def write(self, body: bytes) -> None:
        """Send one message. Never blocks, and does not copy a large body.

        Raises RuntimeError: called from a thread other than the loop's.
        """
        if threading.get_ident() != self._thread_id:
            raise RuntimeError("only the loop's thread may write to the editor")
        if not self._open:
            return
        head = header(len(body))
        self.backlog += len(head) + len(body)
        if len(body) <= JOIN_BYTES:
            self._parts.append(memoryview(head + body))
        else:
            self._parts += (memoryview(head), memoryview(body))
        if not self._waiting and not self._scheduled:
            self._scheduled = True
            self._idle.clear()
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write as much as fd accepts now. Call this before slow work, which would delay the write."""
        self._scheduled = False
        if self._parts and not self._waiting:
            self._write()

    async def drain(self, timeout_s: float) -> bool:
        """Wait until everything is written. False: the timeout has passed, or the other end is gone."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return self._open

    def close(self) -> None:
        """Drop the waiting messages; `fd` stays open, in its original blocking mode."""
        if not self._open:
            return
        self._open = False
        if self._waiting and self._pollable:
            self._loop.remove_writer(self._fd)
        self._parts.clear()
        self.backlog = 0
        if self._owned:
            os.close(self._fd)
        elif self._set_nonblocking:
            os.set_blocking(self._fd, True)
        self._idle.set()

    def _write(self) -> None:
        """Write as much as fd accepts; the loop calls again when it accepts more."""
        if not self._pollable:
            self._start_thread()
            return
        while self._parts:
            batch = self._batch()
            try:
                written = os.writev(self._fd, batch)
            except BlockingIOError:
                written = 0
            except OSError as error:
                self._break(error)
                return
            self._consume(written)
            if written < sum(map(len, batch)):
                if not self._waiting:
                    self._waiting = True
                    self._loop.add_writer(self._fd, self._write)
                self._tell()
                return
        if self._waiting:
            self._waiting = False
            self._loop.remove_writer(self._fd)
        self._tell()

    def _tell(self) -> None:
        """Wake `drain` if everything is written, and call `on_written`."""
        if not self._parts:
            self._idle.set()
        if self.on_written is not None:
            self.on_written()

    def _batch(self) -> list[memoryview]:
        batch: list[memoryview] = []
        room = WRITE_BYTES
        for part in islice(self._parts, WRITE_PARTS):
            batch.append(part[:room])
            room -= len(part)
            if room <= 0:
                break
        return batch

    def _consume(self, written: int) -> None:
        self.backlog -= written
        while written:
            part = self._parts[0]
            if written < len(part):
                self._parts[0] = part[written:]
                return
            written -= len(part)
            self._parts.popleft()

    def _break(self, error: OSError) -> None:
        self.close()
        if self.on_broken is not None:
            self._loop.call_soon(self.on_broken, error)

    def _start_thread(self) -> None:
        self._waiting = True
        threading.Thread(target=self._write_part, args=(self._parts[0],), name="stdout", daemon=True).start()

    def _write_part(self, part: memoryview) -> None:
        """Write one buffer in a thread, then notify the loop."""
        size = len(part)
        error = None
        try:
            while part:
                part = part[os.write(self._fd, part) :]
        except OSError as os_error:
            error = os_error
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._part_written, size, error)

    def _part_written(self, size: int, error: OSError | None) -> None:
        if not self._open:
            return
        if error is not None:
            self._break(error)
            return
        self._consume(size)
        self._waiting = False
        if self._parts:
            self._start_thread()
        self._tell()


def _is_pollable(fd: int) -> bool:
    mode = os.fstat(fd).st_mode
    return sys.platform != "win32" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(fd))


def _reopened(fd: int) -> int | None:
    """A second, non-blocking descriptor of the same pipe or terminal; None: not supported here.

    O_NONBLOCK belongs to the open file description, which our stderr or the parent's terminal may share;
    their writes would then fail with EAGAIN. Linux can reopen a pipe by its name in /proc, but not a socket.
    """
    try:
        return os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
