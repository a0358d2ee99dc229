"""The process at the other end of the tests' pipes: our connection with a few methods.

It reports events that the connection cannot carry as lines of JSON on stderr.

Run as `python -m tests.server.connection_process`.
"""

from kernel_bridge.guard import claim_stdio

stdin_fd, stdout_fd = claim_stdio()

import asyncio  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from typing import Any  # noqa: E402

import msgspec  # noqa: E402

from kernel_bridge.server.jsonrpc import Connection, Request  # noqa: E402
from kernel_bridge.server.stdio import StdinReader, StdoutWriter  # noqa: E402


def say(**what: Any) -> None:
    print(json.dumps(what), file=sys.stderr, flush=True)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Any] = loop.create_future()
    writer = StdoutWriter(stdout_fd)

    def request(request: Request) -> None:
        if request.method == "echo":
            request.respond(request.params)
        elif request.method == "flood":
            request.respond(None)
            asked = msgspec.json.decode(request.params)
            for number in range(asked["count"]):
                connection.notify("chunk", {"number": number, "text": "x" * asked["characters"]})
        elif request.method == "noise":
            request.respond(make_noise())

    def notification(method: str, _: msgspec.Raw) -> None:
        say(method=method, backlog=writer.backlog)

    connection = Connection(writer, request, notification)
    reader = StdinReader(stdin_fd, connection.receive, ended.set_result)
    stalled = False

    def written() -> None:
        nonlocal stalled
        if stalled and not writer.backlog:
            say(drained=True)
        stalled = writer.backlog > 0

    writer.on_written = written
    writer.on_broken = lambda error: say(broken=type(error).__name__)
    reader.start()
    error = await ended
    say(end=None if error is None else str(error))
    await writer.drain(30)
    writer.close()


def make_noise() -> list[str]:
    """Use fd 0 and fd 1 as libraries and child processes do: write, and read a line."""
    os.write(1, b"raw\n")
    print("printed", flush=True)
    child = "import sys; print('child'); sys.stdin.read(); sys.exit(7)"
    status = subprocess.run([sys.executable, "-c", child], check=False).returncode
    return [sys.stdin.readline(), str(status)]


if __name__ == "__main__":
    asyncio.run(serve())
