"""A kernel that is followed: its states, its epochs, and what can be asked of it.

A session owns the kernel's process, the conversation with it, and its files. It knows nothing of runs: what
the kernel says goes to its listener.
"""

import asyncio
import logging
import signal
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..limits import KERNEL_DESCRIPTORS, claimed_descriptors
from ..protocol.errors import KernelDead, KernelLaunchFailed
from ..protocol.objects import KernelSpec, KernelState
from ..runs.events import Aside, Event, Json
from .failures import ended_at_start, no_command, not_ready, not_runnable, with_output
from .finished import finished
from .keeper import Keeper
from .quirks import Quirks, quirks_of, supports
from .records import Record, record_path, update_record, write_record
from .traces import launch_of

if TYPE_CHECKING:  # zmq and jupyter_client are slow to import: only when a kernel is started
    from .channels import Channels, Heard
    from .launch import Launcher
    from .messages import KernelInfo
    from .process import KernelProcess
    from .transport import Beat

log = logging.getLogger(__name__)

SHUTDOWN_S = (2.0, 1.0, 2.0)  # after shutdown_request, after SIGTERM, after SIGKILL
AT_ONCE_S = (0.0, 0.0, 2.0)
SUBSHELLS = "kernel subshells"  # of a kernel_info_reply's supported_features
LAST_WORDS_S = 0.02  # what zmq's own thread needs to hand over what a kernel said before it died


class Listener(Protocol):
    """Whoever follows the kernel. Called on the event loop."""

    def received(self, batch: list[tuple[str | None, Event]]) -> None:
        """What the kernel says about executions, in order of arrival, each with its parent's message id."""

    def aside(self, message: Aside) -> None:
        """A comm message or debug event. `received` has had everything that the kernel said before it."""

    def changed(self) -> None:
        """The session's state, reason, epoch or info changed."""


class KernelSession:
    """One kernel, started here. `transport` may turn out to be tcp where ipc was asked for.

    `cwd`: the kernel's folder, by default that of this process. `env` is added to this process' environment.
    """

    def __init__(
        self,
        spec: KernelSpec,
        *,
        listener: Listener,
        keeper: Keeper,
        kernel_id: str | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        extra_arguments: list[str] | None = None,
        transport: Literal["ipc", "tcp"] = "ipc",
        keep_alive: bool = False,
        ready_timeout: float = 60.0,
    ) -> None:
        self.id = kernel_id or str(uuid.uuid4())
        self.spec = spec
        self.cwd = cwd
        self.epoch = 1
        self.state: KernelState = "starting"
        self.reason: str | None = None
        self.origin: Literal["started", "attached"] = "started"
        self.keep_alive = keep_alive
        self.transport: Literal["ipc", "tcp"] = transport
        self.connection_file: str | None = None
        self.pid: int | None = None
        self.info: KernelInfo | None = None
        self.supports: list[str] | None = None
        self._listener = listener
        self._keeper = keeper
        self._env = env
        self._extra_arguments = extra_arguments or []
        self._ready_timeout_s = ready_timeout
        self._documents: list[str] = []
        self._launcher: Launcher | None = None
        self._launch_id = ""  # of the launch that the process is of
        self._process: KernelProcess | None = None
        self._channels: Channels | None = None
        self._subshell_id: str | None = None  # of the thread that answers while the kernel executes
        self._order = asyncio.Lock()  # start, restart, shutdown and detach go one after the other
        self._unwanted = asyncio.Event()  # a shutdown was asked for while it starts
        self._burial: asyncio.Task[None] | None = None

    @property
    def quirks(self) -> Quirks:
        return quirks_of(self.info.implementation if self.info is not None else None)

    # starting

    async def start(self) -> None:
        """Start it and wait until it is ready. Cancelling ends the half-started kernel.

        Raises KernelLaunchFailed, KernelNotReady.
        """
        async with self._order:
            await self._start(KERNEL_DESCRIPTORS)

    async def _start(self, descriptors: int) -> None:
        """`descriptors`: how many must be free for it."""
        try:
            try:
                with claimed_descriptors(descriptors):
                    await self._launch()
                    self._connect()
            except (OSError, ModuleNotFoundError) as error:
                raise not_runnable(self.spec, self.cwd, error) from None
            await self._become_ready()
            if self._launcher is not None and self._launcher.rewrote_connection_file():
                self._announce(self._launcher)
        except BaseException as error:
            why = str(error) if isinstance(error, Exception) else "its start was cancelled"
            await finished(self._abandon(why))
            raise

    def _new_launcher(self) -> "Launcher":
        from .launch import Launcher

        return Launcher(self.spec, self.id, self.cwd, self._env, self._extra_arguments, self.transport)

    async def _launch(self) -> None:
        if not self.spec.argv and "kernel_provisioner" not in (self.spec.metadata or {}):
            raise no_command(self.spec)
        launcher = self._launcher
        if launcher is None:
            launcher = self._launcher = await asyncio.to_thread(self._new_launcher)
        self.connection_file = launcher.connection_file
        await launcher.prepare()
        self.transport = launcher.transport
        self._announce(launcher)
        process = self._process = await launcher.launch()
        self.pid = process.pid
        self._announce(launcher)
        if process.pid is None:  # not a process on this machine, so keepers cannot end it
            self._keeper.release(launcher.launch_id, gone=True)
        process.exited.add_done_callback(lambda _: self._exited(process))

    def _announce(self, launcher: "Launcher") -> None:
        """Note the launch for later bridges, and have the keepers guard what there is of it so far."""
        process = self._process if self.pid is not None else None
        self._launch_id = launcher.launch_id
        record = Record(
            kernel_id=self.id,
            launch=launcher.launch_id,
            spec=self.spec,
            epoch=self.epoch,
            pid=self.pid,
            start_time=process.start_time if process is not None else None,
            connection_file=launcher.connection_made,
            sockets=launcher.sockets,
            cwd=self.cwd,
            env_names=sorted(self._env or {}),
            extra_arguments=self._extra_arguments,
            keep_alive=self.keep_alive,
            documents=self._documents,
        )
        try:
            launcher.record = write_record(record)
        except (OSError, ValueError) as error:  # ValueError: the name of a folder that is no UTF-8
            log.warning("kernel %s: no record for later bridges: %s", self.id, error)
        tail = process.tail if process is not None else None
        self._keeper.guard(
            launcher.traces,
            self.pid,
            record.start_time,
            tail.reading_end if tail is not None else None,
            self.keep_alive,
        )

    def _connect(self) -> None:
        from .channels import Channels
        from .zmq.connection import Connection

        assert self._launcher is not None
        connect = partial(Connection, self._launcher.connection_info())
        self._channels = Channels(connect, self._hear, self._listener.aside, self._turned, self._beat)

    async def _become_ready(self) -> None:
        assert self._channels is not None
        assert self._process is not None
        channels = self._channels
        hands = asyncio.ensure_future(channels.shake_hands())
        unwanted = asyncio.ensure_future(self._unwanted.wait())
        ends: list[asyncio.Future[Any]] = [hands, self._process.exited, unwanted]
        try:
            await asyncio.wait(ends, timeout=self._ready_timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if self._unwanted.is_set():
                raise KernelLaunchFailed(
                    f"kernel {self.spec.name!r} was shut down while it started", stderr=""
                )
            if self._process.exited.done():
                raise ended_at_start(self.spec, self.cwd, self._process)
            if not hands.done():
                raise not_ready(self.spec, self._process, self._ready_timeout_s)
            self.info = hands.result()
        finally:
            hands.cancel()
            unwanted.cancel()
        self.supports = supports(self.info.implementation, self.info.supported_features)
        self._set("idle")

    async def _abandon(self, why: str) -> None:
        if self._process is not None:
            await self._process.end(AT_ONCE_S)
        await self._bury(why)

    # hearing

    def _hear(self, batch: "Heard") -> None:
        self._listener.received(batch)

    def _turned(self, busy: bool) -> None:
        if self.state in ("idle", "busy"):
            self._set("busy" if busy else "idle")

    def _beat(self, beat: "Beat") -> None:
        """A process that has ended is seen by its exit; this is for one that was stopped."""
        if self._order.locked():  # it starts or ends, which its heartbeat says later
            return
        if beat == "alive" and self.state == "unreachable" and self._channels is not None:
            self._set("busy" if self._channels.executing else "idle")
        elif beat == "silent" and self.state in ("idle", "busy"):
            self._set("unreachable", "its heartbeat has stopped: the process was suspended, or it hangs")

    def _set(self, state: KernelState, reason: str | None = None) -> None:
        if (state, reason) != (self.state, self.reason):
            self.state, self.reason = state, reason
            self._listener.changed()

    def _exited(self, process: "KernelProcess") -> None:
        """A process ended; unless that is what we wanted, its kernel has died."""
        if (
            process is self._process
            and self.state in ("idle", "busy", "unreachable")
            and not self._order.locked()
        ):
            self._burial = asyncio.create_task(self._die(process), name=f"death of kernel {self.id}")

    async def _die(self, process: "KernelProcess") -> None:
        async with self._order:
            if process is not self._process:
                return
            if self._channels is not None:
                self._channels.drain()
                await asyncio.sleep(LAST_WORDS_S)
                self._channels.drain()
            await self._bury(self._cause_of_death(process))

    def _cause_of_death(self, process: "KernelProcess") -> str:
        if launch_of(record_path(self.id)) not in (None, self._launch_id):
            return "another kernel-bridge restarted it; it can be attached to again"
        return with_output(f"the kernel {process.describe_exit()}", process.written())

    async def _bury(self, reason: str) -> None:
        """The process is gone: leave nothing of it."""
        self._disconnect(reason)
        if self._process is not None:
            self._process.close()
            self._process = None
        if self._launcher is not None:
            await self._launcher.clean_up()
            self._launcher = None
        self._keeper.release(self._launch_id, gone=True)
        self._set("dead", reason)

    def _disconnect(self, why: str, linger_ms: int = 0) -> None:
        if self._channels is not None:
            self._channels.close(f"kernel {self.id}: {why}", linger_ms)
            self._channels = None
            self._subshell_id = None

    # asking

    def _connected(self) -> "Channels":
        if self._channels is None:
            raise KernelDead(
                f"kernel {self.id} ({self.spec.display_name}) is {self.state}: {self.reason or ''}"
            )
        return self._channels

    def execute(
        self, code: str, *, silent: bool, store_history: bool, allow_stdin: bool, stop_on_error: bool
    ) -> str:
        """Send an execute_request at once; gives its message id. Raises KernelDead."""
        return self._connected().execute(
            code,
            silent=silent,
            store_history=store_history,
            allow_stdin=allow_stdin,
            stop_on_error=stop_on_error,
        )

    def answer_input(self, value: str) -> None:
        """What was typed for the open input_request; ignored when there is none (any more)."""
        if self._channels is not None:
            self._channels.answer_input(value)

    @property
    def flooded(self) -> bool:
        """Whether very much output has come until just now."""
        return self._channels is not None and self._channels.flooded

    def take_lost(self) -> int:
        """How many messages of the kernel were lost on their way since this was asked last."""
        return 0 if self._channels is None else self._channels.take_lost()

    async def request(
        self,
        message_type: str,
        content: Json,
        *,
        channel: Literal["shell", "control"] = "shell",
        timeout: float | None = None,
    ) -> Json:
        """The content of the reply to a request; `timeout` in seconds.

        Raises TimeoutError; KernelDead, also when the kernel ends or restarts meanwhile.
        """
        return await self._connected().request(message_type, content, channel, timeout)

    async def request_beside(self, message_type: str, content: Json, timeout: float) -> Json | None:
        """As `request`, of a kernel that executes: by a subshell of its own (JEP 91). None: it can have none.

        `timeout` is for each step, in seconds. Raises TimeoutError, KernelDead.
        """
        if SUBSHELLS not in (self.supports or ()):
            return None
        channels = self._connected()
        if self._subshell_id is None:
            made = await channels.request("create_subshell_request", {}, "control", timeout)
            if not isinstance(subshell_id := made.get("subshell_id"), str):
                return None
            self._subshell_id = subshell_id
        return await channels.request(message_type, content, "shell", timeout, self._subshell_id)

    async def interrupt(self) -> None:
        """Interrupt what runs: by a signal that its children get too, or by message. Raises KernelDead."""
        channels = self._connected()
        channels.interrupting()
        if (self.quirks.interrupt_mode or self.spec.interrupt_mode) == "signal" and self._process is not None:
            await self._process.signal(signal.SIGINT)
            if self.quirks.wake_after_signal:
                channels.send("shell", "kernel_info_request", {})
        else:
            channels.send("control", "interrupt_request", {})

    def rouse(self) -> None:
        """It has replied, and says no more on iopub: wake what may sleep there."""
        if self.quirks.wake_after_reply and self._channels is not None:
            self._channels.send("control", "kernel_info_request", {})

    # ending

    @property
    def restartable(self) -> bool:
        """Whether a kernel-bridge started it."""
        return True

    async def restart(self) -> None:
        """A new process with the same id, connection file and ports; `epoch` counts it.

        Raises KernelDead, KernelLaunchFailed, KernelNotReady.
        """
        async with self._order:
            channels = self._connected()
            channels.mute()
            self._set("restarting")
            before = self._launch_id
            try:
                if self._launcher is None:  # of another bridge
                    self._launcher = await asyncio.to_thread(self._new_launcher)
                self._launcher.renew()  # who sees the old process end shall leave the files alone
                self.pid = None
                self._announce(self._launcher)
                await self._end_process(restart=True)
            except OSError as error:
                await finished(self._abandon(str(error)))
                raise not_runnable(self.spec, self.cwd, error) from None
            except BaseException:
                await finished(self._abandon("its restart was cancelled"))
                raise
            finally:
                self._keeper.release(before, gone=True)
            self._disconnect("it was restarted")
            if self._process is not None:
                self._process.close()
                self._process = None
            self.epoch += 1
            await self._start(0)  # it takes those of the process before

    async def shutdown(self) -> None:
        """End it, politely first, and leave nothing of it. Nothing happens when it is dead."""
        self._unwanted.set()
        async with self._order:
            if self.state == "dead":
                return
            if self._channels is not None:
                self._channels.mute()
            await self._end_process(restart=False)
            await self._bury("it was shut down")

    async def _end_process(self, restart: bool) -> None:
        if self._process is None or self._process.exited.done():
            return
        if self._channels is not None:
            self._channels.send("control", "shutdown_request", {"restart": restart})
        if self._launcher is not None:
            await self._launcher.shutdown_requested(restart)
        await self._process.end(SHUTDOWN_S)

    def remember(self, documents: list[str]) -> None:
        """Note the uris of the documents bound to it, for the bridge that attaches to it next."""
        self._documents = documents
        if self.connection_file is not None:
            update_record(self.id, self.connection_file, documents=documents)

    async def detach(self) -> None:
        """Follow it no more; it goes on, also after this process has ended, and its connection file stays."""
        async with self._order:
            if self._launcher is not None:  # else another bridge watches over it, and what it noted holds
                self.keep_alive = True
                update_record(self.id, self._launcher.connection_file, keep_alive=True)
            if self._channels is not None and self._subshell_id is not None:
                self._channels.send("control", "delete_subshell_request", {"subshell_id": self._subshell_id})
            self._disconnect("it was detached", linger_ms=200)
            self._keeper.release(self._launch_id, gone=False)
            if self._process is not None:
                self._process.let_go()
                self._process = None
            self._launcher = None

    def close(self) -> None:
        """Let go of the sockets and descriptors at once; the process is left to the keeper."""
        self._disconnect("the bridge ends")
        if self._process is not None:
            self._process.close()
            self._process = None
