"""Lines from stdin, typed or piped, that answer a kernel's input().

A thread reads them, one at a time and only on request: only a thread can wait for a terminal, a pipe or a
file on every platform and still be abandoned. If a request is cancelled, its line answers the next one.
"""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager

from ...protocol.objects import Kernel
from ...runs.events import END_OF_INPUT


class Answers:
    """The lines of stdin."""

    def __init__(self, fd: int) -> None:
        self.is_terminal = os.isatty(fd)
        self._fd = fd
        self._buffer = b""
        self._know_end: set[str] = set()  # the ids of kernels that do not take END_OF_INPUT for text
        self._reading: asyncio.Future[str | None] | None = None

    def met(self, kernel: Kernel) -> None:
        """Learn how a kernel takes the end of stdin."""
        if kernel.implementation == "ipython":
            self._know_end.add(kernel.id)

    async def line(self, kernel_id: str = "") -> str | None:
        """The next line, without its line end, for a kernel if one asks.

        END_OF_INPUT or None: there are no more. None interrupts the kernel.
        """
        if self._reading is None:
            loop = asyncio.get_running_loop()
            self._reading = loop.create_future()
            # A daemon, because a thread that waits for the terminal must not keep the process alive.
            threading.Thread(target=self._read, args=(loop, self._reading), name="stdin", daemon=True).start()
        line = await asyncio.shield(self._reading)
        self._reading = None
        return END_OF_INPUT if line is None and kernel_id in self._know_end else line

    def hidden(self, password: bool) -> AbstractContextManager[None]:
        """A context in which a typed password is not echoed; enter it before printing the prompt."""
        return _no_echo(self._fd) if password else contextlib.nullcontext()

    def _read(self, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[str | None]") -> None:
        # Uses os.read: the waiting thread would still hold a buffered file's lock at interpreter exit.
        try:
            while b"\n" not in self._buffer and (chunk := os.read(self._fd, 65536)):
                self._buffer += chunk
        except OSError:  # the terminal is gone
            pass
        raw, end, rest = self._buffer.partition(b"\n")
        self._buffer = rest
        line = raw.removesuffix(b"\r").decode(errors="replace") if raw or end else None
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(_resolve, future, line)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end a read that blocks the event loop, whose own handlers cannot run then."""
    before = (
        (signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler)),
        (signal.SIGTERM, signal.signal(signal.SIGTERM, signal.SIG_DFL)),
    )
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _resolve(future: "asyncio.Future[str | None]", line: str | None) -> None:
    if not future.done():
        future.set_result(line)


@contextlib.contextmanager
def _no_echo(fd: int) -> Iterator[None]:
    if sys.platform == "win32" or not os.isatty(fd):
        yield
        return
    import termios

    before = termios.tcgetattr(fd)
    silent = list(before)
    silent[3] = before[3] & ~termios.ECHO
    termios.tcsetattr(fd, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
