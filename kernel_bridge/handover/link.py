"""A connection between a bridge and the recorder: JSON over a unix socket, each message after its length."""

import asyncio
from typing import TypeVar

from ..history.records import decode, encode
from .messages import AnyMessage, Message

LENGTH_BYTES = 8
LARGEST_BYTES = 1 << 32

M = TypeVar("M", bound=Message)


class Broken(ConnectionError):
    """The other side has closed the connection, does not answer, or says something unexpected."""


class Link:
    """One side of the connection. After an error it is useless: close it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, socket: str) -> "Link":
        """Connect to the recorder that listens there. Raises OSError."""
        return cls(*await asyncio.open_unix_connection(socket))

    async def send(self, message: Message) -> None:
        """Raises Broken."""
        data = encode(message)
        try:
            self._writer.write(len(data).to_bytes(LENGTH_BYTES, "big"))
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise Broken(str(error)) from None

    async def receive(self, within_s: float | None) -> AnyMessage:
        """The next message. Raises Broken, also if none arrives `within_s`."""
        try:
            async with asyncio.timeout(within_s):
                length = int.from_bytes(await self._reader.readexactly(LENGTH_BYTES), "big")
                if length > LARGEST_BYTES:
                    raise Broken(f"a message of {length} bytes")
                data = await self._reader.readexactly(length)
        except (OSError, EOFError, TimeoutError) as error:
            raise Broken(f"no message: {error or type(error).__name__}") from None
        try:
            return decode(data, AnyMessage)  # type: ignore[arg-type]
        except ValueError as error:
            raise Broken(f"a message that cannot be read: {error}") from None

    async def expect(self, kind: type[M], within_s: float) -> M:
        """The next message, which must be of that kind. Raises Broken."""
        message = await self.receive(within_s)
        if not isinstance(message, kind):
            raise Broken(f"{type(message).__name__} instead of {kind.__name__}")
        return message

    def close(self) -> None:
        self._writer.close()
