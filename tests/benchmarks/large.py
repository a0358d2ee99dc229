"""One output of 50 MB: peak memory, time, and the delay of other commands."""

from collections.abc import Iterator
from time import perf_counter
from typing import Any

from tests.benchmarks.clients import ENDS, Editor, bridge, peer
from tests.benchmarks.table import Row
from tests.home import Home

KINDS = {
    "stream": "print('x' * 50_000_000)",
    "display": "from IPython.display import display\ndisplay({'text/plain': 'x' * 50_000_000}, raw=True)",
}


def measure(home: Home) -> Iterator[Row]:
    for kind, code in KINDS.items():
        memory, time, wait_ms = [], [], []
        for _ in range(3):  # each in new processes, so that the peak belongs to this run
            with bridge(home, "python3") as ours, peer(home, "raw", "python3") as raw:
                ours.run("1")
                raw.run("1")
                theirs = raw.run(code)
                seconds, longest = _run_and_ask(ours, code)
                memory.append(ours.peak_bytes() / theirs.peak_bytes)
                time.append(seconds / theirs.ran[0].seconds)
                wait_ms.append(longest * 1000)
        yield Row(f"50 MB in one {kind}, peak memory", "raw zmq", memory, 1.2)
        yield Row(f"50 MB in one {kind}, time", "raw zmq", time, None)
        yield Row(f"50 MB in one {kind}, another command meanwhile", "", wait_ms, 400, "ms")


def _run_and_ask(editor: Editor, code: str) -> tuple[float, float]:
    """Seconds until the run's end, and the time of the slowest other command in between."""
    sent_at = perf_counter()
    ended: list[Any] = []

    def meanwhile(message: Any) -> None:
        if message.get("method") == "kernel-bridge/run" and message["params"]["run"]["state"] in ENDS:
            ended.append(perf_counter() - sent_at)

    run = editor.call_command("run", code=code, kernelId=editor.kernel_id)
    editor.answer(run, meanwhile)
    longest = 0.0
    while not ended:
        asked_at = perf_counter()
        editor.answer(editor.call_command("listKernels"), meanwhile)
        longest = max(longest, perf_counter() - asked_at)
    return ended[0], longest
