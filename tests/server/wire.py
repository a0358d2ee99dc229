"""JSON-RPC for tests: bodies in frames, errors, and pending requests."""

import asyncio
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


class ResponseError(Exception):
    """The server's JSON-RPC error."""

    def __init__(self, error: Json) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.error = error
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: Json = error.get("data") or {}

    @property
    def kind(self) -> str | None:
        return self.data.get("kind")


@dataclass(frozen=True)
class Call:
    """A pending request; await it for its result."""

    id: int
    answer: asyncio.Future[Any]

    def __await__(self) -> Generator[Any, None, Any]:
        return self.answer.__await__()


async def read_frame(stream: asyncio.StreamReader) -> bytes | None:
    """The body of the next message; None at the end. Raises AssertionError for any other byte."""
    header = await stream.readline()
    if not header:
        return None
    assert header.startswith(b"Content-Length: "), f"stray bytes on the server's stdout: {header!r}"
    length = int(header.removeprefix(b"Content-Length: "))
    while (line := await stream.readline()) != b"\r\n":
        assert line.startswith(b"Content-Type: "), f"stray bytes on the server's stdout: {line!r}"
    return await stream.readexactly(length)
