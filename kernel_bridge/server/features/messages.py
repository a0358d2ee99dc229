"""Messages (`window/showMessage`) about runs and kernels, for editors that do not show them otherwise."""

from typing import TYPE_CHECKING

from ...protocol.errors import Remedy
from ...protocol.objects import InterruptOutcome, Kernel, Run
from ..client import Client
from ..configuration import Configuration
from ..peer import ERROR, INFO, WARNING, Peer
from ..remedies import ACTIONS
from .summary import summary

if TYPE_CHECKING:
    from ...bridge.application import Bridge

NO_INPUT = (
    "the code asked for input, and this editor cannot ask you for it; set kernel-bridge.features.input to "
    "answer with a code action, run the file in a terminal with `kernel-bridge run`, or read the value from "
    "a variable or a file"
)


class Messages:
    """The messages of one session; the setting `features.messages` turns them on or off."""

    def __init__(self, peer: Peer, client: Client, configuration: Configuration, bridge: "Bridge") -> None:
        self._peer = peer
        self._client = client
        self._configuration = configuration
        self._bridge = bridge
        self._states: dict[str, str] = {}  # kernel id -> last known state
        self._asked_for: set[str] = set()  # ids of runs that code actions and lenses started

    @property
    def _wanted(self) -> bool:
        return self._client.wants(self._configuration.features.messages)

    def kernel_changed(self, kernel: Kernel) -> None:
        """Report a kernel that died. It is still bound to its documents, unlike one that was shut down."""
        before, self._states[kernel.id] = self._states.get(kernel.id), kernel.state
        if kernel.state != "dead" or before not in ("idle", "busy", "unreachable") or not self._wanted:
            return
        if not self._peer.closing and self._bridge.bindings.documents_of(kernel.id):
            reason = f": {kernel.reason}" if kernel.reason else " (no reason reported)"
            self._show(ERROR, f"{kernel.display_name} has died{reason}")

    def asked_for(self, runs: list[Run]) -> None:
        """Note that the user started these runs, and is waiting for their results."""
        self._asked_for.update(run.id for run in runs)

    def run_ended(self, run: Run) -> None:
        asked_for = run.id in self._asked_for
        self._asked_for.discard(run.id)
        if not self._wanted:
            return
        if run.error is not None and run.error.ename == "StdinNotImplementedError":
            self._show(WARNING, NO_INPUT)
        elif asked_for and not self._client.hints_shown(self._configuration.features):
            found = self._bridge.find_run(run.id)
            if found is not None:
                self._show(INFO if run.state == "ok" else ERROR, summary(found[1], []))

    def interrupted(self, outcome: InterruptOutcome) -> None:
        if outcome == "ignored":
            self._show(WARNING, "the kernel ignored the interrupt; restart it if the code does not stop")
        elif outcome == "died":
            self._show(ERROR, f"the interrupt killed the kernel; {ACTIONS[Remedy.RESTART_KERNEL]}")

    def ready(self, kernel: Kernel) -> None:
        """Report that a kernel the user requested is ready, unless the client shows progress instead."""
        if self._wanted and not self._client.progress:
            self._show(INFO, f"{kernel.display_name} is {kernel.state}")

    def _show(self, level: int, message: str) -> None:
        self._peer.show(level, message)
