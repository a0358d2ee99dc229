"""Runs work to its end even if the task that awaits it is cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`. Cancellation takes effect only after the work has ended.

    With `asyncio.shield` alone, the caller would return at the first cancellation while the work still runs.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # mark it retrieved, or asyncio logs it; the caller gets the cancellation
        raise cancelled
    return task.result()
