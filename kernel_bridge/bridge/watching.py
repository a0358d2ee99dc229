"""Watches a kernel that another process follows. Its runs are shown here, and neither executed nor stored."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from ..history.journal import Journal
from ..kernels.foreign import ForeignHost
from ..kernels.found import Found, locate
from ..kernels.process import Adopted, KernelProcess
from ..kernels.records import Keeping, read_record
from ..kernels.session import KernelSession
from ..kernels.transport import Connect
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
        lambda listener: KernelSession(_Watched(found), listener=listener),
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


class _Watched(ForeignHost):
    """Leaves the kernel's process, files and record alone, but notices when its process ends.

    The heartbeat may not tell: the next process of a kernel that is restarted listens at the same address.
    """

    def __init__(self, found: Found) -> None:
        super().__init__(found)
        self._process: KernelProcess | None = None
        if (record := found.record) is not None:
            self.epoch, self.cwd, self.pid = record.epoch, record.cwd, record.pid
            self.owner = record.present_owner

    async def reach(self) -> Connect:
        connect = await super().reach()
        record = self._found.record
        if record is not None and record.pid is not None and record.start_time is not None:
            self._process = KernelProcess(Adopted(record.pid, record.start_time), None)
            self._process.leave_running()
            self.exited = self._process.exited
        return connect

    def detach(self) -> None:
        self.close()
        super().detach()

    def close(self) -> None:
        if self._process is not None:
            self._process.close()
        super().close()
