"""The keeper: one small helper process for each bridge, which ends its kernels when the bridge is killed.

It starts with the first kernel, holds one end of a socket and sleeps until the operating system closes the
other. On Windows there is none: kernels watch their parent themselves there (launch.py).
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from . import keeper_process

CLOSE_S = 2.0


class Keeper:
    """The bridge's side. A kernel is guarded from its start until it is released."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guarded: dict[int, bool] = {}  # pid -> whether it is kept when we are gone
        self._lives_on = False  # it goes on reading what kernels write that outlive us

    def guard(
        self, pid: int, start: str | None, files: list[str], record: str, output: int, keep: bool
    ) -> None:
        """Watch over a kernel. `output`: the reading end of its stdout and stderr.

        When the bridge is gone, its process group is ended and its `files` (and folders of files) are
        removed, unless `record` names another process by then; with `keep` it lives on, with somebody who
        reads its output.
        """
        self._guarded[pid] = keep
        self._tell({"guard": pid, "start": start, "files": files, "record": record, "keep": keep}, [output])

    def release(self, pid: int, gone: bool) -> None:
        """Watch over it no more; `gone`: it has ended, otherwise it lives on without the bridge."""
        if pid in self._guarded:
            del self._guarded[pid]
            self._lives_on = self._lives_on or not gone
            self._tell({"release": pid, "gone": gone}, [])

    def _tell(self, line: dict[str, object], descriptors: list[int]) -> None:
        if os.name == "nt":
            return
        if self._socket is None or self._process is None or self._process.poll() is not None:
            self._start()
        assert self._socket is not None
        socket.send_fds(self._socket, [json.dumps(line).encode() + b"\n"], descriptors)

    def _start(self) -> None:
        ours, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(keeper_process.__file__)), str(its.fileno())],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,  # whatever is sent to the bridge's process group does not reach it
            )
        self._socket = ours

    async def close(self) -> None:
        """The bridge ends; so does the keeper, unless a kernel lives on whose output it reads."""
        if self._process is None:
            return
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._lives_on or any(self._guarded.values()):
            self._process.returncode = 0  # it outlives us on purpose, which Popen would complain about
        else:
            await asyncio.to_thread(self._process.wait, CLOSE_S)
