"""Messages that a kernel sent and nobody received, seen by gaps in their numbers.

jupyter_client's Session, which ipykernel and every kernel built on it use, gives its messages ids that end in
a counter, over all channels and all clients. Other kernels have random ids, in which nothing can be seen.
What cannot be told from the answer to another client is not called lost.
"""

from collections.abc import Iterable

GAPS = 1000  # that are kept apart; more than that were no late messages


class Numbering:
    """The numbers of one kernel's messages, as they come."""

    def __init__(self) -> None:
        self._session = ""  # whose ids are counted
        self._prefix = ""  # of these ids; empty: there are none yet, or none that can be counted
        self._next = 0  # the number that should come
        self._expected = ""  # the id with it
        self._gaps: list[range] = []  # numbers that were passed over and may still come
        self._first = 0  # the lowest number that was not taken account of yet
        self._lost = 0  # of gaps that are no longer kept apart
        self._others = 0  # requests of other clients, whose replies take numbers too
        self._doubtful = False
        self._others_open = 0  # of these, whose end was not heard

    def begin(self) -> None:
        """Messages that should have come before this do not count."""
        self._gaps.clear()
        self._lost = 0
        self._first = self._next

    def see(self, message_id: str, session: str, begins: bool) -> None:
        """A message came. `begins`: a kernel whose session is not known yet may begin with it.

        What a child that the kernel forked prints has the kernel's session and numbers of its own.
        """
        if message_id == self._expected:
            self._next += 1
            self._expected = f"{self._prefix}{self._next}"
            return
        prefix, number = _parted(message_id, session)
        if prefix and prefix == self._prefix:
            self._jump(number)
        elif prefix and begins and session != self._session:
            self._session, self._prefix = session, prefix
            self._go_on(number)
            self.begin()

    def _go_on(self, number: int) -> None:
        self._next = number + 1
        self._expected = f"{self._prefix}{self._next}"

    def _jump(self, number: int) -> None:
        if number >= self._next:
            self._gaps.append(range(self._next, number))
            self._go_on(number)
            if len(self._gaps) > GAPS:
                old, self._gaps = self._gaps[: -GAPS // 2], self._gaps[-GAPS // 2 :]
                self._lost += _count(old)
                self._first = self._gaps[0].start
            return
        for at, gap in enumerate(self._gaps):
            if number in gap:
                self._gaps[at : at + 1] = [range(gap.start, number), range(number + 1, gap.stop)]
                return
        if number >= self._first:  # a second one: whatever this counts, it is not messages
            self._prefix = self._expected = ""
            self.begin()

    def other(self, began: bool) -> None:
        """A request of another client begins or ends; it may have begun before anything was heard."""
        if began or not self._others_open:
            self._others += 1
        self._others_open = max(self._others_open + (1 if began else -1), 0)

    def doubt(self) -> None:
        """The kernel may have numbered a message and not come to sending it, or send it later than others.

        The one is what an interrupt does, the other the thread of its own that serves the control channel.
        """
        self._doubtful = True

    def take_lost(self, open_requests: int) -> int:
        """How many messages were lost since this was asked last.

        The replies to `open_requests` of ours may be on their way. While another client was served single
        numbers are not counted: its replies and prompts have them. Nor are they after a doubt.
        """
        unsure = self._others or self._doubtful
        gaps = [gap for gap in self._gaps if len(gap) > 1] if unsure else self._gaps
        self._doubtful = False
        lost = self._lost + _count(gaps) - self._others - open_requests
        self._others, self._others_open = self._others_open, 0
        self.begin()
        return max(lost, 0)


def _parted(message_id: str, session: str) -> tuple[str, int]:
    """An id of jupyter_client's form, SESSION_PID_NUMBER, before its number, and that; else "" and 0."""
    start, _, number = message_id.rpartition("_")
    of, _, pid = start.rpartition("_")
    if session and of == session and (number + pid).isdecimal() and number.isascii():
        return f"{start}_", int(number)
    return "", 0


def _count(gaps: Iterable[range]) -> int:
    return sum(map(len, gaps))
