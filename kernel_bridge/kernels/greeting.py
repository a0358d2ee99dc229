"""Meeting a kernel that runs already: at once, also when it is busy, or does not understand us."""

import asyncio
from collections.abc import Callable

from ..protocol.errors import KernelDead
from ..runs.events import Json
from .channels import Channels

REACH_S = 3.0  # how long a kernel may take to answer at all
MET_ONLY_S = 0.5  # after its zmq has, how long shell and control may: some answer on neither when busy
SHELL_S = 0.1  # after control has answered: a kernel that is not busy answers on shell as fast
DEAF_S = 10.0  # a kernel that is there and answers nothing for so long does not understand us


class Greeting:
    """Asks a kernel for its kernel_info, on control, and on shell, where it answers only when it is free.

    `learn` gets each answer's content.
    """

    def __init__(self, channels: Channels, learn: Callable[[Json], None]) -> None:
        self._channels = channels
        self._learn = learn
        self._control, self._shell = (
            asyncio.ensure_future(channels.request("kernel_info_request", {}, channel, None))
            for channel in ("control", "shell")
        )

    async def meet(self) -> bool:
        """Whether it is free; if not, `settle` comes next. Raises TimeoutError, after REACH_S."""
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
            self._channels.presume_busy()
            if control.done():
                self._learn(control.result())
            return False
        except BaseException:
            self.close()
            raise
        finally:
            met.cancel()

    async def settle(self, deaf: Callable[[], None]) -> None:
        """Wait for its answers until it is free; `deaf` is called if none comes within DEAF_S."""
        answers = [self._control, self._shell]
        try:
            done, _ = await asyncio.wait(answers, timeout=DEAF_S, return_when=asyncio.FIRST_COMPLETED)
            if not done and not self._channels.spoke:
                deaf()
            done, _ = await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
            self._learn(done.pop().result())
            self._learn(await self._shell)
            await self._channels.join()
            self._channels.rested()
        except KernelDead:
            pass  # the conversation has ended, and the session knows why
        finally:
            self.close()

    def close(self) -> None:
        """Wait for no answer any more."""
        self._control.cancel()
        self._shell.cancel()
