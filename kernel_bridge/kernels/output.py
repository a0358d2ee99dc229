"""A kernel process's own stdout and stderr: their end, which explains a death, and what its children write.

Kernels publish what code prints. Their own stdout gets what they log. In ipykernel it also gets what a child
process writes to sys.stdout (`subprocess.run(..., stdout=sys.stdout)`), because sys.stdout.fileno() is the
original stdout, and a copy of what is written to descriptors 1 and 2, which ipykernel publishes itself. Only
the writer tells them apart: Linux names it for each write to a unix socket.
"""

import asyncio
import codecs
import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Protocol

from ..escapes import legible, plain
from .noise import without_noise

TAIL_BYTES = 65536
SHOWN_CHARACTERS = 4000  # of the tail, in a reason or an error
READS_AT_ONCE = 16  # of TAIL_BYTES: the process may never stop writing

_UCRED = struct.Struct("3i")  # pid, uid, gid (unix(7), SCM_CREDENTIALS)


class _End(Protocol):
    """The reading end. It does not block."""

    descriptor: int

    def read(self) -> tuple[bytes, int | None]:
        """Some output, and the id of the process that wrote it, if known. Raises BlockingIOError."""

    def close(self) -> None: ...


class _Pipe:
    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        os.set_blocking(descriptor, False)

    def read(self) -> tuple[bytes, None]:
        return os.read(self.descriptor, TAIL_BYTES), None

    def close(self) -> None:
        os.close(self.descriptor)


class _Socket:
    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self.descriptor = end.fileno()
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)

    def read(self) -> tuple[bytes, int | None]:
        data, ancillary, _, _ = self._end.recvmsg(TAIL_BYTES, socket.CMSG_SPACE(_UCRED.size))
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                return data, _UCRED.unpack(content)[0] or None  # 0: it is in another pid namespace
        return data, None

    def close(self) -> None:
        self._end.close()


class Tail:
    """The reading end of a kernel's stdout and stderr. Keeps the newest TAIL_BYTES."""

    def __init__(self, end: _End) -> None:
        self._end = end
        self._kernel: int | None = None  # process id
        self._children: Callable[[str], None] | None = None
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._open = True
        asyncio.get_running_loop().add_reader(end.descriptor, self._read)

    def hear_children(self, kernel: int, children: Callable[[str], None]) -> None:
        """Pass on what processes other than the kernel write from now on, if the system names the writer."""
        self.catch_up()
        self._kernel, self._children = kernel, children

    def _read(self) -> bool:
        """Read once; False: nothing was available."""
        if not self._open:
            return False
        try:
            chunk, writer = self._end.read()
        except BlockingIOError:
            return False
        if not chunk:
            self.close()
            return False
        self._chunks.append(chunk)
        self._size += len(chunk)
        while self._size - len(self._chunks[0]) >= TAIL_BYTES:
            self._size -= len(self._chunks.popleft())
        if self._children is not None and writer is not None and writer != self._kernel:
            self._children(self._decode(chunk))
        return True

    def catch_up(self) -> None:
        """Read what has been written so far."""
        for _ in range(READS_AT_ONCE):
            if not self._read():
                break

    def text(self) -> str:
        """The end of the output without its usual noise, beginning with a whole line if possible."""
        self.catch_up()
        text = without_noise(legible(plain(b"".join(self._chunks).decode("utf-8", "replace"))))
        if len(text) <= SHOWN_CHARACTERS:
            return text
        end = text[-SHOWN_CHARACTERS:]
        return end.partition("\n")[2] or end

    def reading_end(self) -> int | None:
        """The descriptor; None: the kernel closed its end, or reading has stopped."""
        return self._end.descriptor if self._open else None

    def close(self) -> None:
        if self._open:
            self._open = False
            asyncio.get_running_loop().remove_reader(self._end.descriptor)
            self._end.close()


def open_output(name_writers: bool) -> tuple[_End, int]:
    """The reading end for a Tail, and the writing descriptor for the process. Raises OSError."""
    if name_writers and hasattr(socket, "SO_PASSCRED"):
        reading, writing = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        return _Socket(reading), writing.detach()
    descriptor, written = os.pipe()
    return _Pipe(descriptor), written
