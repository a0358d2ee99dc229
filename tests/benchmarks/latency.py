"""Round trips: how much later an editor has what a raw client would have."""

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

from tests.benchmarks.clients import Client, bridge, peer
from tests.benchmarks.table import Row
from tests.home import Home

FIRST = 'print("first", flush=True)'


def measure(home: Home) -> Iterator[Row]:
    for spec, times, limits in (("python3", 40, (1.15, 1.1)), ("fake", 200, (2.5, None))):
        with ExitStack() as stack:
            ours = stack.enter_context(bridge(home, spec))
            theirs: dict[str, Client] = {"raw zmq": stack.enter_context(peer(home, "raw", spec))}
            if spec == "python3":
                theirs["AsyncKernelClient"] = stack.enter_context(peer(home, "asynchronous", spec))
            what = (
                "1+1 until its end, ipykernel"
                if spec == "python3"
                else "1+1 on a kernel that answers at once"
            )
            for client in (ours, *theirs.values()):
                _median_s(client, 20)
            rounds: dict[str, list[float]] = {name: [] for name in theirs}
            for _ in range(7):
                seconds = _median_s(ours, times)
                for name, client in theirs.items():
                    rounds[name].append(seconds / _median_s(client, times))
            for name, limit in zip(theirs, limits, strict=False):
                yield Row(what, name, rounds[name], limit)
            if spec == "python3":
                first = [_first_ms(ours) - _first_ms(theirs["raw zmq"]) for _ in range(7)]
                yield Row("first output, later than raw zmq", "raw zmq", first, 3.0, "ms")


def _median_s(client: Client, times: int) -> float:
    return median(client.run("1+1").ran[0].seconds for _ in range(times))


def _first_ms(client: Client) -> float:
    return 1000 * median(client.run(FIRST).ran[0].first_s or 0.0 for _ in range(20))
