"""Handles signals on the event loop, on every platform."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

Handler = Callable[[int], None]


@contextmanager
def handled(handlers: Mapping[str, Handler]) -> Iterator[None]:
    """Call these handlers on the loop; keys are names of signals, which a platform may lack."""
    numbers = {number: one for name, one in handlers.items() if (number := getattr(signal, name, None))}
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        for number, handler in numbers.items():
            _handle(number, handler)
        yield
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)


def _handle(number: int, handler: Handler) -> None:
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(number, handler, number)
    except NotImplementedError:  # Windows

        def pass_on(got: int, frame: object) -> None:
            loop.call_soon_threadsafe(handler, got)

        signal.signal(number, pass_on)
