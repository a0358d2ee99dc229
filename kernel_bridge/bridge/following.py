"""Makes followed kernels: launched here, taken from the recorder, revived, or met beside other processes."""

import asyncio
from collections.abc import Callable

from ..handover.messages import Offered
from ..history.journal import Journal
from ..history.records import Filter
from ..kernels.found import Found, locate
from ..kernels.host import Host
from ..kernels.keeper import Keeper, recorder_command
from ..kernels.local import LocalHost
from ..kernels.records import Keeping, Record
from ..kernels.running import host_of, when_left
from ..kernels.session import KernelSession
from ..protocol.commands import StartKernelParams
from ..protocol.errors import HistoryDisabled
from ..protocol.objects import KernelSpec, Owner
from ..protocol.settings import Settings
from ..runs.live import LiveOutputs
from .history import History
from .kernel import FollowedKernel
from .meeting import meet
from .observer import Observers
from .recording import is_recorded, take_back
from .reviving import revive


class Following:
    """Makes the followed kernels of one bridge, and has the keepers guard them for `owner`."""

    def __init__(
        self, observers: Observers, settings: Callable[[], Settings], history: History, owner: Owner
    ) -> None:
        self._observers = observers
        self._settings = settings
        self._history = history
        self._owner = owner
        self._keeper = Keeper(recorder_command())

    def launch(self, spec: KernelSpec, cwd: str, asked: StartKernelParams) -> FollowedKernel:
        """A kernel that is not started yet."""
        settings = self._settings()
        kept = settings.keep_alive if asked.keep_alive is None else asked.keep_alive
        host = LocalHost(
            spec,
            keeper=self._keeper,
            cwd=cwd,
            env=asked.env,
            extra_arguments=asked.extra_arguments or [],
            transport=asked.transport or settings.transport,
            keep_alive=kept,
            owner=self._owner,
            keeping=self._keeping(kept),
        )
        return self._new_kernel(host, asked.ready_timeout)

    async def take_back(self, found: Found, is_here: Callable[[str], bool]) -> list[FollowedKernel]:
        """Take a running kernel from the recorder, and those that its runs wait for, except those here.

        Empty: the recorder does not follow it.
        """

        async def offered(one: Offered) -> FollowedKernel | None:
            return None if is_here(one.kernel_id) else await self._offered(one)

        found = await when_left(found)
        return await take_back(found.kernel_id, offered, self._history.journal_at)

    async def _offered(self, offered: Offered) -> FollowedKernel:
        found = await asyncio.to_thread(locate, offered.connection_file)
        kernel = self._new_kernel(host_of(found, self._keeper, self._owner))
        if (
            not self._settings().history.enabled
        ):  # as in a short command: its next recorder continues as before
            kernel.keeping = offered.keeping
        kernel.documents = offered.documents
        return kernel

    async def join(self, found: Found, beside_recorder: bool) -> FollowedKernel | None:
        """Follow a running kernel that the recorder does not follow. Raises KernelUnreachable.

        None: it does so by now, and `beside_recorder` is not wanted.
        """
        if found.record is not None:  # it may be older than what the recorder has done
            found = await asyncio.to_thread(locate, str(found.path))
        record = found.record
        if record is not None and is_recorded(record) and not beside_recorder:
            return None
        kernel = self._new_kernel(host_of(found, self._keeper, self._owner))
        if record is not None and record.is_deserted:
            kernel.documents = record.documents
            if not await revive(kernel, self._history.journal_at):
                return None
        elif record is not None and (journal := await self._where_it_runs(record)) is not None:
            await meet(kernel, journal)
        else:
            await kernel.session.attach()
            if kernel.session.host.owns:
                kernel.note()
        return kernel

    async def _where_it_runs(self, record: Record) -> Journal | None:
        """The history of a kernel's runs, if it runs one for another process."""
        journal = self._history.journal_at(record.history) if record.history is not None else None
        if journal is None:
            return None
        try:
            running = await journal.history(Filter(kernel_id=record.kernel_id, states=("running",)), 1)
        except HistoryDisabled:  # the user has been warned
            return None
        return journal if running else None

    def _new_kernel(self, host: Host, ready_timeout: float | None = None) -> FollowedKernel:
        timeout_s = ready_timeout or self._settings().ready_timeout
        return FollowedKernel(
            self._observers,
            self._history.journal,
            self._keeping(host.keep_alive),
            lambda _: (LiveOutputs, self._settings().output_budget),
            lambda listener: KernelSession(host, listener=listener, ready_timeout=timeout_s),
        )

    def _keeping(self, kept: bool) -> Keeping:
        """How a recorder is to follow a kernel of this bridge. `kept`: also if this bridge is killed."""
        settings, path = self._settings(), self._history.path()
        journal = self._history.journal() if kept else None
        return Keeping(
            history=str(path) if path is not None else None,
            history_bytes=settings.history.max_bytes,
            output_budget=settings.output_budget,
            keep_alive_idle=settings.keep_alive_idle,
            journal=journal.id if journal is not None else None,
        )

    async def close(self) -> None:
        """End the keepers, unless kernels outlive this process."""
        await self._keeper.close()
