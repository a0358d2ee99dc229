"""A real kernel that prints without end: lost lines, memory, and interrupting it."""

from collections.abc import Iterator
from time import perf_counter

from tests.benchmarks.clients import Editor, Peer, bridge, peer
from tests.benchmarks.table import Row, ratios
from tests.home import Home

LINES = 20_000  # 100,000 would take ipykernel a minute; tests/faults tests that none are lost
PRINTS = f"for number in range({LINES}): print(number, flush=True)"
GIGABYTE = 'busy\nflood {} "' + "x" * 9_999 + '\\n"\nreply\nidle'
FOREVER = "number = 0\nwhile True:\n    number += 1\n    print(number, flush=True)"
AFTER_S = 0.5  # length of the flood before the interrupt


def measure(home: Home) -> Iterator[Row]:
    with bridge(home, "python3") as ours, peer(home, "raw", "python3") as raw:
        seconds = ours.run(PRINTS).ran[0].seconds
        run_id = ours.command("history", limit=1)["runs"][0]["id"]
        lost = len(set(map(str, range(LINES))) - set(history_lines(ours, run_id)))
        ratio = seconds / raw.run(PRINTS).ran[0].seconds
        yield Row(f"{LINES:,} flushed prints, lines lost", "", [lost], 0, "lines")
        yield Row("the same, time", "raw zmq", [ratio], 1.2)
        figures = ratios(9, lambda: _interrupt_s(ours), lambda: _raw_interrupt_s(raw))
        yield Row("interrupt in a flood", "raw zmq", figures, 1.5)
    notebook = Peer(home, "notebook")
    yield Row(
        "the same with nbclient, lines lost", "", [LINES - notebook.run(PRINTS).ran[0].lines], None, "lines"
    )
    notebook.close()
    with bridge(home, "fake") as ours:
        growth = -_resident_after(ours, 10_000)
        growth += _resident_after(ours, 100_000)
        yield Row(
            "1 GB of output, resident memory afterwards", "100 MB of output", [growth / 1e6], 10, "MB more"
        )


def _resident_after(editor: Editor, messages: int) -> int:
    editor.run(GIGABYTE.format(messages))
    editor.command("history", limit=1)  # answered once everything is written
    return editor.resident_bytes()


def history_lines(editor: Editor, run_id: str) -> list[str]:
    """The lines of a run's first output, from the history."""
    parts: list[str] = []
    while True:
        start = sum(map(len, parts))
        slice_ = editor.command("readOutput", runId=run_id, index=0, start=start, length=1_000_000)
        if not slice_["text"]:
            return "".join(parts).splitlines()
        parts.append(slice_["text"])


def _interrupt_s(editor: Editor) -> float:
    """From the interrupt to the end of a flooding run."""
    run = editor.call_command("run", code=FOREVER, kernelId=editor.kernel_id)
    editor.answer(run)
    until = perf_counter() + AFTER_S
    while perf_counter() < until:
        editor.read()
    started = perf_counter()
    editor.command("interruptKernel", kernelId=editor.kernel_id)
    return perf_counter() - started


def _raw_interrupt_s(raw: Peer) -> float:
    return raw.run(FOREVER, interrupt=(raw.kernel_pid, AFTER_S)).ran[0].seconds
