"""Inquiries: requests to a kernel that run no code (is_complete, complete, inspect)."""

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..protocol.errors import KernelDead

if TYPE_CHECKING:  # a handler is imported before a bridge is
    from ..runs.queue import Place
    from ..source.region import Region
    from .kernel import FollowedKernel

log = logging.getLogger(__name__)

IS_COMPLETE_S = 1.0  # how long a free kernel may take for is_complete_request
ANSWER_S = 10.0  # how long an idle kernel may take to answer; jedi's first answer takes seconds
BESIDE_S = 2.0  # the limit for a busy kernel, which answers on another thread


async def first_complete(
    kernel: "FollowedKernel", candidates: "Iterable[Region]", place: "Place"
) -> "Region | None":
    """The first candidate that the kernel does not report as incomplete, or else the first of all.

    Sends is_complete_request (Jupyter messaging specification, "Code completeness"). Waits until `place` is
    next and the kernel is free, since it would answer no sooner. Returns None if the place was dropped.
    Raises KernelDead.
    """
    shortest = None
    for candidate in candidates:
        shortest = shortest or candidate
        while (
            kernel.alive
            and not place.dropped
            and not (kernel.queue.is_next(place) and kernel.session.state == "idle")
        ):
            await kernel.activity.next()
        if place.dropped:
            return None
        content = {"code": candidate.source}
        try:
            reply = await kernel.session.request("is_complete_request", content, timeout=IS_COMPLETE_S)
        except TimeoutError:  # the kernel does not know the request
            break
        if reply.get("status") != "incomplete":
            return candidate
    return shortest


async def ask_now(
    kernel: "FollowedKernel", message_type: str, content: dict[str, Any]
) -> dict[str, Any] | None:
    """The reply to a complete_request or inspect_request; None if the kernel cannot answer now.

    Follows the Jupyter messaging specification, "Completion" and "Introspection". A busy kernel is asked only
    if it can answer on another thread.
    """
    async with kernel.inquiry_lock:
        if kernel.session.state not in ("idle", "busy"):
            return None
        try:
            if kernel.session.state == "busy" or kernel.queue.running is not None:
                return await kernel.session.request_beside(message_type, content, BESIDE_S)
            return await _ask_idle(kernel, message_type, content)
        except (TimeoutError, KernelDead) as error:
            log.debug("kernel %s: no answer to a %s: %s", kernel.id, message_type, error)
            return None


async def _ask_idle(
    kernel: "FollowedKernel", message_type: str, content: dict[str, Any]
) -> dict[str, Any] | None:
    """The reply; None if another client made the kernel busy first."""
    asking = asyncio.ensure_future(kernel.session.request(message_type, content, timeout=ANSWER_S))
    try:
        while not asking.done() and kernel.session.state == "idle":
            change = asyncio.ensure_future(kernel.activity.next())
            await asyncio.wait([asking, change], return_when=asyncio.FIRST_COMPLETED)
            change.cancel()
        return await asking if asking.done() else None
    finally:
        asking.cancel()
