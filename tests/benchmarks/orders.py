"""The benchmark's orders to a client in another process: JSON lines on stdin and stdout."""

import resource
import sys
from collections.abc import Callable
from time import process_time
from typing import Any

import msgspec


class Ran(msgspec.Struct):
    """One execution as a client saw it, from sending it to the last of its reply and idle."""

    seconds: float = 0.0
    first_s: float | None = None  # until its first stream output
    messages: int = 0
    lines: int = 0  # number of lines at its end, for clients that keep the text


class Order(msgspec.Struct):
    """Send all codes at once and wait until all have ended; `interrupt` as in raw.Raw.run."""

    codes: list[str]
    interrupt: tuple[int, float] | None = None


class Done(msgspec.Struct):
    """The result of an order: CPU time and peak memory of this process since its start."""

    ran: list[Ran]
    cpu_s: float
    peak_bytes: int


def serve(run: Callable[..., list[Ran]]) -> None:
    """Execute orders until stdin ends; the first line reports that the client is connected."""
    answer({})
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line, type=Order)
        cpu_s = process_time()
        ran = run(order.codes) if order.interrupt is None else run(order.codes, order.interrupt)
        peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        answer(Done(ran, process_time() - cpu_s, peak_bytes))


def answer(value: Any) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()
