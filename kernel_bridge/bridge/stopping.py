"""Interrupts the running run and cancels queued ones (protocol.md, "interruptKernel")."""

import asyncio
from typing import TYPE_CHECKING

from ..protocol.objects import InterruptOutcome

if TYPE_CHECKING:  # a handler is imported before a bridge is
    from ..runs.run import Run
    from .kernel import FollowedKernel

INTERRUPT_S = 5.0  # how long an interrupt may take to end the run
BEGIN_S = 0.05  # a kernel cannot be interrupted this soon after its execute_input


async def interrupt(kernel: "FollowedKernel") -> InterruptOutcome:
    """Cancel what is queued and interrupt what runs. Waits at most INTERRUPT_S for it to end."""
    kernel.cancel_waiting("the kernel was interrupted")
    return await _interrupt_running(kernel)


async def cancel(kernel: "FollowedKernel", run: "Run") -> None:
    """Cancel a queued run or interrupt a running one. Returns when it has ended, or after INTERRUPT_S."""
    if not kernel.cancel_if_waiting(run, "cancelled by the user") and run is kernel.queue.running:
        await _interrupt_running(kernel)


async def _interrupt_running(kernel: "FollowedKernel") -> InterruptOutcome:
    run = kernel.queue.running
    if run is None and kernel.session.state not in ("busy", "unreachable"):
        return "interrupted"
    try:
        async with asyncio.timeout(INTERRUPT_S):
            if run is None or await _has_begun(kernel, run):
                if run is not None:
                    run.interrupted = True
                await kernel.session.interrupt()
            while kernel.alive and (
                not run.ended if run is not None else kernel.session.state in ("busy", "unreachable")
            ):
                await kernel.activity.next()
    except TimeoutError:
        return "ignored"
    return "interrupted" if kernel.alive else "died"


async def _has_begun(kernel: "FollowedKernel", run: "Run") -> bool:
    """Wait until a run that was sent can be interrupted; False if it ends first.

    ipykernel ignores SIGINT until shortly after its busy status. A SIGINT that arrives before it executes the
    code makes it drop the request without a reply.
    """
    clock = asyncio.get_running_loop().time
    while not run.ended:
        if not run.busy:
            await kernel.activity.next()
        elif (wait_s := kernel.began_at + BEGIN_S - clock()) > 0:
            await asyncio.sleep(wait_s)
        else:
            return True
    return False
