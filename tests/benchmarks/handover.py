"""A kept kernel that goes from the bridge to the recorder and back, and the recorder's memory."""

import json
from collections.abc import Iterator
from time import perf_counter, sleep

import psutil

from tests.benchmarks.clients import Editor, bridge
from tests.benchmarks.table import Row
from tests.home import Home

ROUNDS = 15
FLOOD = "import sys\nfor number in range(2000): sys.stdout.write(('%07d|' % number) * 62_500)"
DISPLAY = "from IPython.display import display\ndisplay({'text/plain': 'x' * 50_000_000}, raw=True)"
MARK_MB = 61  # 60 MB and the outputBudget


def measure(home: Home) -> Iterator[Row]:
    settings = {"keepAlive": True}
    to, back, memory = [], [], {}
    editor = Editor(home, settings)
    try:
        other = editor.start_kernel("python3")["id"]
        first = _s(editor, "detachKernel", other)  # which starts the recorder
        kernel = editor.start_kernel("python3")["id"]
        for _ in range(ROUNDS):
            to.append(_s(editor, "detachKernel", kernel) * 1000)
            back.append(_s(editor, "attachKernel", kernel) * 1000)
        memory["idle"] = _megabytes(home)
        for what, code in (("after 1 GB of output", FLOOD), ("after 50 MB in one display", DISPLAY)):
            memory[what] = _after(home, editor, code)
        editor.command("attachKernel", kernelId=other)
        editor.command("shutdownKernel", kernelId=other)
    finally:
        started = perf_counter()
        editor.close()
        end_s = perf_counter() - started
    with bridge(home) as last:
        last.command("attachKernel", kernelId=kernel)
        last.command("shutdownKernel", kernelId=kernel)
    yield Row("a kernel to the recorder", "", to, 300, "ms")
    yield Row("back to the bridge", "", back, 300, "ms")
    yield Row("the first one, which starts the recorder", "", [first * 1000], None, "ms")
    yield Row("end of a bridge that keeps a kernel", "", [end_s * 1000], None, "ms")
    for what, megabytes in memory.items():
        yield Row(f"memory of the recorder, {what}", "", [megabytes], MARK_MB, "MB")


def _s(editor: Editor, command: str, kernel_id: str) -> float:
    started = perf_counter()
    editor.command(command, kernelId=kernel_id)
    return perf_counter() - started


def _after(home: Home, editor: Editor, code: str) -> float:
    """The recorder's memory once a run that it has followed has ended."""
    run = editor.command("run", code=f"import time; time.sleep(1)\n{code}", kernelId=editor.kernel_id)
    editor.command("detachKernel", kernelId=editor.kernel_id)
    while editor.command("getRun", runId=run["runs"][0]["id"])["run"]["state"] == "running":
        sleep(0.2)
    megabytes = _megabytes(home)
    editor.command("attachKernel", kernelId=editor.kernel_id)
    return megabytes


def _megabytes(home: Home) -> float:
    """The recorder's resident memory."""
    address = json.loads((home.runtime / "kernel-bridge" / "recorder.address").read_bytes())
    resident: int = psutil.Process(address["pid"]).memory_info().rss
    return resident / 1e6
