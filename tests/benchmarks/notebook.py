"""nbclient in its own process with its own kernel; executes the orders of clients.Peer."""

import asyncio
from time import perf_counter

import nbformat
from nbclient import NotebookClient

from tests.benchmarks.orders import Ran, serve


async def _run(client: NotebookClient, code: str) -> Ran:
    cell = nbformat.v4.new_code_cell(code)
    client.nb["cells"] = [cell]
    sent_at = perf_counter()
    await client.async_execute_cell(cell, 0)
    seconds = perf_counter() - sent_at
    return Ran(seconds, lines=sum(output.get("text", "").count("\n") for output in cell.outputs))


async def _start(client: NotebookClient) -> None:
    client.create_kernel_manager()
    await client.async_start_new_kernel()
    await client.async_start_new_kernel_client()


if __name__ == "__main__":
    client = NotebookClient(nbformat.v4.new_notebook(), kernel_name="python3", timeout=600)
    with asyncio.Runner() as runner:
        runner.run(_start(client))
        try:
            serve(lambda codes: [runner.run(_run(client, code)) for code in codes])
        finally:
            runner.run(client._async_cleanup_kernel())
