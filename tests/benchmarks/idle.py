"""A bridge with a kernel and no work."""

from collections.abc import Iterator
from pathlib import Path
from time import sleep

from tests.benchmarks.clients import Editor, bridge
from tests.benchmarks.table import Row
from tests.home import Home

SECONDS = 5


def measure(home: Home) -> Iterator[Row]:
    with bridge(home, "python3") as editor:
        editor.run("1")
        sleep(2)
        switches, cpu_s = _switches(editor), _cpu_s(editor)
        sleep(SECONDS)
        woken = (_switches(editor) - switches) / SECONDS
        percent = (_cpu_s(editor) - cpu_s) / SECONDS * 100
    yield Row("idle, wake-ups of the bridge", "", [woken], 0, "a second")
    yield Row("idle, CPU of all threads, zmq's too", "", [percent], 0.1, "%")


def _threads(editor: Editor) -> Iterator[Path]:
    return Path(f"/proc/{editor.process.pid}/task").iterdir()


def _switches(editor: Editor) -> int:
    """How often the bridge's threads have blocked, without zmq's thread, which serves the heartbeat."""
    total = 0
    for thread in _threads(editor):
        if (thread / "comm").read_text().startswith("ZMQ"):
            continue
        for line in (thread / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total


def _cpu_s(editor: Editor) -> float:
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in _threads(editor)) / 1e9
