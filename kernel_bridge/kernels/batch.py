"""Events on their way to the listener: consecutive stream messages are joined, and floods are recognised."""

import asyncio
import logging
from collections.abc import Callable

from ..runs.events import Event, Stream
from .messages import LARGE, Message, stream_of, streams_of

log = logging.getLogger(__name__)

Heard = list[tuple[str | None, Event]]

PIECES_AT_ONCE = 8  # pieces of a large stream message that are held in memory at once
FLOOD_MESSAGES = 64  # consecutive stream messages that make a flood, which may be read less often
FLOODED_S = 0.5


class Batch:
    """Events in order, each with its parent's message id. `flush` passes them to `heard`."""

    def __init__(self, heard: Callable[[Heard], None]) -> None:
        self._heard = heard
        self._events: Heard = []
        self._text: list[str] = []  # of the stream being joined
        self._text_of: tuple[str | None, str] = (None, "")
        self._streams = 0  # stream messages since the last message of another type
        self._flooded_at = float("-inf")  # loop time of the last flood

    @property
    def empty(self) -> bool:
        return not self._text and not self._events

    @property
    def flooded(self) -> bool:
        """Whether output is, or was within FLOODED_S, arriving as a flood."""
        return asyncio.get_running_loop().time() - self._flooded_at < FLOODED_S

    def end_flood(self) -> None:
        """A message that is no stream message has arrived."""
        self._streams = 0

    def add(self, parent: str | None, event: Event) -> None:
        self._join()
        self._events.append((parent, event))

    def add_stream(self, message: Message) -> None:
        """Add a stream message. A large one is added, and flushed, in pieces."""
        self._streams += 1
        parent = message.parent_id
        if len(message.content) > LARGE:
            self._join()
            for stream in streams_of(message):
                self._events.append((parent, stream))
                if len(self._events) > PIECES_AT_ONCE:  # release these pieces before reading on
                    self.flush()
            return
        stream = stream_of(message)
        if self._text and self._text_of != (parent, stream.name):
            self._join()
        self._text_of = (parent, stream.name)
        self._text.append(stream.text)

    def _join(self) -> None:
        if self._text:
            parent, name = self._text_of
            self._events.append((parent, Stream(name, "".join(self._text))))
            self._text.clear()

    def flush(self) -> bool:
        """Pass the events on. Return True if only stream messages arrive, in a flood."""
        self._join()
        floods = self._streams >= FLOOD_MESSAGES
        if self._events:
            events, self._events = self._events, []
            if floods:
                self._flooded_at = asyncio.get_running_loop().time()
            try:
                self._heard(events)
            except Exception:
                log.exception("the listener failed on %d messages", len(events))
        return floods

    def clear(self) -> None:
        self._events.clear()
        self._text.clear()
