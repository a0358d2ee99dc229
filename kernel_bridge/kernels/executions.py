"""What a kernel executes, for any client, as its statuses and replies tell."""

from typing import Self, TypedDict

from .conversation import Conversation

EXECUTES_NOTHING = frozenset(
    f"{name}_request"
    for name in [
        "kernel_info",
        "complete",
        "inspect",
        "is_complete",
        "history",
        "comm_info",
        "connect",
        "interrupt",
        "shutdown",
        "debug",
        "create_subshell",
        "delete_subshell",
        "list_subshell",
        "usage",
    ]
)


class State(TypedDict):
    executing: list[str]
    answered: list[str]
    ours: list[str]
    newest: str | None


class Executions:
    """Each is known by the message id of its request."""

    def __init__(self) -> None:
        self.running: set[str] = set()  # the kernel is busy with them
        self.answered: set[str] = set()  # those of them that have had their reply
        self.ours: set[str] = set()  # our own that have not become idle
        self.newest: str | None = None
        self._presumed: set[str] = set()  # those of the running whose idle may have been missed

    @classmethod
    def continued(cls, conversation: Conversation) -> Self:
        """As another process has seen them."""
        own = cls()
        own.running = set(conversation.executing)
        own.answered = set(conversation.answered)
        own.ours = set(conversation.ours)
        own.newest = conversation.newest
        return own

    def state(self) -> State:
        """Fields of a Conversation."""
        return {
            "executing": sorted(self.running),
            "answered": sorted(self.answered),
            "ours": sorted(self.ours),
            "newest": self.newest,
        }

    def sent(self, request: str) -> None:
        """We have sent an execute_request."""
        self.newest = request
        self.ours.add(request)

    def began(self, request: str, other: bool) -> None:
        """The kernel is busy with it. `other`: another client's."""
        self.running -= self.answered  # whose idle was lost
        self.ours -= self.answered
        self.answered.clear()
        self.running.add(request)
        if other:
            self.newest = request

    def ended(self, request: str) -> None:
        """The kernel is idle again."""
        for some in (self.running, self.answered, self.ours):
            some.discard(request)

    def presume(self) -> None:
        """Assume that the kernel executes something whose start was missed."""
        self.running.add("")
        self._presumed = set(self.running)

    @property
    def known(self) -> bool:
        """Whether the kernel is busy with a request whose id is known."""
        return any(self.running)

    def confirm_known(self) -> None:
        """Nothing runs whose start was missed."""
        self.running.discard("")

    def confirm_idle(self) -> bool:
        """The kernel is free, so what ran at the call of `presume` is over. True: now nothing runs."""
        over = self.running & self._presumed
        self._presumed = set()
        self.running -= over
        return bool(over) and not self.running
