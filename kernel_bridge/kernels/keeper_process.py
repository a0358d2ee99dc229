"""The keeper's own program: ends the kernels of a bridge that is gone. Run as a script (see keeper.py).

It reads lines of JSON from the socket whose descriptor is its argument:
    {"guard": pid, "start": …, "files": […], "record": path, "keep": bool}
        with the reading end of its output attached
    {"release": pid, "gone": bool}
At the end of the stream it ends the process group of every guarded kernel that is not to be kept and removes
its files. The output of kernels that live on is read and thrown away: a kernel would block on a full pipe or
die of a broken one; the keeper ends with the last of them.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterable
from typing import Any

TERMINATE_S = 1.5  # between SIGTERM and SIGKILL


def start_time(pid: int) -> str | None:
    """When the process began, in a form that tells two processes of one pid apart; None: there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b") ")[2].split()
        return None if fields[0] == b"Z" else fields[19].decode()
    except OSError:
        pass
    if os.path.exists("/proc/self/stat") or os.name != "posix":
        return None
    import subprocess  # slow to import, and needed only where there is no /proc

    asked = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None


def end(kernels: list[Any]) -> None:
    """SIGTERM, a short wait, SIGKILL to the process groups of those that are still who they were."""
    alive = [entry for entry in kernels if start_time(entry["guard"]) == entry["start"] is not None]
    kill(alive, signal.SIGTERM)
    deadline = time.monotonic() + TERMINATE_S
    while time.monotonic() < deadline and any(
        start_time(entry["guard"]) == entry["start"] for entry in alive
    ):
        time.sleep(0.05)
    kill(alive, signal.SIGKILL)
    for entry in kernels:
        clean_up(entry)


def clean_up(entry: Any) -> None:
    if still_of(entry["record"], entry["guard"]):
        remove(entry["files"])


def still_of(record: str, pid: int) -> bool:
    """Whether a kernel's files belong to that process; another bridge may have restarted the kernel since."""
    try:
        with open(record, "rb") as file:
            return bool(json.load(file)["pid"] == pid)
    except (OSError, ValueError, KeyError, TypeError):
        return True


def kill(kernels: list[Any], number: int) -> None:
    for entry in kernels:
        with contextlib.suppress(OSError):
            os.killpg(entry["guard"], number)


def remove(paths: Iterable[str]) -> None:
    """Files, and folders with the files in them."""
    for path in paths:
        with contextlib.suppress(OSError):
            if os.path.isdir(path):
                remove(os.path.join(path, name) for name in os.listdir(path))
                os.rmdir(path)
            else:
                os.unlink(path)


class Keeper:
    def __init__(self, bridge: socket.socket) -> None:
        self.bridge: socket.socket | None = bridge
        self.unread = b""
        self.attached: list[int] = []  # descriptors that came, for the guard lines to come
        self.guarded: dict[int, Any] = {}  # pid -> its guard line
        self.outputs: dict[int, int] = {}  # pid -> the reading end of its output
        self.drained: dict[
            int, Any
        ] = {}  # the same the other way round, for kernels whose output nobody else reads

    def run(self) -> None:
        while self.bridge or self.drained:
            bridge = [self.bridge.fileno()] if self.bridge else []
            ready, _, _ = select.select([*bridge, *self.drained], [], [])
            for source in ready:
                if source in bridge:
                    self.hear()
                elif not os.read(source, 65536):
                    self.ended(source)

    def hear(self) -> None:
        assert self.bridge is not None
        try:
            data, descriptors, _, _ = socket.recv_fds(self.bridge, 65536, 64)
        except ConnectionError:
            data, descriptors = b"", []
        self.attached += descriptors
        if not data:
            self.bridge.close()
            self.bridge = None
            self.bridge_is_gone()
            return
        *lines, self.unread = (self.unread + data).split(b"\n")
        for line in lines:
            self.obey(json.loads(line))

    def obey(self, line: Any) -> None:
        if "guard" in line:
            self.guarded[line["guard"]] = line
            self.outputs[line["guard"]] = self.attached.pop(0)
            return
        entry = self.guarded.pop(line["release"], None)
        if entry is None:
            return
        if line["gone"]:
            os.close(self.outputs.pop(line["release"]))
        else:
            self.drain(entry)

    def drain(self, entry: Any) -> None:
        self.drained[self.outputs.pop(entry["guard"])] = entry

    def ended(self, source: int) -> None:
        """A kernel that lived on has closed its output: if it has ended, nobody else cleans up."""
        entry = self.drained.pop(source)
        os.close(source)
        time.sleep(0.1)  # the descriptors of a process are closed before it is gone
        if start_time(entry["guard"]) != entry["start"]:
            clean_up(entry)

    def bridge_is_gone(self) -> None:
        doomed = []
        for entry in self.guarded.values():
            if entry["keep"]:
                self.drain(entry)
            else:
                os.close(self.outputs.pop(entry["guard"]))
                doomed.append(entry)
        self.guarded.clear()
        end(doomed)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    Keeper(socket.socket(fileno=int(sys.argv[1]))).run()
