"""jupyter_client's start_new_async_kernel in its own process: each line in starts and ends a kernel."""

import asyncio
import sys
from time import perf_counter

from jupyter_client.manager import start_new_async_kernel

from tests.benchmarks.orders import answer


async def _start_s() -> float:
    started = perf_counter()
    manager, client = await start_new_async_kernel(kernel_name="python3")
    seconds = perf_counter() - started
    client.stop_channels()
    await manager.shutdown_kernel(now=True)
    return seconds


if __name__ == "__main__":
    with asyncio.Runner() as runner:
        answer({})
        for _ in sys.stdin:
            answer(runner.run(_start_s()))
