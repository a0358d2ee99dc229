"""A kernel session: the states and epochs of a followed kernel, and the requests it accepts.

A session owns the conversation with the kernel; its host owns the process and its files. It does not know
runs: everything that the kernel sends goes to its listener.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec

from ..limits import KERNEL_DESCRIPTORS, claimed_descriptors
from ..protocol.errors import KernelUnreachable, NotOurs
from ..protocol.objects import KernelState
from ..runs.events import Aside, Event, Json
from .batch import Heard
from .channels import Channels
from .conversation import Conversation
from .failures import not_runnable, unreachable
from .finished import finished
from .greeting import REACH_S, Greeting, meet_new
from .held import Held
from .hints import advice_for_oserror
from .host import Host
from .messages import KernelInfo, kernel_info
from .quirks import supports
from .requests import Requests
from .transport import Beat, Connect

log = logging.getLogger(__name__)

LAST_WORDS_S = 0.02  # time for a transport's thread to hand over the last messages of a dead kernel


class Listener(Protocol):
    """Follows the kernel. Called on the event loop."""

    def received(self, batch: list[tuple[str | None, Event]]) -> None:
        """Events of executions in order of arrival, each with its parent's message id."""

    def aside(self, message: Aside) -> None:
        """A comm message or debug event. `received` has had every event that the kernel sent before it."""

    def changed(self) -> None:
        """The session's state, reason, epoch or info changed."""


class KernelSession(Requests):
    """One kernel on any host: `start` it, or `attach` to it."""

    def __init__(self, host: Host, *, listener: Listener, ready_timeout: float = 60.0) -> None:
        super().__init__(host)
        self._listener = listener
        self._ready_timeout_s = ready_timeout
        self._held: Held | None = None  # between `listen` and `continue_`
        self._order = asyncio.Lock()  # serialises start, restart, shutdown and detach
        self._unwanted = asyncio.Event()  # a shutdown was requested while it starts
        self._burial: asyncio.Task[None] | None = None
        self._settling: asyncio.Task[None] | None = None  # it was busy when we attached
        self._deaf = False  # it does not understand us

    # starting

    async def start(self) -> None:
        """Start the kernel and wait until it is ready. Cancellation ends the half-started kernel.

        Raises KernelLaunchFailed, KernelNotReady.
        """
        async with self._order:
            await self._start(KERNEL_DESCRIPTORS)

    async def _start(self, descriptors: int) -> None:
        """`descriptors`: how many must be free."""
        try:
            try:
                with claimed_descriptors(descriptors):
                    channels = self._connect(await self.host.start())
            except (OSError, ModuleNotFoundError) as error:
                raise not_runnable(self.spec, self.host.cwd, error) from None
            self._know(await meet_new(channels, self.host, self._unwanted, self._ready_timeout_s))
            self._follow("idle")
            self.host.became_ready()
            if self.host.keep_alive:
                self._note_link(channels)
        except BaseException as error:
            why = str(error) if isinstance(error, Exception) else "its start was cancelled"
            await finished(self._abandon(why))
            raise

    def _connect(self, connect: Connect) -> Channels:
        self._channels = Channels(
            connect,
            self._hear,
            self._listener.aside,
            self._turned,
            self._beat,
            self.host.catch_up,
        )
        return self._channels

    async def attach(self) -> None:
        """Follow a running kernel, even a busy one, without waiting for it. Raises KernelUnreachable."""
        async with self._order:
            try:
                await self._attach()
            except BaseException as error:
                self._give_up(error)
                raise

    async def _attach(self) -> None:
        with self._reaching():
            channels = self._connect(await self.host.reach())
        channels.listen()
        greeting = Greeting(channels, self._read_info)
        try:
            free = await greeting.meet()
        except TimeoutError:
            raise self._unreachable(f"it did not answer within {REACH_S:g} s") from None
        self._follow("busy" if not free or channels.executing else "idle")
        if not free:
            self._settle(greeting)

    def _settle(self, greeting: Greeting) -> None:
        settling = greeting.settle(self._set_deaf, lambda: self.quirks.answers_busy)
        self._settling = asyncio.create_task(settling, name=f"attaching kernel {self.id}")

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            with claimed_descriptors(KERNEL_DESCRIPTORS):
                yield
        except OSError as error:
            raise self._unreachable(f"{error.strerror}; {advice_for_oserror(error)}") from None

    def _unreachable(self, why: str) -> KernelUnreachable:
        return unreachable(self.id, self.host.connection_file, self.host.pid, why)

    def _give_up(self, error: BaseException) -> None:
        self._disconnect("it was not reached")
        self.host.close()
        self._set("dead", str(error) or "attaching was cancelled")

    def _follow(self, state: KernelState) -> None:
        """Contact is made: from now on the process determines the state."""
        self._set(state)
        if self._channels is not None:
            self.host.hear_children(self._channels.take_child_text)
        if self.host.exited is not None:
            self.host.exited.add_done_callback(self._exited)

    def _read_info(self, content: Json) -> None:
        """Handle a kernel_info_reply of a running kernel."""
        self._learn(kernel_info(content))

    def _learn(self, info: KernelInfo) -> None:
        if info == self.info:
            return
        self._know(info)
        language = info.language_info.get("name")
        if not self.spec.language and isinstance(language, str):
            self.spec = msgspec.structs.replace(self.spec, language=language)
        if self.state != "starting":
            self._understood()
            self._listener.changed()

    def _know(self, info: KernelInfo) -> None:
        self.info = info
        self.supports = supports(info.implementation, info.supported_features)

    async def _abandon(self, why: str) -> None:
        await self.host.kill()
        await self._bury(why)

    # receiving

    def _hear(self, batch: Heard) -> None:
        self._understood()
        self._listener.received(batch)

    def _turned(self, busy: bool) -> None:
        if self.state in ("idle", "busy"):
            self._set("busy" if busy else "idle")

    def _beat(self, beat: Beat) -> None:
        """The heartbeat changed. It detects a stopped process; one that ended is detected by its exit."""
        if beat == "gone":
            self.host.gone()
        elif self._deaf or self._order.locked():  # it is starting or ending, and the heartbeat lags behind
            return
        elif beat == "alive" and self.state == "unreachable" and self._channels is not None:
            self._set("busy" if self._channels.executing else "idle")
        elif beat == "silent" and self.state in ("idle", "busy"):
            self._set("unreachable", "its heartbeat has stopped; the process is suspended, or hangs")

    def _set_deaf(self) -> None:
        self._deaf = True
        self._set(
            "unreachable",
            "it is running but answers neither on shell nor on control; the key in its connection file is "
            "wrong, or the kernel is busy",
        )

    def _understood(self) -> None:
        if self._deaf:
            self._deaf = False
            self._beat("alive")

    def _set(self, state: KernelState, reason: str | None = None) -> None:
        if (state, reason) != (self.state, self.reason):
            self.state, self.reason = state, reason
            self._listener.changed()

    def _exited(self, exited: asyncio.Future[int | None]) -> None:
        """A process ended. Unless we ended it, the kernel has died."""
        if (
            exited is self.host.exited
            and self.state in ("idle", "busy", "unreachable")
            and not self._order.locked()
        ):
            self._burial = asyncio.create_task(self._die(exited), name=f"death of kernel {self.id}")

    async def _die(self, exited: asyncio.Future[int | None]) -> None:
        async with self._order:
            if exited is not self.host.exited:
                return
            await self._hear_last_words()
            await self._bury(self.host.cause_of_death())

    async def _hear_last_words(self) -> None:
        if self._channels is not None:
            self.host.catch_up()
            self._channels.drain()
            await asyncio.sleep(LAST_WORDS_S)
            self._channels.drain()

    async def _bury(self, reason: str) -> None:
        """The process is gone: remove all that is left of it."""
        self._disconnect(reason)
        await self.host.clean_up()
        self._set("dead", reason)

    def _disconnect(self, why: str, linger_ms: int = 0) -> None:
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        self._deaf = False
        if self._held is not None:
            self._held.transport.close()
            self._held = None
        if self._channels is not None:
            self._channels.close(f"kernel {self.id}: {why}", linger_ms)
            self._channels = None

    # handing over (conversation.py)

    def note_messages(self) -> None:
        """Begin to hand the kernel over. Nothing may be sent to it from here on. Raises KernelDead."""
        self._connected().note_messages()

    def keep(self) -> None:
        """Continue as before `note_messages`: the taker has failed."""
        if self._channels is not None:
            self._channels.forget_messages()

    async def hear_until(self, first: str | None) -> None:
        """Follow the kernel until we have had the first message that the taker has. Raises KernelDead."""
        await self._connected().hear_until(first, self.hands_over)

    def part(self) -> Conversation:
        """Hand the kernel over: process what has arrived, and follow it no longer. Raises KernelDead.

        The process and its files are left alone; nothing is passed on after this call.
        """
        conversation = self._connected().part(self.info)
        self._disconnect("it was handed over")
        self.host.leave()
        return conversation

    def given(self) -> None:
        """The process that was to take the kernel has it."""
        self.host.given()
        self._listener.changed()  # its host's origin

    async def listen(self, identity: bytes | None, replies: bool) -> str | None:
        """Hear a running kernel that another process follows, and hold its messages until `continue_`.

        With `replies` (only if it hands over), those to that identity, and prompts, come here too. Returns
        the id of the first message on iopub that is held; None: iopub is silent. Raises KernelUnreachable.
        """
        async with self._order:
            try:
                with self._reaching():
                    self._held = Held(await self.host.reach(), identity, replies)
                return await self._held.join()
            except BaseException as error:
                self._give_up(error)
                raise

    def held_numbers(self) -> list[tuple[str, int]]:
        """Id and number of each message that is held, if the kernel's messages are numbered."""
        return list(self._held.numbers()) if self._held is not None else []

    def continue_(self, conversation: Conversation, takes: bool = True) -> bool:
        """Follow the kernel from now on, as the process did that has parted from it or was killed.

        Without `takes`, beside the process that it belongs to.

        `received` gets what was held, without what that process has had. Returns whether something may have
        been missed; then the state becomes idle once the kernel is free. Raises KernelUnreachable.
        """
        held, self._held = self._held, None
        assert held is not None
        with self._reaching():
            channels = self._connect(held.turn_to)
            held.transport.open_replies()
        if conversation.info is not None:
            self._learn(conversation.info)
        if takes:
            self.host.take()
            self._note_link(channels)
        channels.continue_(conversation, held)
        unsettled = conversation.cut or held.silent or "" in conversation.executing
        self._follow("busy" if channels.executing or unsettled else "idle")
        self._beat(held.last_beat)
        if unsettled:
            self._settle(Greeting(channels, self._read_info))
        return unsettled

    def _note_link(self, channels: Channels) -> None:
        """Note what the next process needs to follow the kernel in our place."""
        identity = channels.identity.hex() if self.hands_over else None
        self.host.note(identity=identity, session=channels.session)

    # ending

    async def restart(self) -> None:
        """Start a new process under the same id, even if the kernel is dead, and increment `epoch`.

        A living kernel keeps its connection file and ports. Raises NotOurs: another program started it.
        KernelDead: it is no longer followed. KernelLaunchFailed, KernelNotReady: it is dead now, and can be
        restarted again.
        """
        if not self.host.restartable:
            raise NotOurs(
                f"kernel {self.id} ({self.spec.display_name}) was started by another program, and only that "
                "can restart it; restart it there and attach again, or start a kernel here"
            )
        async with self._order:
            if self.state == "dead":
                self._unwanted.clear()
                self._set("restarting")
                descriptors = KERNEL_DESCRIPTORS
            else:
                self._connected().mute()
                self._set("restarting")
                await self._end_to_restart()
                descriptors = 0  # it reuses those of the previous process
            self.host.epoch += 1
            await self._start(descriptors)

    async def _end_to_restart(self) -> None:
        try:
            await self.host.end(lambda: self._ask_to_end(restart=True), restart=True)
        except OSError as error:
            await finished(self._abandon(str(error)))
            raise not_runnable(self.spec, self.host.cwd, error) from None
        except BaseException:
            await finished(self._abandon("its restart was cancelled"))
            raise
        self._disconnect("it was restarted")

    def _ask_to_end(self, restart: bool) -> None:
        if self._channels is not None:
            self._channels.send("control", "shutdown_request", {"restart": restart})

    async def shutdown(self) -> None:
        """End the kernel, first by request, and remove its files. Does nothing if it is dead.

        Follows the Jupyter messaging specification, "Kernel shutdown".
        """
        self._unwanted.set()
        async with self._order:
            if self.state == "dead":
                return
            if self._channels is not None:
                self._channels.mute()
            await self.host.end(lambda: self._ask_to_end(restart=False), restart=False)
            await self._bury("it was shut down")

    async def take_leave(self, reason: str) -> None:
        """Wait for the end of a kernel that ends itself, and hear what it still says; then it is dead.

        It is also asked to end: the payload ask_exit may leave that to the client.
        """
        async with self._order:
            if self.state != "dead":
                await self.host.end(lambda: self._ask_to_end(restart=False), restart=False)
                await self._hear_last_words()
                await self._bury(reason)

    async def detach(self) -> None:
        """Stop following the kernel and leave it running; its connection file is kept."""
        async with self._order:
            self.host.detach()
            if self._channels is not None:
                self._channels.end_subshell()
            self._disconnect("it was detached", linger_ms=200)
        self._listener.changed()  # its host's origin

    def close(self) -> None:
        """Close sockets and descriptors at once; the process is left to the keeper."""
        self._disconnect("the bridge ends")
        self.host.close()
