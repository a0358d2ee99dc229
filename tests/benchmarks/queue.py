"""Many small runs, requested at once."""

from collections.abc import Iterator

from tests.benchmarks.clients import Client, bridge, peer
from tests.benchmarks.table import Row, ratios
from tests.home import Home

RUNS = 500


def measure(home: Home) -> Iterator[Row]:
    with bridge(home, "python3") as ours, peer(home, "raw", "python3") as raw:
        figures = ratios(4, lambda: _all_s(ours), lambda: _all_s(raw))
    yield Row(f"{RUNS} tiny runs queued at once", "raw zmq, pipelined", figures[1:], 1.2)


def _all_s(client: Client) -> float:
    return max(run.seconds for run in client.run(*["1"] * RUNS).ran)
