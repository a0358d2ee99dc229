"""The latest completion lists of a session, needed to document their items later."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...bridge.kernel import FollowedKernel

REMEMBERED_LISTS = 8


class Lists:
    """Numbered lists, each with its kernel and the code before its items."""

    def __init__(self) -> None:
        self._next = 0
        self._lists: dict[int, tuple[FollowedKernel, str]] = {}

    def add(self, kernel: "FollowedKernel", before: str) -> int:
        """Remember a list; return its number."""
        self._next += 1
        self._lists[self._next] = (kernel, before)
        self._lists.pop(self._next - REMEMBERED_LISTS, None)
        return self._next

    def get(self, number: int) -> tuple["FollowedKernel", str] | None:
        """A list; None: it is too old."""
        return self._lists.get(number)
