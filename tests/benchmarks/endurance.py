"""100,000 flushed prints of a real kernel, ten times. Takes minutes, so it runs only on request."""

from collections.abc import Iterator

from tests.benchmarks.clients import bridge
from tests.benchmarks.prints import history_lines
from tests.benchmarks.table import Row
from tests.home import Home

LINES = 100_000
TIMES = 10
PRINTS = f"for number in range({LINES}): print(number, flush=True)"


def measure(home: Home) -> Iterator[Row]:
    lost, resident = [], []
    with bridge(home, "python3") as ours:
        for _ in range(TIMES):
            ours.run(PRINTS)
            run_id = ours.command("history", limit=1)["runs"][0]["id"]
            lost.append(LINES - sum(map(str.__eq__, history_lines(ours, run_id), map(str, range(LINES)))))
            resident.append(ours.resident_bytes() / 1e6)
    yield Row(f"{LINES:,} flushed prints, {TIMES} times, lines lost", "", [max(lost)], 0, "lines")
    yield Row(
        "resident memory after the last", "after the second", [resident[-1] - resident[1]], 20, "MB more"
    )
