"""What `doctor` finds out about the recorder, the process that follows kept kernels."""

import subprocess
from pathlib import Path

from ..bridge.recording import recorded
from ..handover import address
from ..plurals import count
from ..protocol.objects import Wire
from .terminal.mime import format_bytes
from .terminal.tables import Text, local_time

PS_S = 2.0


class Recorder(Wire):
    """The recorder of this runtime folder. Without `pid` none runs."""

    supported: bool  # on this platform
    pid: int | None = None
    started_at: str | None = None
    memory_bytes: int | None = None
    kernels: list[str] = []  # ids of those that it follows


async def examine() -> Recorder:
    found = address.find() if address.SUPPORTED else None
    if found is None:
        return Recorder(supported=address.SUPPORTED)
    return Recorder(
        supported=True,
        pid=found.pid,
        started_at=found.started_at,
        memory_bytes=_memory_bytes(found.pid),
        kernels=[kernel.id for kernel in await recorded()],
    )


def _memory_bytes(pid: int) -> int | None:
    """The resident memory of a process (Linux, or ps elsewhere)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        listed = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, timeout=PS_S, check=True
        )
        return int(listed.stdout) * 1024
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def described(recorder: Recorder) -> Text:
    if not recorder.supported:
        return Text("not available on this platform: what kept kernels print while no editor is open is lost")
    if recorder.pid is None:
        return Text("not running; it starts when a kernel is left running", "dim")
    parts = [f"process {recorder.pid}"]
    if recorder.started_at:
        parts.append(f"since {local_time(recorder.started_at)[:-3]}")
    if recorder.memory_bytes:
        parts.append(format_bytes(recorder.memory_bytes))
    ids = ", ".join(id[:8] for id in recorder.kernels)
    parts.append(f"follows {count(len(recorder.kernels), 'kernel')}" + (f": {ids}" if ids else ""))
    return Text(" · ".join(parts))
