"""A signal ends the command line's wait, on any thread that receives it."""

import signal
import subprocess
import sys

INTERRUPTED = """
import asyncio, signal, threading
from pathlib import Path
from kernel_bridge.limits import run

def asleep() -> bool:
    fields = Path(f"/proc/self/task/{threading.main_thread().native_id}/stat").read_text().rpartition(")")[2]
    return fields.split()[0] == "S"

def interrupt() -> None:
    while not asleep():
        pass
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)

async def main() -> None:
    threading.Thread(target=interrupt, daemon=True).start()
    await asyncio.get_running_loop().create_future()

run(main())
"""


def test_a_signal_on_another_thread_wakes_the_loop() -> None:
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, timeout=30)
    assert ended.returncode in (-signal.SIGINT, 130)
    assert b"KeyboardInterrupt" in ended.stderr
