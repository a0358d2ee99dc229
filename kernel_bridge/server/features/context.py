"""Everything that the handlers of a session may read and call. Nothing is added to it later."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..client import Client
from ..configuration import Configuration
from ..outbox import Outbox
from ..peer import Peer
from ..session_files import SessionFiles
from ..trace import EditorLog
from .lists import Lists
from .messages import Messages
from .progress import Progress
from .prompts import Prompts

if TYPE_CHECKING:  # slow to import, and not needed to answer `initialize`
    from ...bridge.application import Bridge
    from ...bridge.kernel import FollowedKernel
    from ..documents import Documents
    from ..snapshot import Snapshot
    from .results import Result, Results


@dataclass(frozen=True, slots=True)
class Context:
    """One session with an editor."""

    peer: Peer
    client: Client
    configuration: Configuration
    log: EditorLog
    outbox: Outbox
    files: SessionFiles
    documents: "Documents"
    bridge: "Bridge"
    execute: Callable[[str, Any], Any]  # (command, argument) -> its result, or a coroutine
    results: "Results"
    prompts: Prompts
    progress: Progress
    messages: Messages
    lists: Lists

    def wants(self, setting: str) -> bool:
        """Whether a feature is on for this client; `setting` is its name in `features`."""
        return self.client.wants(getattr(self.configuration.features, setting))

    @property
    def hints_shown(self) -> bool:
        """Whether results appear as inlay hints after the code."""
        return self.client.hints_shown(self.configuration.features)

    def kernel_of(self, document: "Snapshot", line: int) -> "FollowedKernel | None":
        """The kernel that a document is bound to for the code on a line, alive or dead."""
        language = document.language_at(line)
        return self.bridge.kernels.get(
            self.bridge.bindings.of(self.documents.owner(document.uri), language) or ""
        )

    def marks(self, result: "Result") -> list[str]:
        """Why a result may be outdated: its lines were edited, or its kernel ended or was restarted."""
        run, kernel = result.run, self.bridge.kernels.get(result.run.kernel_id)
        marks = ["edited"] if result.stale else []
        if kernel is not None and run.state in ("ok", "error"):
            if not kernel.alive:
                marks.append("kernel ended")
            elif kernel.session.host.epoch != run.epoch:
                marks.append("before restart")
        return marks
