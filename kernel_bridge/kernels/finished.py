"""Work that runs to its end even if the task that awaits it is cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`. A cancellation, or several, takes effect when the work has ended.

    With `asyncio.shield` alone the caller returns at the first cancellation while the work still runs.
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
            task.exception()  # retrieved, or asyncio complains; the caller gets the cancellation
        raise cancelled
    return task.result()
