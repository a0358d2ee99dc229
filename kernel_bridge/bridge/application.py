"""The bridge: every kernel it follows, which document uses which, and every command that does not read code.

The language server and the command line both drive it. Its errors are those of protocol/errors.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from ..kernels.found import Found, locate
from ..kernels.running import find_running, kept_for, list_running
from ..protocol import objects as wire
from ..protocol.commands import AttachKernelParams, StartKernelParams
from ..protocol.errors import (
    KernelRequired,
    KernelUnreachable,
    NoSuchKernel,
    Remedy,
    Untrusted,
)
from ..protocol.objects import KernelSpec
from ..protocol.settings import Settings
from ..runs.run import Run
from ..source.languages import is_fenced, language_of_kernel, language_of_path, speaks
from . import stopping
from .addressing import addressed, only_busy
from .availability import require_alive
from .bindings import Bindings
from .choice import Specs, package_needed
from .documents import folder_of, name_of
from .following import Following
from .history import History
from .kernel import FollowedKernel
from .launching import Starts
from .observer import Observer, Observers
from .recording import record, recorded
from .session_runs import SessionRuns
from .wire import run_to_wire

log = logging.getLogger(__name__)

TAKE_ATTEMPTS = 3  # to take a kernel from the recorder, before it is followed beside it
LEAVE_S = 6.0  # time to shut down or detach from every kernel; must be less than `guard.END_S`


class Bridge:
    """The application. Clients `join` it.

    `root` is the folder that relative paths are resolved against, and the working folder for documents
    without one. `spec_named_by` maps a document's URI and a language to the kernelspec that the document
    itself names for it. `has_fences` says of a URI whether the document may have code in several languages.
    `owner` is the program that the bridge serves, by default this one. `asks_to_install` says whether it asks
    the user what to do about a project's environment without ipykernel; otherwise, the user gets a warning.
    """

    def __init__(
        self,
        settings: Settings,
        root: Path,
        spec_named_by: Callable[[str, str], str | None] = lambda *_: None,
        has_fences: Callable[[str], bool] = lambda uri: is_fenced(language_of_path(uri) or ""),
        owner: wire.Owner | None = None,
        asks_to_install: bool = False,
    ) -> None:
        self.observers = Observers()
        self.settings = settings
        self.root = root
        self.kernels: dict[str, FollowedKernel] = {}
        self._past: list[FollowedKernel] = []  # detached kernels, whose runs can still be queried
        self.bindings = Bindings(self.kernels, has_fences)
        self.specs = Specs(root, lambda: self.settings, spec_named_by, self.observers.warn, asks_to_install)
        self.starts = Starts()
        self._departures: dict[str, asyncio.Task[None]] = {}  # kernel id -> its shutdown or detachment
        self._orders: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.history = History(
            root,
            lambda: self.settings,
            self.observers.warn,
            self._not_kept,
            lambda uri, run_ids: SessionRuns(self.followed, uri, run_ids),
        )
        self._following = Following(
            self.observers,
            lambda: self.settings,
            self.history,
            owner or wire.Owner(name="kernel-bridge", pid=os.getpid()),
        )

    # clients

    def join(self, observer: Observer, budget_bytes: int | None = None) -> None:
        """Add a client. It is notified of every kernel and run before this returns, then of every change.

        Runs come with their outputs. The client is also asked for any input() that is open. `budget_bytes`
        bounds the stream text of each run (default: the setting outputBudget).
        """
        self.observers.add(observer, budget_bytes)
        for kernel in self.kernels.values():
            observer.kernel_changed(kernel.to_wire())
        for kernel in self.followed:
            for run in kernel.runs.all():
                observer.run_met(run_to_wire(run, self.observers.live(run, observer)))
            kernel.prompts.joined(observer)

    def leave(self, observer: Observer) -> None:
        """Remove a client. An input() that no other client can answer is interrupted."""
        self.observers.remove(observer)
        for kernel in self.kernels.values():
            kernel.prompts.left(observer)

    # kernels

    async def start_kernel(self, asked: StartKernelParams, language_id: str | None = None) -> FollowedKernel:
        """Start a kernel, bind it to the document if one is named, and return it once it is ready.

        Raises NoSuchKernelSpec, KernelLaunchFailed, KernelNotReady, KernelRequired, Untrusted.
        """
        self.require_trust("start a kernel")
        if asked.text_document is None:
            return await self.starts.begin(self._launch(asked, None, language_id), "start kernel").wait()
        uri = asked.text_document.uri
        use = self.bindings.use(uri, language_id)
        if use[1] and (asked.spec is not None or asked.python is not None):
            async with self.in_order(uri):  # runs that are requested meanwhile share the start
                spec = await self.specs.find(asked, uri, language_id)
                use = self.bindings.use(uri, language_of_kernel(spec.language))
                start = self.starts.begin_for(use, self._launch_spec(spec, asked, uri))
        else:
            start = self.starts.begin_for(use, self._launch(asked, uri, language_id))
        return await start.wait()

    async def _resume(self, uri: str, language_id: str) -> FollowedKernel:
        """Return the kernel that an earlier bridge kept running for the document, or start a new one."""
        _, language = self.bindings.use(uri, language_id)
        found = await asyncio.to_thread(
            kept_for, uri, lambda spec: not language or speaks(spec.language, language)
        )
        left = {kernel.id for kernel in self._past}  # detached or replaced earlier: do not attach again
        if found is not None and found.kernel_id not in self.kernels.keys() | left:
            try:
                kernel = await self._join(found)
            except (NoSuchKernel, KernelUnreachable) as error:
                log.warning("cannot attach to the kernel kept for %s: %s", uri, error)
            else:
                self.bindings.bind(uri, kernel)
                return kernel
        return await self._launch(StartKernelParams(), uri, language_id)

    async def _launch(
        self, asked: StartKernelParams, uri: str | None, language_id: str | None
    ) -> FollowedKernel:
        return await self._launch_spec(await self.specs.find(asked, uri, language_id), asked, uri)

    async def start_listed(self, spec: KernelSpec, asked: StartKernelParams) -> FollowedKernel:
        """Start a kernel from exactly this spec, even if others share its name. Raises as `start_kernel`."""
        self.require_trust("start a kernel")
        return await self._launch_spec(spec, asked, None)

    async def _launch_spec(
        self, spec: KernelSpec, asked: StartKernelParams, uri: str | None
    ) -> FollowedKernel:
        cwd = asked.cwd or self.settings.working_folder
        folder = self.root / os.path.expanduser(cwd) if cwd else folder_of(uri, self.root)
        kernel = self._following.launch(spec, str(folder), asked)
        self.kernels[kernel.id] = kernel
        kernel.publish()
        await kernel.session.start()
        kernel.note()
        require_alive(kernel)  # it may have been detached during the start
        if uri is not None:
            self.bindings.bind(uri, kernel)
        return kernel

    async def attach_kernel(self, asked: AttachKernelParams) -> FollowedKernel:
        """Attach to a running kernel, and bind it to the document if one is named.

        Raises BadConnectionFile, NoSuchKernel, KernelUnreachable, KernelDead, Untrusted.
        """
        self.require_trust("attach to a kernel")
        kernel = await self.starts.begin(self._attach(asked), "attach to a kernel").wait()
        require_alive(kernel)  # it may have been detached in the meantime
        if asked.text_document is not None:
            self.bindings.bind(asked.text_document.uri, kernel)
        return kernel

    async def _attach(self, asked: AttachKernelParams) -> FollowedKernel:
        named = self.kernels.get(asked.kernel_id or "") if asked.connection_file is None else None
        if named is not None and named.alive:
            return named
        where = (asked.connection_file, asked.kernel_id, self.settings.remote_tcp)
        try:
            found = await asyncio.to_thread(locate, *where)
            if departure := self._departures.get(found.kernel_id):
                await asyncio.wait([departure])
                found = await asyncio.to_thread(locate, *where)
            return await self._join(found)
        except (NoSuchKernel, KernelUnreachable):
            if named is not None:  # it is dead, and no other client has restarted it
                require_alive(named)
            raise

    async def _join(self, found: Found) -> FollowedKernel:
        """Return the kernel if it is followed already, otherwise attach to it."""
        async with self.in_order(found.kernel_id):
            attempts = 0  # after a kill, a recorder may be about to follow it
            while not self._follows(found.kernel_id):
                attempts += 1
                for kernel in await self._following.take_back(found, self._follows):
                    self._add(kernel)
                if not self._follows(found.kernel_id):
                    joined = await self._following.join(found, beside_recorder=attempts > TAKE_ATTEMPTS)
                    if joined is not None:
                        self._add(joined)
            return self.kernels[found.kernel_id]

    def _follows(self, kernel_id: str) -> bool:
        kernel = self.kernels.get(kernel_id)
        return kernel is not None and kernel.alive

    def _add(self, kernel: FollowedKernel) -> None:
        if before := self.kernels.get(kernel.id):
            self._past.append(before)
        self.kernels[kernel.id] = kernel
        kernel.publish()
        self.bindings.adopt(kernel)

    async def list_kernels(self) -> list[wire.Kernel]:
        """The kernels followed here, by the recorder, and those found running on this machine."""
        here = {kernel.id for kernel in self.kernels.values() if kernel.alive}
        recorded_there = [kernel for kernel in await recorded() if kernel.id not in here]
        found = recorded_there + await list_running(here | {kernel.id for kernel in recorded_there})
        again = {kernel.id for kernel in found}  # dead here, restarted by another client
        return [kernel.to_wire() for kernel in self.kernels.values() if kernel.id not in again] + found

    async def running_kernels(self) -> list[Found]:
        """The kernels that run on this machine and are not followed here. Sends them nothing."""
        return await find_running(self.kernels)

    def bind(self, uri: str, kernel_id: str | None) -> None:
        """Bind a document to a kernel; None unbinds it."""
        self.bindings.bind(uri, None if kernel_id is None else self.kernel(kernel_id, None))

    def kernel(
        self, kernel_id: str | None, uri: str | None, language_id: str | None = None
    ) -> FollowedKernel:
        """The living kernel that a command addresses.

        Raises NoSuchKernel, KernelDead; InvalidArgument: the document has several kernels.
        """
        return require_alive(addressed(self.kernels, self.bindings, kernel_id, uri, language_id))

    def kernel_to_interrupt(
        self, kernel_id: str | None, uri: str | None, language_id: str | None = None
    ) -> FollowedKernel:
        """Like `kernel`, but of several kernels of a document the one that runs code, if only one does."""
        if kernel_id is None and uri is not None:
            kernel_id = only_busy(self.kernels, self.bindings, uri)
        return self.kernel(kernel_id, uri, language_id)

    def kernel_to_restart(
        self, kernel_id: str | None, uri: str | None, language_id: str | None = None
    ) -> FollowedKernel:
        """Like `kernel`, but a dead one is returned too. Raises NoSuchKernel, InvalidArgument."""
        if kernel_id is None and uri is not None and self.bindings.of(uri, language_id) is None:
            kernel_id = self.bindings.before(uri, language_id)
        return addressed(self.kernels, self.bindings, kernel_id, uri, language_id)

    async def kernel_to_run(
        self, kernel_id: str | None, uri: str | None, language_id: str | None
    ) -> FollowedKernel:
        """The kernel for a run: the one with that id, the document's, or a new one (setting autoStart).

        Raises KernelRequired, and everything that `kernel` and `start_kernel` raise.
        """
        self.require_trust("run code")
        use = self.bindings.use(uri, language_id) if uri is not None else None
        starting = use is not None and use in self.starts
        if uri is not None and kernel_id is None and not starting:
            kernel_id = self.bindings.of(uri, language_id)
        if kernel_id is not None:
            return self.kernel(kernel_id, None)
        may_start = self.settings.auto_start or starting
        if uri is not None and use is not None and language_id is not None and may_start:
            return await self.starts.share(use, lambda: self._resume(uri, language_id)).wait()
        specs = await self.specs.list(uri, language_id)
        raise KernelRequired(
            f"no kernel to run on: {f'{name_of(uri)} has no kernel' if uri else 'no textDocument was passed'}"
            + ("" if self.settings.auto_start else ", and the setting autoStart is off"),
            specs=specs,
            package=package_needed(specs, language_id),
            remedy=Remedy.CHOOSE_KERNEL,
        )

    async def has_kernel(self, uri: str | None, language_id: str) -> bool:
        """Whether a run of a document's code in that language has a kernel, or can start one."""
        if uri is not None and self.bindings.of(uri, language_id) is not None:
            return True
        return self.settings.auto_start and await self.specs.speak(language_id)

    async def restart_kernel(self, kernel: FollowedKernel) -> None:
        """Restart a kernel, dead or alive. Documents that used it before a shutdown use it again.

        Raises NotOurs, KernelLaunchFailed, KernelNotReady, Untrusted.
        """
        self.require_trust("restart a kernel")
        if departure := self._departures.get(kernel.id):
            await asyncio.wait([departure])
        await kernel.restart()
        self.bindings.resume(kernel)

    async def shutdown_kernel(self, kernel: FollowedKernel) -> None:
        """Shut the kernel down. Cancelling the request does not stop the shutdown."""
        self.bindings.suspend(kernel)
        await self._depart(kernel.id, kernel.shutdown())

    async def detach_kernel(self, kernel: FollowedKernel) -> None:
        """Leave the kernel running, followed by the recorder. Cancelling the request does not stop this."""
        self.bindings.unbind(kernel)
        del self.kernels[kernel.id]
        self._past.append(kernel)
        await self._depart(kernel.id, self._detach(kernel))

    async def _detach(self, kernel: FollowedKernel) -> None:
        await record([kernel] if kernel.is_to_record else [])
        if not kernel.recorded:
            await kernel.detach()

    async def _depart(self, kernel_id: str, leaving: Coroutine[Any, Any, None]) -> None:
        departure = asyncio.create_task(leaving, name=f"leave kernel {kernel_id}")
        self._departures[kernel_id] = departure
        departure.add_done_callback(lambda _: self._departures.pop(kernel_id, None))
        await asyncio.shield(departure)

    def require_trust(self, what: str) -> None:
        """Raises Untrusted if the workspace is not trusted."""
        if not self.settings.trusted:
            raise Untrusted(
                f"the workspace is not trusted: refused to {what}; trust it first (setting trusted)"
            )

    # runs

    def in_order(self, of: str) -> asyncio.Lock:
        """The lock that keeps runs on one document or kernel in the order in which they were requested."""
        lock = self._orders.get(of)
        if lock is None:
            lock = self._orders[of] = asyncio.Lock()
        return lock

    @property
    def followed(self) -> list[FollowedKernel]:
        """The kernels of this session, also those that are no longer followed."""
        return [*self._past, *self.kernels.values()]

    def find_run(self, run_id: str) -> tuple[FollowedKernel, Run] | None:
        """A run of this session, with its kernel; None if the run is not from this session."""
        for kernel in self.followed[::-1]:
            if run := kernel.runs.get(run_id):
                return kernel, run
        return None

    async def cancel_run(self, run_id: str) -> wire.Run:
        """Cancel a queued run, or interrupt a running one. Return it as it is then. Raises NoSuchRun."""
        found = self.find_run(run_id)
        if found is None:
            return await self.history.get_run(run_id)
        kernel, run = found
        await stopping.cancel(kernel, run)
        return run_to_wire(run)

    async def get_run(self, run_id: str, observer: Observer | None = None) -> wire.Run:
        """A run with its outputs as `observer` has them, within its budget. Raises NoSuchRun.

        Later notifications apply to these outputs.
        """
        found = self.find_run(run_id)
        if found is None:
            return await self.history.get_run(run_id)
        return run_to_wire(found[1], self.observers.live(found[1], observer))

    def keeps(self, run_id: str) -> bool:
        """Whether the history has the run."""
        found = self.find_run(run_id)
        return self.history.has(run_id) if found is None else self.history.usable and found[1].kept

    def _not_kept(self, run_id: str, missing_bytes: int) -> None:
        """The history lost output of a run. Clients learn of it at the run's next change."""
        found = self.find_run(run_id)
        if found is not None:
            found[1].missing_bytes = missing_bytes

    # the end

    async def close(self) -> None:
        """Shut down or detach from every kernel, then close the history.

        Kernels started here are shut down, unless they are kept.
        """
        self.starts.cancel()
        try:
            async with asyncio.timeout(LEAVE_S):
                await self.starts.ended()
                kept = [kernel for kernel in self.kernels.values() if self._is_kept(kernel)]
                ending = [kernel for kernel in self.kernels.values() if kernel not in kept]
                leaving = [self._leave(kept), *map(self._end, ending)]
                await asyncio.gather(*leaving, *self._departures.values(), return_exceptions=True)
        except TimeoutError:
            log.error("some kernels did not end or detach within %g s; the keeper ends them", LEAVE_S)
        kernels = self.followed
        for kernel in kernels:
            kernel.abandon()
        await asyncio.gather(*(kernel.close() for kernel in kernels))
        await self._following.close()
        await self.history.close()

    def _is_kept(self, kernel: FollowedKernel) -> bool:
        host = kernel.session.host
        return host.origin != "started" or host.keep_alive

    async def _leave(self, kernels: list[FollowedKernel]) -> None:
        """Leave kernels to the recorder. If that fails, the keepers try again (FollowedKernel.abandon)."""
        kernels = [kernel for kernel in kernels if kernel.alive and kernel.id not in self._departures]
        try:
            await record([kernel for kernel in kernels if kernel.is_to_record])
            left = [kernel for kernel in kernels if not kernel.is_to_record and not kernel.recorded]
            await asyncio.gather(*(kernel.detach() for kernel in left))
        except Exception:
            log.exception("leaving kept kernels failed")

    async def _end(self, kernel: FollowedKernel) -> None:
        if kernel.alive and kernel.id not in self._departures:
            try:
                await kernel.shutdown()
            except Exception:
                log.exception("kernel %s: shutting down failed", kernel.id)
