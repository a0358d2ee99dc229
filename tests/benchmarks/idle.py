"""A bridge with a kernel and nothing to do."""

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
        before = _switches(editor)
        sleep(SECONDS)
        per_second = (_switches(editor) - before) / SECONDS
    yield Row("idle, times that any thread wakes", "", [per_second], 0, "a second")


def _switches(editor: Editor) -> int:
    """How often the threads of the bridge have gone to sleep."""
    total = 0
    for thread in Path(f"/proc/{editor.process.pid}/task").iterdir():
        for line in (thread / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total
