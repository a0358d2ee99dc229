"""jupyter_client's AsyncKernelClient in its own process; executes the orders of clients.Peer."""

import asyncio
import sys
from time import perf_counter

from jupyter_client.asynchronous.client import AsyncKernelClient

from tests.benchmarks.orders import Ran, serve


async def _connected(connection_file: str) -> AsyncKernelClient:
    client = AsyncKernelClient()
    client.load_connection_file(connection_file)
    client.start_channels(stdin=False, hb=False)
    await client.wait_for_ready(timeout=60)
    return client


async def _run(client: AsyncKernelClient, code: str) -> Ran:
    sent_at = perf_counter()
    message_id = client.execute(code)
    ran = Ran()
    while True:
        message = await client.get_iopub_msg()
        if message["parent_header"].get("msg_id") != message_id:
            continue
        ran.messages += 1
        if message["msg_type"] == "stream" and ran.first_s is None:
            ran.first_s = perf_counter() - sent_at
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            break
    while (await client.get_shell_msg())["parent_header"].get("msg_id") != message_id:
        pass
    ran.seconds = perf_counter() - sent_at
    return ran


if __name__ == "__main__":
    with asyncio.Runner() as runner:
        connected = runner.run(_connected(sys.argv[1]))
        serve(lambda codes: [runner.run(_run(connected, code)) for code in codes])
