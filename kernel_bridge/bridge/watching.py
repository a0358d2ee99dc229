"""Watches a kernel that another process follows. Its runs are shown here, and neither executed nor stored."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from ..history.journal import Journal
from ..kernels.foreign import ForeignHost
from ..kernels.found import Found, locate
from ..kernels.records import Keeping, read_record
from ..kernels.session import KernelSession
from ..protocol.errors import BridgeError
from ..runs.live import LiveOutputs
from .kernel import FollowedKernel
from .meeting import meet

if TYPE_CHECKING:
    from .application import Bridge

READ_S = 0.05  # between two looks at a kernel that restarts


async def watch(bridge: "Bridge", found: Found, journal: Journal | None) -> FollowedKernel:
    """Follow a kernel for the clients of `bridge`. `journal` has the outputs so far of what runs.

    Raises KernelUnreachable.
    """
    kernel = FollowedKernel(
        bridge.observers,
        lambda: None,
        Keeping(),
        lambda _: (LiveOutputs, bridge.settings.output_budget),
        lambda listener: KernelSession(_host(found), listener=listener),
    )
    await meet(kernel, journal)
    bridge.kernels[kernel.id] = kernel
    kernel.publish()
    return kernel


async def restarted(found: Found) -> Found | None:
    """The kernel once its next process listens, if a kernel-bridge restarts it; None: it has ended.

    The record names the next launch before the process of this one ends.
    """
    before, path = found.record, str(found.path)
    while before is not None:
        record = await asyncio.to_thread(read_record, found.kernel_id, path)
        if record is None or record.launch == before.launch:
            return None
        if record.pid is not None:
            with contextlib.suppress(BridgeError):  # it does not listen yet, or has just ended
                again = await asyncio.to_thread(locate, path)
                await again.reach()
                return again
        await asyncio.sleep(READ_S)
    return None


def _host(found: Found) -> ForeignHost:
    """A host that leaves the kernel's process, files and record alone."""
    host = ForeignHost(found)
    if found.record is not None:
        host.epoch, host.cwd, host.pid = found.record.epoch, found.record.cwd, found.record.pid
        host.owner = found.record.present_owner
    return host
