"""An editor that reads nothing for half a minute while a real kernel prints without end."""

from collections.abc import Iterator
from pathlib import Path
from time import sleep, time

import msgspec

from tests.benchmarks.clients import bridge, peer
from tests.benchmarks.prints import history_lines
from tests.benchmarks.table import Row
from tests.home import Home

SECONDS = 30
RAW_SECONDS = 5

# Prints until it is interrupted or the time is over, then reports in a file how far it came, and when.
CODE = """
import json, time
number, end = 0, time.time() + {seconds}
try:
    while time.time() < end:
        number += 1
        print(number, flush=True)
except KeyboardInterrupt:
    pass
with open({path!r} + ".part", "w") as file:
    json.dump([number, time.time()], file)
__import__("os").replace({path!r} + ".part", {path!r})
"""


def measure(home: Home) -> Iterator[Row]:
    with bridge(home, "python3") as ours, peer(home, "raw", "python3") as raw:
        path = home.path / "raw"
        raw.run(CODE.format(seconds=RAW_SECONDS, path=str(path)))
        raw_lines = _until_written(path)[0] / RAW_SECONDS
        path = home.path / "ours"
        before = ours.resident_bytes()
        run = ours.call_command("run", code=CODE.format(seconds=600, path=str(path)), kernelId=ours.kernel_id)
        run_id = ours.answer(run)["runs"][0]["id"]
        sleep(SECONDS)
        asked_at = time()
        interrupt = ours.call_command("interruptKernel", kernelId=ours.kernel_id)
        lines, ended_at = _until_written(path)
        growth = ours.peak_bytes() - before
        outcome = ours.answer(interrupt)["outcome"]
        lost = lines - len(history_lines(ours, run_id))
    what = f"an editor that reads nothing for {SECONDS} s"
    yield Row(f"{what}, lines lost of {lines:,}", "", [lost], 0, "lines")
    yield Row("the same, time per line in the kernel", "raw zmq", [raw_lines * SECONDS / lines], 1.2)
    yield Row(f"the same, an interrupt meanwhile ({outcome})", "", [1000 * (ended_at - asked_at)], None, "ms")
    yield Row("the same, peak memory", "", [growth / 1e6], 64, "MB more")


def _until_written(path: Path) -> tuple[int, float]:
    """How many lines the kernel printed, and when it ended."""
    while not path.exists():
        sleep(0.005)
    lines, at = msgspec.json.decode(path.read_bytes())
    path.unlink()
    return lines, at
