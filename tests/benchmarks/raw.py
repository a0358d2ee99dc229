"""The baseline: the least work that a Python client can do for a kernel, in its own process.

Blocking pyzmq: every frame is received, every signature checked, every part decoded, nothing kept. Executes
the orders of `clients.Peer`.
"""

import hmac
import os
import signal
import sys
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec
import zmq

from tests.benchmarks.orders import Ran, serve

Json = dict[str, Any]
DELIMITER = b"<IDS|MSG>"
STREAM = "stream"


@dataclass
class _Open:
    """A request that has not ended."""

    sent_at: float
    idle: bool = False
    replied: bool = False
    ran: Ran = field(default_factory=Ran)


class Raw:
    """A client of the kernel that `connection_file` describes."""

    def __init__(self, connection_file: str) -> None:
        connection = msgspec.json.decode(Path(connection_file).read_bytes())
        separator = "-" if connection["transport"] == "ipc" else ":"
        prefix = f"{connection['transport']}://{connection['ip']}{separator}"
        context = zmq.Context(io_threads=1)
        self._key = connection["key"].encode()
        self._session = uuid.uuid4().hex
        self._shell = context.socket(zmq.DEALER)
        self._iopub = context.socket(zmq.SUB)
        self._poller = zmq.Poller()
        for socket, channel in ((self._iopub, "iopub"), (self._shell, "shell")):
            socket.setsockopt(zmq.RCVHWM, 0)
            if channel == "iopub":
                socket.setsockopt(zmq.SUBSCRIBE, b"")
            socket.connect(f"{prefix}{connection[f'{channel}_port']}")
            self._poller.register(socket, zmq.POLLIN)
        while not self._heard_within(100):
            self._send("kernel_info_request", {})

    def _heard_within(self, milliseconds: int) -> bool:
        return bool(self._iopub.poll(milliseconds))

    def _send(self, message_type: str, content: Json) -> str:
        message_id = uuid.uuid4().hex
        header = {
            "msg_id": message_id,
            "session": self._session,
            "username": "raw",
            "date": datetime.now(UTC),
            "msg_type": message_type,
            "version": "5.3",
        }
        parts = [msgspec.json.encode(part) for part in (header, {}, {}, content)]
        self._shell.send_multipart([DELIMITER, self._sign(parts), *parts])
        return message_id

    def _sign(self, parts: list[bytes]) -> bytes:
        signature = hmac.new(self._key, digestmod="sha256")
        for part in parts:
            signature.update(part)
        return signature.hexdigest().encode()

    def _execute(self, code: str) -> str:
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        return self._send("execute_request", {**content, "user_expressions": {}, "stop_on_error": False})

    def run(self, codes: list[str], interrupt: tuple[int, float] | None = None) -> list[Ran]:
        """Send all codes at once and wait until the last has ended.

        `interrupt` is (pid, seconds): the process is interrupted that long after its first output, and
        `seconds` of the result is then measured from the signal.
        """
        opened = {self._execute(code): _Open(perf_counter()) for code in codes}
        pending = dict(opened)
        interrupt_at = None
        while pending:
            for socket, _ in self._poller.poll():
                while True:
                    try:
                        frames = socket.recv_multipart(zmq.NOBLOCK)
                    except zmq.Again:
                        break
                    self._take(frames, pending)
                    if interrupt is not None and interrupt_at is None and opened:
                        first = next(iter(opened.values()))
                        if first.ran.first_s is not None:
                            interrupt_at = first.sent_at + first.ran.first_s + interrupt[1]
                    if interrupt is not None and interrupt_at is not None and perf_counter() > interrupt_at:
                        interrupt_at = float("inf")
                        for request in opened.values():
                            request.sent_at = perf_counter()
                        os.kill(interrupt[0], signal.SIGINT)
        return [request.ran for request in opened.values()]

    def _take(self, frames: list[bytes], pending: dict[str, _Open]) -> None:
        start = frames.index(DELIMITER) + 1
        signature, *parts = frames[start : start + 5]
        if not hmac.compare_digest(signature, self._sign(parts)):
            raise ValueError("a message with a wrong signature")
        header, parent, _, content = map(msgspec.json.decode, parts)
        request = pending.get(parent.get("msg_id", ""))
        if request is None:
            return
        request.ran.messages += 1
        message_type = header["msg_type"]
        if message_type == STREAM and request.ran.first_s is None:
            request.ran.first_s = perf_counter() - request.sent_at
        elif message_type == "status" and content["execution_state"] == "idle":
            request.idle = True
        elif message_type == "execute_reply":
            request.replied = True
        if request.idle and request.replied:
            request.ran.seconds = perf_counter() - request.sent_at
            del pending[parent["msg_id"]]


if __name__ == "__main__":
    serve(Raw(sys.argv[1]).run)
