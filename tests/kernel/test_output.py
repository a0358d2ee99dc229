"""What the child processes of a real ipykernel write to sys.stdout is output of the run; each byte once."""

from typing import Any

import pytest

from kernel_bridge.runs.events import Status
from tests.kernel.executing import run

IDLE = Status("idle")
CODE = """
import ctypes, os, subprocess, sys
print('printed', flush=True)
subprocess.run(['echo', 'child {number} é'], stdout=sys.stdout)
subprocess.run(['sh', '-c', 'echo complaint >&2'], stderr=sys.stderr)
subprocess.run(['echo', 'inherited'])
os.write(1, b'written\\n')
libc = ctypes.CDLL(None)
libc.puts(b'put')
libc.fflush(None)
get_ipython().kernel.log.error('a log of the kernel')
"""
LINES = ["printed", "complaint", "inherited", "written", "put"]
FLOOD = "subprocess.run('yes 123456789 | head -c 30000000', shell=True, stdout=sys.stdout)\nprint('done')"


async def test_child_processes_write_to_their_run(kernels: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # with it, ipykernel leaves the descriptors alone
    session, ears = await kernels.start()

    async def done(code: str) -> str:
        parent = run(session, code, allow_stdin=False)
        await ears.has(parent, IDLE)
        return parent

    for number in range(10):
        parent = await done(CODE.replace("{number}", str(number)))
        before_idle = ears.of(parent)[: ears.of(parent).index(IDLE)]
        assert f"child {number} é\n" in "".join(getattr(event, "text", "") for event in before_idle)
        await ears.until(lambda: "put\n" in ears.text(parent))  # noqa: B023  # a thread of ipykernel copies it
        assert sorted(ears.text(parent).splitlines()) == sorted([*LINES, f"child {number} é"])
    assert "a log of the kernel" in session.host.written()
    parent = await done(FLOOD)
    assert ears.text(parent) == "123456789\n" * 3_000_000 + "done\n"
    assert len(session.host.written()) < 70_000
