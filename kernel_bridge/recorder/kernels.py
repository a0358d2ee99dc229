"""The kernels of the recorder: taken from bridges, given back, revived after a kill, ended when idle."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from ..bridge.changed import Changed
from ..bridge.handing import give, take
from ..bridge.kernel import FollowedKernel
from ..bridge.observer import Observers, Silent
from ..bridge.reviving import revive
from ..bridge.summary import READ
from ..handover.link import Link
from ..handover.messages import NotHere, Offer, Offered
from ..history.journal import Journal
from ..kernels.found import Found, locate
from ..kernels.keeper import Keeper
from ..kernels.records import Keeping
from ..kernels.running import host_of
from ..kernels.session import KernelSession
from ..protocol.errors import BridgeError
from ..protocol.objects import Kernel
from ..protocol.settings import Settings
from ..runs.live import LiveOutputs
from .brief import Brief

log = logging.getLogger(__name__)


class Kernels:
    """All followed kernels, by id."""

    def __init__(self) -> None:
        self.followed: dict[str, FollowedKernel] = {}
        self.changed = Changed()
        self._observers = Observers()
        self._observers.add(_Patient(self._kernel_changed))
        self._keeper = _Unguarded()
        self._journals: dict[str, Journal] = {}  # by path
        self._largest: dict[str, int] = {}  # their limits in bytes, by path
        self._turn = asyncio.Lock()  # one hand-over at a time
        self._ends: dict[str, asyncio.TimerHandle] = {}  # of idle kernels
        self._tasks: set[asyncio.Task[None]] = set()

    def listed(self) -> list[Kernel]:
        """Each kernel as listKernels shows it."""
        return [_listed(kernel) for kernel in self.followed.values()]

    # hand-over

    async def take(self, link: Link, offer: Offer) -> None:
        """Take kernels from a bridge. Raises Broken."""
        async with self._turn:
            for kernel in await take(link, offer, self._make_offered, self._journal):
                self._follow(kernel)

    async def give(self, link: Link, kernel_id: str) -> None:
        """Give a kernel to a bridge, with those whose runs follow its runs. Raises Broken."""
        async with self._turn:
            if kernel_id not in self.followed:
                await link.send(NotHere())
                return
            for kernel in await give(link, linked(self.followed, kernel_id), reclaims=True):
                await self._forget(kernel)

    async def revive(self, kernel_ids: Iterable[str]) -> None:
        """Follow kernels whose bridge was killed."""
        async with self._turn:
            for kernel_id in kernel_ids:
                if kernel_id in self.followed:
                    continue
                try:
                    found = await asyncio.to_thread(locate, None, kernel_id)
                    if found.record is None or not found.record.is_deserted:
                        continue
                    kernel = self._make(found, found.record.keeping, found.record.documents)
                    revived = await revive(kernel, self._journal)
                except (BridgeError, OSError) as error:
                    log.info("kernel %s has ended, or cannot be revived: %s", kernel_id, error)
                else:
                    if revived:
                        self._follow(kernel)

    async def _make_offered(self, offered: Offered) -> FollowedKernel | None:
        if offered.kernel_id in self.followed:
            return None
        found = await asyncio.to_thread(locate, offered.connection_file)
        return self._make(found, offered.keeping, offered.documents)

    def _make(self, found: Found, keeping: Keeping, documents: list[str]) -> FollowedKernel:
        host = host_of(found, self._keeper, None)
        if keeping.history is not None:
            self._largest[keeping.history] = keeping.history_bytes
            journal = self._journal(keeping.history)
            keeping = replace(keeping, journal=journal.id if journal is not None else None)
        kernel = FollowedKernel(
            self._observers,
            lambda: self._journal(keeping.history),
            keeping,
            lambda kept: (Brief, READ) if kept else (LiveOutputs, keeping.output_budget),
            lambda listener: KernelSession(host, listener=listener),
        )
        kernel.recorded, kernel.documents = True, documents
        kernel.runs.most_bytes = keeping.output_budget
        return kernel

    def _journal(self, file: str | None) -> Journal | None:
        if file is None:
            return None
        if file not in self._journals:
            largest_bytes = self._largest.get(file, Settings().history.max_bytes)
            with suppress(RuntimeError):  # no thread can be started
                self._journals[file] = Journal.open(Path(file), largest_bytes, log.warning, self._lost)
        return self._journals.get(file)

    def _lost(self, run_id: str, missing_bytes: int) -> None:
        """The history lost output of a run."""
        for kernel in self.followed.values():
            if run := kernel.runs.get(run_id):
                run.missing_bytes = missing_bytes

    # each kernel

    def _follow(self, kernel: FollowedKernel) -> None:
        self.followed[kernel.id] = kernel
        kernel.publish()
        self._kernel_changed(kernel.to_wire())

    def _kernel_changed(self, kernel: Kernel) -> None:
        if kernel.id not in self.followed:
            return
        if end := self._ends.pop(kernel.id, None):
            end.cancel()
        followed = self.followed[kernel.id]
        if kernel.state == "dead" or (followed.session.host.pid is None and not followed.runs.open()):
            self._begin(self._forget(followed))
        elif kernel.state == "idle" and (idle_s := followed.keeping.keep_alive_idle):
            end = asyncio.get_running_loop().call_later(idle_s, self._end_idle, followed)
            self._ends[kernel.id] = end
        self.changed.notify()

    def _end_idle(self, kernel: FollowedKernel) -> None:
        log.info(
            "kernel %s has been idle for %g s and is shut down", kernel.id, kernel.keeping.keep_alive_idle
        )
        self._begin(kernel.shutdown())

    def _begin(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forget(self, kernel: FollowedKernel) -> None:
        """Follow the kernel no more: it is dead, or somebody else does."""
        if self.followed.pop(kernel.id, None) is None:
            return
        if end := self._ends.pop(kernel.id, None):
            end.cancel()
        if kernel.alive:
            await kernel.detach()
        await kernel.close()
        self.changed.notify()

    async def close(self) -> None:
        """Leave all kernels as they are, for the next bridge to revive."""
        for kernel in self.followed.values():
            kernel.session.close()
            await kernel.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._keeper.close()
        for journal in self._journals.values():
            await journal.close()


def linked(kernels: Mapping[str, FollowedKernel], kernel_id: str) -> list[FollowedKernel]:
    """A kernel, and those whose open runs follow its runs or are followed by them (`Run.after`)."""
    found, left = {kernel_id}, set(kernels)
    pairs = {
        frozenset((run.kernel_id, run.after.kernel_id))
        for kernel in kernels.values()
        for run in kernel.runs.open()
        if run.after is not None and not run.after.ended
    }
    while more := set().union(*(pair for pair in pairs if pair & found)) - found:
        found |= more
    return [kernels[id] for id in found & left]


class _Unguarded(Keeper):
    """Without keepers: if the recorder is killed, the next bridge revives its kernels."""

    def guard(self, *_: object, **__: object) -> None:
        pass


def _listed(kernel: FollowedKernel) -> Kernel:
    listed = replace(kernel.to_wire(), origin="found")
    if asked := kernel.prompts.opened():
        prompt = asked[1].prompt.strip()
        listed.reason = f"waits for input: {prompt}" if prompt else "waits for input"
    return listed


class _Patient(Silent):
    """Lets input() wait until a bridge with a user takes the kernel back."""

    def __init__(self, changed: Callable[[Kernel], None]) -> None:
        self._changed = changed

    def kernel_changed(self, kernel: Kernel) -> None:
        self._changed(kernel)

    @property
    def can_ask(self) -> bool:
        return True

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        await asyncio.Event().wait()
        return None
