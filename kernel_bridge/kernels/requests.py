"""What can be asked of one kernel while it is followed."""

from collections.abc import Callable
from typing import Literal

from ..protocol.errors import KernelDead
from ..protocol.objects import KernelState
from ..runs.events import Json
from .channels import Channels
from .host import Host
from .messages import KernelInfo
from .quirks import Quirks, quirks_of

SUBSHELLS = "kernel subshells"  # in the supported_features of a kernel_info_reply


class Requests:
    """The requests of a kernel session."""

    def __init__(self, host: Host) -> None:
        self.id = host.kernel_id
        self.spec = host.spec
        self.host = host
        self.state: KernelState = "starting"
        self.reason: str | None = None
        self.info: KernelInfo | None = None
        self.supports: list[str] | None = None
        self._channels: Channels | None = None

    @property
    def quirks(self) -> Quirks:
        return quirks_of(self.info.implementation if self.info is not None else None)

    @property
    def identity(self) -> bytes | None:
        """Where the kernel sends replies and prompts, for the next process that follows it."""
        return self._channels.identity if self._channels is not None else None

    @property
    def hands_over(self) -> bool:
        """Whether a taker with our identity gets replies and prompts (see quirks)."""
        return self.quirks.hands_over

    @property
    def heard(self) -> int | None:
        """The number of the last iopub message that `received` has had.

        None: this kernel's messages are not numbered.
        """
        return self._channels.heard if self._channels is not None else None

    def _connected(self) -> Channels:
        if self._channels is None:
            raise KernelDead(
                f"kernel {self.id} ({self.spec.display_name}) is {self.state}: {self.reason or ''}"
            )
        return self._channels

    def execute(
        self, code: str, *, message_id: str, silent: bool, store_history: bool, allow_stdin: bool,
        stop_on_error: bool,
    ) -> None:  # fmt: skip
        """Send an execute_request with that message id at once. Raises KernelDead.

        Follows the Jupyter messaging specification, "Execute".
        """
        self._connected().execute(
            code,
            message_id,
            silent=silent,
            store_history=store_history,
            allow_stdin=allow_stdin,
            stop_on_error=stop_on_error,
        )

    def answer_input(self, value: str) -> None:
        """Answer the open input_request; does nothing without one."""
        if self._channels is not None:
            self._channels.answer_input(value)

    @property
    def flooded(self) -> bool:
        """Whether output is arriving as a flood, or was until just now."""
        return self._channels is not None and self._channels.flooded

    @property
    def lost(self) -> int:
        """How many messages of the kernel were lost since `take_lost`."""
        return 0 if self._channels is None else self._channels.lost

    def take_lost(self) -> int:
        """How many messages of the kernel were lost since the last call."""
        return 0 if self._channels is None else self._channels.take_lost()

    async def request(
        self, message_type: str, content: Json, *, channel: Literal["shell", "control"] = "shell",
        timeout: float | None = None, sent: Callable[[str], None] = lambda message_id: None,
    ) -> Json:  # fmt: skip
        """The content of the reply to a request; `timeout` in seconds. `sent` receives its message id.

        Raises TimeoutError; KernelDead: the kernel is dead, or ends or restarts before it replies.
        """
        return await self._connected().request(message_type, content, channel, timeout, sent=sent)

    async def request_beside(self, message_type: str, content: Json, timeout: float) -> Json | None:
        """Like `request`, but answered by a subshell (JEP 91) while the kernel executes. None: not supported.

        `timeout` in seconds applies to each step. Raises TimeoutError, KernelDead.
        """
        if SUBSHELLS not in (self.supports or ()):
            return None
        return await self._connected().request_beside(message_type, content, timeout)

    async def interrupt(self) -> None:
        """Interrupt the running code, by a signal to the process group or by message. Raises KernelDead.

        Follows the Jupyter messaging specification, "Kernel interrupt".
        """
        channels = self._connected()
        channels.interrupting()
        by_signal = (self.quirks.interrupt_mode or self.spec.interrupt_mode) == "signal"
        if by_signal and await self.host.interrupt():
            if self.quirks.wake_after_signal:
                channels.send("shell", "kernel_info_request", {})
        else:
            channels.send("control", "interrupt_request", {})

    def nudge(self) -> None:
        """Nudge a kernel that has replied but gone quiet on iopub (ipykernel; see quirks)."""
        if self.quirks.wake_after_reply and self._channels is not None:
            self._channels.send("control", "kernel_info_request", {})
