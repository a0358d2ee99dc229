"""The LSP base protocol: bytes to message bodies and back (LSP 3.17, "Base Protocol"). Pure; knows no JSON.

The reader is lenient if that is safe: it accepts header names in any case and LF alone as a line end, and it
ignores unknown headers. A frame without a valid length ends the connection: the start of the next frame is
unknown.
"""

import re
from contextlib import suppress
from typing import cast

MAX_BODY_BYTES = 1 << 30
MAX_HEADER_BYTES = 1 << 16

# The header that nearly every client sends. Matching it as a whole more than halves the time.
_PLAIN_HEADER = re.compile(rb"Content-Length: (\d{1,9})\r\n\r\n")


class FramingError(Exception):
    """Frame boundaries can no longer be determined.

    `bodies` are the complete messages before the error in the same data.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.bodies: list[bytes] = []


class FrameReader:
    """Splits a stream into message bodies. Takes linear time, however the input is chunked."""

    def __init__(self) -> None:
        self._line = bytearray()  # an incomplete header line
        self._header_bytes = 0  # of the complete lines of this header
        self._length: int | None = None  # Content-Length of this header
        self._body = bytearray()  # of a chunked message: full size, or empty if memory is too small
        self._taken: int | None = None  # bytes of the body received; None: not a chunked message
        self._missing: int | None = None  # bytes of the body still missing; None: in a header

    @property
    def partial(self) -> bool:
        """Whether a frame has begun and is incomplete."""
        return self._missing is not None or self._header_bytes > 0 or len(self._line) > 0

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that `data` completes, in order; b"" for one that does not fit in memory.

        Raises FramingError: Content-Length is missing, malformed or over 1 GiB, or a header is over 64 KiB.
        """
        bodies: list[bytes] = []
        position = 0
        try:
            while position < len(data):
                if self._missing is not None:
                    part = data[position : position + self._missing]
                    position += len(part)
                    self._take_body(part, bodies)
                    continue
                if (
                    not self._header_bytes
                    and not self._line
                    and (plain := _PLAIN_HEADER.match(data, position))
                ):
                    position = plain.end()
                    self._begin_body(int(plain[1]), bodies)
                    continue
                newline = data.find(b"\n", position)
                if newline < 0:
                    self._line += data[position:]
                    self._check_header(len(self._line))
                    break
                line = data[position:newline]
                position = newline + 1
                if self._line:
                    line = bytes(self._line) + line
                    self._line.clear()
                self._check_header(len(line))
                self._header_bytes += len(line) + 1
                if line in (b"\r", b""):
                    self._end_header(bodies)
                else:
                    self._take_header(line)
        except FramingError as error:
            error.bodies = bodies
            raise
        return bodies

    def _check_header(self, more: int) -> None:
        if self._header_bytes + more > MAX_HEADER_BYTES:
            raise FramingError(f"a message header is over {MAX_HEADER_BYTES} bytes long")

    def _take_header(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name.strip().lower() != b"content-length":
            return
        value = value.strip()
        if not value.isdigit():
            raise FramingError(f"Content-Length must be a number of bytes, not {_shown(value)}")
        digits = value.lstrip(b"0") or b"0"
        # Count the digits first: int() refuses thousands of them with a ValueError.
        if len(digits) > len(str(MAX_BODY_BYTES)) or int(digits) > MAX_BODY_BYTES:
            raise FramingError(f"Content-Length {_shown(value)} is over the limit of {MAX_BODY_BYTES} bytes")
        length = int(digits)
        if self._length not in (None, length):
            raise FramingError(f"two values of Content-Length in one header: {self._length} and {length}")
        self._length = length

    def _end_header(self, bodies: list[bytes]) -> None:
        if self._length is None:
            raise FramingError("a message header has no Content-Length")
        self._header_bytes = 0
        length, self._length = self._length, None
        self._begin_body(length, bodies)

    def _begin_body(self, length: int, bodies: list[bytes]) -> None:
        self._missing = length
        if not length:
            self._take_body(b"", bodies)

    def _take_body(self, part: bytes, bodies: list[bytes]) -> None:
        assert self._missing is not None
        if self._taken is None and len(part) == self._missing:
            self._missing = None
            bodies.append(part)
            return
        if self._taken is None:
            self._taken = 0
            with suppress(MemoryError):  # skip this message; the next one may fit
                self._body = bytearray(self._missing)
        if self._body:
            self._body[self._taken : self._taken + len(part)] = part
        self._taken += len(part)
        self._missing -= len(part)
        if not self._missing:
            bodies.append(cast(bytes, self._body))  # a copy would double the memory of a large message
            self._body = bytearray()
            self._taken = self._missing = None


def header(length: int) -> bytes:
    """The header of a body of `length` bytes."""
    return b"Content-Length: %d\r\n\r\n" % length


def frame(body: bytes) -> bytes:
    """A body with its header."""
    return header(len(body)) + body


def _shown(value: bytes) -> str:
    return repr(value[:40].decode("ascii", "backslashreplace"))
