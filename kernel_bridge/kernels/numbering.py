"""Detects lost messages of a kernel by gaps in their numbers.

jupyter_client's Session, which ipykernel and every kernel built on it use, ends its message ids with one
counter for all channels and clients. Other kernels use random ids, which show nothing.

A single missing number is no loss, because a kernel also numbers messages that it never sends:

- IPython's display hook numbers an execute_result before it formats the value, and ipykernel drops the
  message if nothing was formatted (`_ipython_display_`, as in plotly, or a failing `__repr__`).
- A hook of the display publisher may keep a message, and one that is no JSON fails after it was numbered.
- An interrupt may come between numbering and sending.
- Its control channel is served by another thread, so a reply may overtake what has a lower number.

zmq drops many messages in a row: a queue that was full takes none until half of it has been read.
"""

from collections.abc import Iterable

import msgspec

GAPS = 1000  # gaps kept separately; more of them cannot be late messages


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a numbering, for the next process. `gaps` are pairs of first number and end."""

    session: str = ""
    prefix: str = ""
    next: int | None = None  # None: messages that should have arrived before the next one are ignored
    gaps: list[tuple[int, int]] = []
    first: int = 0
    lost: int = 0
    others: int = 0
    others_open: int = 0


class Numbering:
    """The numbers of one kernel's messages, as they arrive."""

    def __init__(self) -> None:
        self._session = ""  # the session whose ids are counted
        self._prefix = ""  # of these ids; empty: none yet, or they cannot be counted
        self._next = 0  # the next number
        self._expects = False  # the first message must have that number, whatever its session
        self._expected = ""  # the id with that number
        self._gaps: list[range] = []  # skipped numbers that may still arrive
        self._first = 0  # the lowest number not accounted for yet
        self._lost = 0  # in gaps that are no longer kept separately
        self._others = 0  # requests of other clients, whose replies are numbered too
        self._others_open = 0  # those of them that have not ended

    @classmethod
    def continued(cls, numbers: Numbers, open_requests: int) -> "Numbering":
        """Continue another process's. `open_requests`: those of its requests that have had no reply."""
        own = cls()
        own._session, own._prefix = numbers.session, numbers.prefix
        own._next, own._first = numbers.next or 0, numbers.first
        own._gaps = [range(*gap) for gap in numbers.gaps]
        own._lost = numbers.lost
        own._others, own._others_open = numbers.others + open_requests, numbers.others_open
        own._expected = f"{own._prefix}{own._next}" if own._prefix else ""
        own._expects = numbers.next is not None and not own._prefix
        return own

    def state(self) -> Numbers:
        return Numbers(
            session=self._session,
            prefix=self._prefix,
            next=self._next if self._prefix or self._expects else None,
            gaps=[(gap.start, gap.stop) for gap in self._gaps],
            first=self._first,
            lost=self._lost,
            others=self._others,
            others_open=self._others_open,
        )

    def number_of(self, message_id: str) -> int | None:
        """The number in the id of a message that has been seen; None: this kernel's cannot be counted."""
        number = message_id.removeprefix(self._prefix)
        return int(number) if self._prefix and number.isdecimal() else None

    def excuse(self, messages: int) -> None:
        """That many messages are missing for a good reason."""
        self._others += messages

    def disown(self, ended: bool) -> None:
        """What the process before us took for a request of another client was ours."""
        self._others = max(self._others - 1, 0)
        if not ended:
            self._others_open = max(self._others_open - 1, 0)

    def begin(self) -> None:
        """Ignore messages that should have arrived before now."""
        self._gaps.clear()
        self._lost = 0
        self._first = self._next

    def see(self, message_id: str, session: str, begins: bool) -> None:
        """Register a message. `begins`: it may set the session, if the kernel's session is not known yet.

        Messages from a child that the kernel forked have the kernel's session but numbers of their own.
        """
        if message_id == self._expected:
            self._next += 1
            self._expected = f"{self._prefix}{self._next}"
            return
        prefix, number = _parted(message_id, session)
        if prefix and prefix == self._prefix:
            self._jump(number)
        elif prefix and (begins or self._expects) and session != self._session:
            self._session, self._prefix = session, prefix
            missing, before = range(self._next, number), self._lost
            self._continue(number)
            self.begin()
            if self._expects:
                self._lost = before
                if missing:
                    self._gaps.append(missing)
                    self._first = missing.start
            self._expects = False

    def _continue(self, number: int) -> None:
        self._next = number + 1
        self._expected = f"{self._prefix}{self._next}"

    def _jump(self, number: int) -> None:
        if number >= self._next:
            self._gaps.append(range(self._next, number))
            self._continue(number)
            if len(self._gaps) > GAPS:
                old, self._gaps = self._gaps[: -GAPS // 2], self._gaps[-GAPS // 2 :]
                self._lost += _count(old)
                self._first = self._gaps[0].start
            return
        for at, gap in enumerate(self._gaps):
            if number in gap:
                self._gaps[at : at + 1] = [range(gap.start, number), range(number + 1, gap.stop)]
                return
        if number >= self._first:  # a duplicate: this does not count messages
            self._prefix = self._expected = ""
            self.begin()

    def other(self, began: bool) -> None:
        """A request of another client begins or ends. It may have begun before we listened."""
        if began or not self._others_open:
            self._others += 1
        self._others_open = max(self._others_open + (1 if began else -1), 0)

    def lost(self, open_requests: int) -> int:
        """How many messages were lost since `take_lost`.

        Replies to our `open_requests` may still arrive, and replies to other clients never do.
        """
        single = sum(len(gap) == 1 for gap in self._gaps)  # such replies, as a rule; they do not count
        excused = max(self._others + open_requests - single, 0)
        return max(self._lost + _count(self._gaps) - excused, 0)

    def take_lost(self, open_requests: int) -> int:
        """How many messages were lost since the last call."""
        lost = self.lost(open_requests)
        self._others, self._others_open = self._others_open, 0
        self.begin()
        return lost


def number_in(message_id: str, session: str) -> int | None:
    """The number in a message id of the kernel's session; None: it cannot be counted."""
    prefix, number = _parted(message_id, session)
    return number if prefix else None


def _parted(message_id: str, session: str) -> tuple[str, int]:
    """Split an id of the form SESSION_PID_NUMBER (jupyter_client's) into prefix and number; else "" and 0."""
    start, _, number = message_id.rpartition("_")
    of, _, pid = start.rpartition("_")
    if session and of == session and (number + pid).isdecimal() and number.isascii():
        return f"{start}_", int(number)
    return "", 0


def _count(gaps: Iterable[range]) -> int:
    """The numbers missing in gaps of more than one."""
    return sum(len(gap) for gap in gaps if len(gap) > 1)
