"""The cost of a stream message in a flood."""

from collections.abc import Iterator

from tests.benchmarks.clients import bridge, peer
from tests.benchmarks.table import Row
from tests.home import Home

FLOOD = 'busy\nflood 50000 "a line of the flood, it has the number %d\\n"\nreply\nidle'


def measure(home: Home) -> Iterator[Row]:
    with bridge(home, "fake") as ours, peer(home, "raw", "fake") as raw:
        cpu, time = [], []
        for number in range(6):
            mine, theirs = ours.run(FLOOD), raw.run(FLOOD)
            if number:  # the first round warms both up
                cpu.append(mine.cpu_s / theirs.cpu_s)
                time.append(mine.ran[0].seconds / theirs.ran[0].seconds)
    yield Row("a stream message in a flood, CPU", "raw zmq", cpu, 1.2)
    yield Row("a stream message in a flood, time", "raw zmq", time, 1.2)
