"""The clients under comparison, each with its own kernel: peers in their processes, and an editor."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn, Protocol

import msgspec
import psutil

from tests.benchmarks.orders import Done, Order, Ran
from tests.home import Home

Json = dict[str, Any]
ENDS = ("ok", "error", "aborted", "cancelled", "lost")
ROOT = Path(__file__).parents[2]


class Client(Protocol):
    """A client that runs code on a kernel and can be measured."""

    def run(self, *codes: str) -> Done:
        """Send all codes at once, and wait until all have ended."""


class Peer:
    """A client in its own process; `module` is a program that serves `orders`."""

    def __init__(self, home: Home, module: str, *arguments: str, kernel_pid: int = 0) -> None:
        self.kernel_pid = kernel_pid
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=home.environment,
            cwd=ROOT,
        )
        self._line()

    def _line(self) -> bytes:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise EOFError(f"{self.process.args!r} has ended")
        return line

    def ask(self, order: Any) -> bytes:
        assert self.process.stdin
        self.process.stdin.write(msgspec.json.encode(order) + b"\n")
        self.process.stdin.flush()
        return self._line()

    def run(self, *codes: str, interrupt: tuple[int, float] | None = None) -> Done:
        return msgspec.json.decode(self.ask(Order(list(codes), interrupt)), type=Done)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


class Editor:
    """The bridge with an editor that does only the necessary work."""

    def __init__(self, home: Home, settings: Json | None = None) -> None:
        self._buffer = b""
        self._count = 0
        started = perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kernel_bridge", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=home.environment,
            cwd=ROOT,
        )
        assert self.process.stdin
        assert self.process.stdout
        self._in, self._out = self.process.stdin.fileno(), self.process.stdout.fileno()
        self.request("initialize", initialize(settings))
        self.initialize_s = perf_counter() - started
        self.notify("initialized", {})
        self.kernel_id = ""

    def start_kernel(self, spec: str) -> Json:
        kernel: Json = self.command("startKernel", spec=spec)
        self.kernel_id = kernel["id"]
        return kernel

    def send(self, message: Json) -> None:
        body = msgspec.json.encode({"jsonrpc": "2.0", **message})
        data = memoryview(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        while data:
            data = data[os.write(self._in, data) :]

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def call(self, method: str, params: Any) -> int:
        """Send a request and return its id."""
        self._count += 1
        self.send({"id": self._count, "method": method, "params": params})
        return self._count

    def read(self) -> Json:
        """The next message."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            self._buffer += self._read()
        start, size = end + 4, int(self._buffer[:end].rpartition(b" ")[2])
        if len(self._buffer) >= start + size:
            body: bytes | bytearray = self._buffer[start : start + size]
            self._buffer = self._buffer[start + size :]
        else:
            body = bytearray(size)
            rest = memoryview(body)
            rest[: len(self._buffer) - start] = self._buffer[start:]
            rest = rest[len(self._buffer) - start :]
            self._buffer = b""
            while rest:
                rest = rest[os.readv(self._out, [rest]) or self._ended() :]
        message: Json = msgspec.json.decode(body)
        return message

    def _read(self) -> bytes:
        return os.read(self._out, 1 << 16) or self._ended()

    def _ended(self) -> NoReturn:
        raise EOFError("the bridge has ended")

    def answer(self, id: int, meanwhile: Callable[[Json], None] = lambda message: None) -> Any:
        """The result of a request; every other message is passed to `meanwhile`."""
        while True:
            message = self.read()
            if message.get("id") == id and "method" not in message:
                if "error" in message:
                    raise RuntimeError(message["error"])
                return message["result"]
            meanwhile(message)

    def request(self, method: str, params: Any) -> Any:
        return self.answer(self.call(method, params))

    def call_command(self, name: str, **argument: Any) -> int:
        command = {"command": f"kernel-bridge.{name}", "arguments": [argument]}
        return self.call("workspace/executeCommand", command)

    def command(self, name: str, **argument: Any) -> Any:
        return self.answer(self.call_command(name, **argument))

    def run(self, *codes: str) -> Done:
        process = psutil.Process(self.process.pid)
        cpu_s = sum(process.cpu_times()[:2])
        sent_at = [
            perf_counter() for code in codes if self.call_command("run", code=code, kernelId=self.kernel_id)
        ]
        ran: dict[str, tuple[float, Ran]] = {}
        ended = 0
        while ended < len(codes):
            message = self.read()
            if message.get("method") == "kernel-bridge/output":
                run = ran[message["params"]["runId"]]
                run[1].messages += 1
                if run[1].first_s is None:
                    run[1].first_s = perf_counter() - run[0]
            elif message.get("method") == "kernel-bridge/run":
                run_id, state = message["params"]["run"]["id"], message["params"]["run"]["state"]
                if run_id not in ran:
                    ran[run_id] = (sent_at[len(ran)], Ran())
                if state in ENDS:
                    ran[run_id][1].seconds = perf_counter() - ran[run_id][0]
                    ended += 1
        cpu_s = sum(process.cpu_times()[:2]) - cpu_s
        return Done([run for _, run in ran.values()], cpu_s, self.peak_bytes())

    def peak_bytes(self) -> int:
        return _status_bytes(self.process.pid, "VmHWM")

    def resident_bytes(self) -> int:
        return _status_bytes(self.process.pid, "VmRSS")

    def close(self) -> None:
        self.request("shutdown", None)
        self.notify("exit", None)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


def initialize(settings: Json | None = None) -> Json:
    """The params of `initialize` from an editor with all features."""
    return {
        "processId": None,
        "rootUri": None,
        "initializationOptions": settings or {},
        "capabilities": {"experimental": {"kernelBridge": {"version": 1, "output": True}}},
    }


def _status_bytes(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(field)


class Kernel:
    """A kernel without a bridge, for a peer; over ipc, like the bridge's kernels."""

    def __init__(self, home: Home, spec: str) -> None:
        argv = _argv(home, spec)
        self.path = home.runtime / f"bench-{os.urandom(4).hex()}.json"
        ports = {f"{name}_port": number for number, name in enumerate(CHANNELS, 1)}
        connection = {
            "transport": "ipc",
            "ip": str(self.path.with_suffix("")),
            "key": os.urandom(16).hex(),
            "signature_scheme": "hmac-sha256",
            "kernel_name": spec,
            **ports,
        }
        self.path.write_bytes(msgspec.json.encode(connection))
        self.process = subprocess.Popen(
            [part.replace("{connection_file}", str(self.path)) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=home.environment,
            cwd=home.work,
            start_new_session=True,  # as jupyter_client starts it
        )

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


CHANNELS = ("shell", "iopub", "stdin", "control", "hb")


def _argv(home: Home, spec: str) -> list[str]:
    if spec == "python3":
        return [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    described = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / spec / "kernel.json"
    argv: list[str] = msgspec.json.decode(described.read_bytes())["argv"]
    return argv


@contextmanager
def peer(home: Home, module: str, spec: str) -> Iterator[Peer]:
    """A peer on a new kernel."""
    kernel = Kernel(home, spec)
    try:
        client = Peer(home, module, str(kernel.path), kernel_pid=kernel.process.pid)
        try:
            yield client
        finally:
            client.close()
    finally:
        kernel.close()


@contextmanager
def bridge(home: Home, spec: str | None = None, settings: Json | None = None) -> Iterator[Editor]:
    """The bridge, with a kernel if a spec is given."""
    editor = Editor(home, settings)
    try:
        if spec is not None:
            editor.start_kernel(spec)
        yield editor
    finally:
        editor.close()
