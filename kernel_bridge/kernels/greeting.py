"""First contact with a kernel: one just started, or a running one that may be busy or not understand us."""

import asyncio
from collections.abc import Callable
from typing import Any

from ..protocol.errors import KernelDead, KernelLaunchFailed
from ..runs.events import Json
from .channels import Channels
from .failures import ended_at_start, not_ready
from .host import Host
from .messages import KernelInfo

REACH_S = 3.0  # how long a kernel may take to answer anything
MET_ONLY_S = 0.5  # time for shell and control after the handshake: some answer on neither while busy
SHELL_S = 0.1  # time for shell once control has answered: an idle kernel answers both equally fast
DEAF_S = 10.0  # a kernel that answers nothing for this long does not understand us


async def meet_new(channels: Channels, host: Host, unwanted: asyncio.Event, within_s: float) -> KernelInfo:
    """Wait until a kernel that was just started is ready.

    Raises KernelLaunchFailed: it ended, or became `unwanted`. KernelNotReady: it did not answer in time.
    """
    exited = host.exited
    assert exited is not None
    hands = asyncio.ensure_future(channels.shake_hands())
    given_up = asyncio.ensure_future(unwanted.wait())
    ends: list[asyncio.Future[Any]] = [hands, exited, given_up]
    try:
        await asyncio.wait(ends, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        if unwanted.is_set():
            raise KernelLaunchFailed(f"kernel {host.spec.name!r} was shut down while it started", stderr="")
        if exited.done():
            raise ended_at_start(host.spec, host.cwd, exited.result(), host.written())
        if not hands.done():
            raise not_ready(host.spec, host.written(), within_s)
        return hands.result()
    finally:
        hands.cancel()
        given_up.cancel()


class Greeting:
    """Asks a running kernel for its kernel_info, on control and on shell, where it answers once it is free.

    `learn` is called with the content of each reply.
    """

    def __init__(self, channels: Channels, learn: Callable[[Json], None]) -> None:
        self._channels = channels
        self._learn = learn
        self._requests: list[str] = []  # ids
        self._control, self._shell = (
            asyncio.ensure_future(
                channels.request("kernel_info_request", {}, channel, None, sent=self._requests.append)
            )
            for channel in ("control", "shell")
        )

    async def meet(self) -> bool:
        """Whether the kernel is free; if not, call `settle` next. Raises TimeoutError after REACH_S."""
        control, shell = self._control, self._shell
        met = asyncio.ensure_future(self._channels.meet())
        try:
            await asyncio.wait([control, shell, met], timeout=REACH_S, return_when=asyncio.FIRST_COMPLETED)
            if not control.done() and not shell.done():
                if not met.done():
                    raise TimeoutError
                await asyncio.wait([control, shell], timeout=MET_ONLY_S, return_when=asyncio.FIRST_COMPLETED)
            if control.done():  # not every kernel answers there
                await asyncio.wait([shell], timeout=SHELL_S)
            if shell.done():
                await self._channels.join()
                self._learn(shell.result())
                self.close()
                return True
            self._channels.presume_busy(self._requests[1])
            if control.done():
                self._learn(control.result())
            return False
        except BaseException:
            self.close()
            raise
        finally:
            met.cancel()

    async def settle(self, deaf: Callable[[], None], answers_busy: Callable[[], bool]) -> None:
        """Wait for the replies until the kernel is free. Calls `deaf` if none arrives within DEAF_S.

        `answers_busy`: whether a reply does not say that it is free.
        """
        answers = [self._control, self._shell]
        self._channels.presume_busy(self._requests[1])
        try:
            done, _ = await asyncio.wait(answers, timeout=DEAF_S, return_when=asyncio.FIRST_COMPLETED)
            if not done and not self._channels.spoke:
                deaf()
            done, _ = await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
            self._learn(done.pop().result())
            self._learn(await self._shell)
            await self._channels.join()
            if not (answers_busy() and self._channels.await_idle()):
                await self._channels.confirm_idle(self._requests[1])
        except KernelDead:
            pass  # the session knows why the conversation ended
        finally:
            self.close()

    def close(self) -> None:
        """Stop waiting for replies."""
        self._control.cancel()
        self._shell.cancel()
