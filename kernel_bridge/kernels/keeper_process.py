"""The keeper's own program: ends the kernels of a bridge that is gone (see keeper.py).

It reads JSON lines from the socket whose descriptor is its argument:
    {"guard": launch, "traces": […], "pid": …, "start": …, "keep": bool, "output": bool, "kernel": id,
     "recorder": [command]}
        with `output`, the reading end of the kernel's output is attached; `pid` is null until the process
        exists, when a second line for the same launch names it
    {"release": launch, "gone": bool}
At the end of the stream it ends the process group of every guarded kernel that is not to be kept, and removes
its files. For those that are kept it starts the recorder. The other keeper does the same, and the recorder's
lock decides which one stays. It reads and discards the output of kernels that keep running, which would
otherwise block on a full pipe or die of a broken one. The keeper ends with the last of them.
"""

import contextlib
import json
import os
import select
import signal
import socket
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from .traces import Traces, traces_from_json

TERMINATE_S = 1.5  # between SIGTERM and SIGKILL
IGNORED = ("SIGINT", "SIGHUP")  # names: Windows has no SIGHUP


def start_time(pid: int) -> str | None:
    """When the process started, to tell it from another one with the same pid; None: it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b") ")[2].split()
        return None if fields[0] == b"Z" else fields[19].decode()
    except OSError:
        pass
    return _ask_ps(pid, "lstart")


def is_ours(pid: int) -> bool:
    """Whether the process belongs to this user. We may not end anyone else's."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            return file.read().partition(b"\nUid:")[2].split()[1] == str(os.geteuid()).encode()
    except (OSError, IndexError, AttributeError):  # AttributeError: Windows has no uids
        pass
    return _ask_ps(pid, "uid") == str(os.geteuid()) if os.name == "posix" else True


def _ask_ps(pid: int, what: str) -> str | None:
    if os.path.exists("/proc/self/stat") or os.name != "posix":
        return None
    import subprocess  # slow to import, and needed only without /proc

    asked = subprocess.run(
        ["ps", "-o", f"{what}=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None


class Guarded(NamedTuple):
    """One launch of a kernel."""

    traces: Traces
    pid: int | None
    start: str | None
    keep: bool
    kernel_id: str
    recorder: list[str]  # command; empty: none

    @property
    def lives(self) -> bool:
        """Whether the process exists and is still the same one."""
        return self.pid is not None and start_time(self.pid) == self.start is not None


def end(kernels: list[Guarded]) -> None:
    """End process groups with SIGTERM and, after TERMINATE_S, SIGKILL; skip those of recycled pids."""
    alive = [kernel for kernel in kernels if kernel.lives]
    kill(alive, signal.SIGTERM)
    deadline = time.monotonic() + TERMINATE_S
    while time.monotonic() < deadline and any(kernel.lives for kernel in alive):
        time.sleep(0.05)
    kill(alive, signal.SIGKILL)
    for kernel in kernels:
        kernel.traces.clean_up()


def kill(kernels: Iterable[Guarded], number: int) -> None:
    for kernel in kernels:
        if kernel.pid is not None:
            with contextlib.suppress(OSError):
                os.killpg(kernel.pid, number)


def record(kernels: list[Guarded]) -> None:
    """Start the recorder for these kernels. If it cannot be started, they keep running unheard."""
    heard = [kernel for kernel in kernels if kernel.recorder and kernel.lives]
    if not heard:
        return
    import subprocess  # slow to import, and needed only when a bridge was killed

    for number in IGNORED:
        signal.signal(getattr(signal, number), signal.SIG_DFL)  # a process inherits what is ignored
    with contextlib.suppress(OSError):
        process = subprocess.Popen(
            [*heard[0].recorder, *(kernel.kernel_id for kernel in heard)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        signal.signal(signal.SIGCHLD, lambda *_: process.poll())  # no zombie: we may outlive it
    ignore()


def ignore() -> None:
    for number in IGNORED:
        signal.signal(getattr(signal, number), signal.SIG_IGN)


class Keeper:
    def __init__(self, bridge: socket.socket) -> None:
        self.bridge: socket.socket | None = bridge
        self.unread = b""
        self.attached: list[int] = []  # descriptors that arrived ahead of their guard lines
        self.guarded: dict[str, Guarded] = {}  # by launch
        self.outputs: dict[str, int] = {}  # launch -> the reading end of its output
        self.drained: dict[int, Guarded] = {}  # reading ends that nobody else reads

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
            launch = line["guard"]
            guarded = self.guarded[launch] = Guarded(
                traces_from_json(line["traces"]),
                line["pid"],
                line["start"],
                line["keep"],
                line["kernel"],
                line["recorder"],
            )
            self.close_output(guarded)  # from an earlier line about the same launch
            if line["output"] and self.attached:  # otherwise none arrived: our descriptors have run out
                self.outputs[launch] = self.attached.pop(0)
            return
        kernel = self.guarded.pop(line["release"], None)
        if kernel is not None and line["gone"]:
            self.close_output(kernel)
        elif kernel is not None:
            self.drain(kernel)

    def close_output(self, kernel: Guarded) -> None:
        output = self.outputs.pop(kernel.traces.launch, None)
        if output is not None:
            os.close(output)

    def drain(self, kernel: Guarded) -> None:
        output = self.outputs.pop(kernel.traces.launch, None)
        if output is not None:
            self.drained[output] = kernel

    def ended(self, source: int) -> None:
        """A kept kernel has closed its output. If it has ended, nobody else cleans up."""
        kernel = self.drained.pop(source)
        os.close(source)
        time.sleep(0.1)  # a process closes its descriptors before it is gone
        if not kernel.lives:
            kernel.traces.clean_up()

    def bridge_is_gone(self) -> None:
        doomed, kept = [], []
        for kernel in self.guarded.values():
            if kernel.keep and kernel.pid is not None:
                self.drain(kernel)
                kept.append(kernel)
            else:
                self.close_output(kernel)
                doomed.append(kernel)
        self.guarded.clear()
        record(kept)
        end(doomed)


def main(descriptor: int) -> None:
    ignore()
    Keeper(socket.socket(fileno=descriptor)).run()
