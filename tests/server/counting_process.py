"""The server, which on SIGUSR1 writes a count of its objects to stderr, as a line of JSON.

Run as `python -m tests.server.counting_process`.
"""

from kernel_bridge.guard import claim_stdio

stdin_fd, stdout_fd = claim_stdio()

import asyncio  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402

from kernel_bridge.server.lifecycle import Server  # noqa: E402


async def serve() -> int:
    server = Server(stdin_fd, stdout_fd)

    def tell() -> None:
        held = {
            "tasks": len(asyncio.all_tasks()),
            "requests": len(server.connection.in_flight),
            "descriptors": len(os.listdir("/proc/self/fd")),
        }
        print(json.dumps(held), file=sys.stderr, flush=True)

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell)
    return await server.serve()


sys.exit(asyncio.run(serve()))
