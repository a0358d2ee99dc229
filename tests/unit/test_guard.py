"""A bridge that must end is gone in time, regardless of what blocks it."""

import subprocess
import sys

import pytest

HOLDS = {
    "a lock": "import threading\nthreading.Lock().acquire()\nthreading.Lock().acquire()\ntime.sleep(60)",
    "a thread": "import threading\nthreading.Thread(target=time.sleep, args=(60,)).start()",
    "its exit": "import atexit\natexit.register(time.sleep, 60)",
    "a handler of the end": "try: sys.exit()\nfinally: time.sleep(60)",
}


@pytest.mark.parametrize("hold", HOLDS.values(), ids=HOLDS)
def test_it_exits_even_if_something_blocks(hold: str) -> None:
    code = f"import sys, time\nfrom kernel_bridge.guard import end_within\nend_within(0.2)\n{hold}"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stderr) == (
        1,
        "kernel-bridge: shutting down took longer than 0.2 s; exiting now\n",
    )


def test_nothing_is_written_to_a_full_pipe() -> None:
    """With a full pipe, writing would block the process forever."""
    code = (
        "import os, time\nfrom kernel_bridge.guard import end_within\nos.set_blocking(2, False)\n"
        "try:\n    while True: os.write(2, b'x' * 4096)\nexcept BlockingIOError: os.set_blocking(2, True)\n"
        "end_within(0.2)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) as process:
        assert process.wait(30) == 1


def test_a_process_that_exits_in_time_is_left_alone() -> None:
    code = "from kernel_bridge.guard import end_within\nend_within(60)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30).returncode == 0
