"""The keepers: two small helper processes per bridge that end its kernels if the bridge is killed.

Kernels that are kept are not ended: the keepers start the recorder, which follows them.

They start with the first kernel. Each holds one end of a socket and sleeps until the operating system closes
the other. Both receive the same lines, so the kernels end even if one keeper is killed or stopped together
with the bridge. A keeper that dies while the bridge runs is replaced at once. There are none on Windows,
where kernels watch their parent themselves (launch.py).
"""

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .traces import Traces

log = logging.getLogger(__name__)

COUNT = 2
CLOSE_S = 2.0
QUICK_S = 1.0  # a keeper that ends this soon after its start may never work here
MOST_QUICK = 5  # such keepers in a row, after which only a new kernel starts another
PROGRAM = (  # its arguments: the folder of this package, and the descriptor
    "import sys; sys.path.append(sys.argv[1]); "
    "from kernel_bridge.kernels import keeper_process; keeper_process.main(int(sys.argv[2]))"
)
RECORDER = (  # its arguments: that folder, and the ids of the kernels; it forks: it outlives its parents
    "import os, sys; os.fork() and os._exit(0); sys.path.append(sys.argv[1]); "
    "from kernel_bridge.recorder import main; sys.exit(main(sys.argv[2:]))"
)


def recorder_command() -> list[str]:
    """The command that starts a recorder. It revives the kernels whose ids are added to the command.

    It closes its stdout when it listens. If another recorder runs, that one revives the kernels.
    """
    return [sys.executable, "-P", "-c", RECORDER, str(Path(__file__).parents[2])]


Output = Callable[[], int | None]
"""The reading end of a kernel's stdout and stderr; None: it has been closed."""


@dataclass(frozen=True, slots=True)
class _Line:
    fields: dict[str, Any]
    output: Output | None = None


class Keeper:
    """The bridge's side of both keepers. Guards each launch from its start until it is released.

    `recorder` is the command that follows kept kernels after us, without their ids; empty: none does.
    """

    def __init__(self, recorder: Sequence[str] = ()) -> None:
        self._recorder = list(recorder)
        self._guarded: dict[str, _Line] = {}  # by launch; a replacement keeper receives all of them
        self._lives_on = False  # a kernel outlives us, and the keepers read its output
        self._processes = [_Process(self._guarded.values) for _ in range(COUNT)]

    def guard(
        self, kernel_id: str, traces: Traces, pid: int | None, start: str | None, output: Output | None,
        keep: bool,
    ) -> None:  # fmt: skip
        """Guard a launch: first its files (`pid` is None), then its process too.

        When the bridge is gone, the keepers end the process group and remove the files, unless a newer launch
        of the kernel exists. With `keep` they leave the kernel running, read its output, and start the
        recorder.
        """
        fields = {
            "guard": traces.launch,
            "traces": traces,
            "pid": pid,
            "start": start,
            "keep": keep,
            "kernel": kernel_id,
            "recorder": self._recorder,
        }
        line = self._guarded[traces.launch] = _Line(fields, output)
        self._tell(line)

    def release(self, launch: str, gone: bool) -> None:
        """Stop guarding a launch. `gone`: it has ended; otherwise it keeps running without the bridge."""
        if launch in self._guarded:
            del self._guarded[launch]
            self._lives_on = self._lives_on or not gone
            self._tell(_Line({"release": launch, "gone": gone}))

    def _tell(self, line: _Line) -> None:
        if os.name == "posix":
            for process in self._processes:
                process.tell(line)

    async def close(self) -> None:
        """The bridge is ending: end the keepers, unless they must read the output of a kept kernel."""
        outlive = self._lives_on or any(line.fields["keep"] for line in self._guarded.values())
        await asyncio.gather(*(process.close(outlive) for process in self._processes))


@dataclass(slots=True)
class _Process:
    """One keeper. It never writes, so its socket becomes readable only when it has ended."""

    everything: Callable[[], Iterable[_Line]]  # sent to every new keeper
    _socket: socket.socket | None = None
    _process: "subprocess.Popen[bytes] | None" = None
    _unsent: deque[_Line] = field(default_factory=deque)  # a stopped keeper must not block the bridge
    _rest: bytes = b""  # the unsent part of a line
    _started_s: float = 0.0
    _quick: int = 0

    def tell(self, line: _Line) -> None:
        if self._socket is None:
            self._start()  # sends everything, including this line if it still matters
            return
        self._unsent.append(line)
        if len(self._unsent) == 1 and not self._rest:
            self._send()

    def _start(self) -> None:
        ours, its = socket.socketpair()
        ours.setblocking(False)
        try:
            with its:
                self._process = subprocess.Popen(
                    [
                        *(sys.executable, "-I", "-S", "-c", PROGRAM),
                        *(str(Path(__file__).parents[2]), str(its.fileno())),
                    ],
                    pass_fds=[its.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    start_new_session=True,  # so that signals to the bridge's process group do not reach it
                )
        except OSError as error:
            ours.close()
            log.error("cannot start a keeper: kernels will outlive this process if it is killed: %s", error)
            return
        self._socket = ours
        self._started_s = time.monotonic()
        self._unsent = deque(self.everything())
        self._rest = b""
        asyncio.get_running_loop().add_reader(ours, self._ended)
        self._send()

    def _send(self) -> None:
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        try:
            while self._rest or self._unsent:
                if self._rest:
                    self._rest = self._rest[self._socket.send(self._rest) :]
                    continue
                line = self._unsent[0]
                output = line.output() if line.output is not None else None
                data = json.dumps(line.fields | {"output": output is not None}).encode() + b"\n"
                sent = socket.send_fds(self._socket, [data], [] if output is None else [output])
                self._rest = data[sent:]
                self._unsent.popleft()
        except BlockingIOError:
            loop.add_writer(self._socket, self._send)
        except OSError:
            loop.call_soon(self._ended)
        else:
            loop.remove_writer(self._socket)

    def _ended(self) -> None:
        """The keeper was killed: start another and send it everything that the first one knew."""
        if self._process is None or self._socket is None:
            return
        self._disconnect()
        self._process.kill()  # if it still runs, it is useless without its socket
        code = self._process.wait()
        self._quick = self._quick + 1 if time.monotonic() - self._started_s < QUICK_S else 0
        again = ", again and again" if self._quick >= MOST_QUICK else ""
        log.warning("a keeper has ended (exit code %s)%s", code, again)
        if self._quick < MOST_QUICK and any(True for _ in self.everything()):
            self._start()

    def _disconnect(self) -> None:
        if self._socket is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._socket)
            loop.remove_writer(self._socket)
            self._socket.close()
            self._socket = None

    async def close(self, outlives: bool) -> None:
        """End the keeper, unless it outlives us. A stopped keeper is killed: nothing is left to guard."""
        process, unaware = self._process, bool(self._unsent or self._rest)
        if process is None or self._socket is None:
            return
        self._disconnect()
        if unaware:  # it does not know which kernels keep running, and would end them once continued
            process.kill()
        elif outlives:
            process.returncode = 0  # left running on purpose; otherwise Popen warns
            return
        try:
            await asyncio.to_thread(process.wait, CLOSE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)
