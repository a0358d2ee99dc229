"""Round trips: how much later an editor receives what a raw client would receive."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from statistics import median

from tests.benchmarks.clients import Client, Peer, bridge, peer
from tests.benchmarks.table import Row
from tests.home import Home

FIRST = 'print("first", flush=True)'


def measure(home: Home) -> Iterator[Row]:
    yield from _with_ipykernel(home)
    with bridge(home, "fake") as ours, peer(home, "raw", "fake") as raw:
        figures = _rounds(ours, {"raw zmq": raw}, rounds=7, times=200)["raw zmq"]
    yield Row("1+1 on a kernel that replies at once", "raw zmq", figures, 2.5)


def _with_ipykernel(home: Home) -> Iterator[Row]:
    what = "1+1 until its end, ipykernel"
    with ExitStack() as stack:
        ours = stack.enter_context(bridge(home, "python3"))
        raw = stack.enter_context(peer(home, "raw", "python3"))
        client = stack.enter_context(peer(home, "asynchronous", "python3"))
        marked = _rounds(ours, {"raw zmq": raw, "AsyncKernelClient": client}, rounds=7, times=40)
        yield Row(what, "raw zmq", marked["raw zmq"], 1.15)
        yield Row(what, "AsyncKernelClient", marked["AsyncKernelClient"], 1.1)
        console = stack.enter_context(peer(home, "console", "python3"))
        notebook = Peer(home, "notebook")
        stack.callback(notebook.close)
        seen = _rounds(ours, {"nbclient": notebook, "jupyter_console": console}, rounds=3, times=10)
        for name, figures in seen.items():
            yield Row(what, name, figures, None)
        first = [_first_ms(ours) - _first_ms(raw) for _ in range(7)]
        yield Row("delay of the first output", "raw zmq", first, 3.0, "ms")


def _rounds(ours: Client, theirs: Mapping[str, Client], rounds: int, times: int) -> dict[str, list[float]]:
    """Our time divided by that of each other client, measured alternately."""
    for client in (ours, *theirs.values()):
        _median_s(client, 5)
    ratios: dict[str, list[float]] = {name: [] for name in theirs}
    for _ in range(rounds):
        seconds = _median_s(ours, times)
        for name, client in theirs.items():
            ratios[name].append(seconds / _median_s(client, times))
    return ratios


def _median_s(client: Client, times: int) -> float:
    return median(client.run("1+1").ran[0].seconds for _ in range(times))


def _first_ms(client: Client) -> float:
    return 1000 * median(client.run(FIRST).ran[0].first_s or 0.0 for _ in range(20))
