"""A scriptable kernel, for behaviour that real kernels lack: a real process that speaks zmq.

    python fake_kernel.py -f CONNECTION_FILE [--never-ready | --die CODE] [--deaf-control] [--deaf-shell]
                   [--rewrite]

--rewrite replaces the connection file with one of its own, as async-kernel does.

The code of an execute_request is a script, one step per line; code without steps is answered at once, like
`1+1`:

    busy / idle / input                 the usual messages
    stream NAME JSON                    a stream message; JSON is the text
    publish TYPE JSON                   any iopub message with that content
    result JSON                         an execute_result with that text/plain
    reply JSON                          the execute_reply with that content
    flood N JSON                        N stream messages with that text, %d being the number of each, from 0;
                                        Ns: for N seconds (interrupt_request ends it)
    ask JSON                            an input_request with that content; waits for the answer, prints it
                                        (interrupt_request ends it)
    sleep SECONDS                       send nothing for that time (interrupt_request ends it)
    block SECONDS                       do nothing for that time, and answer nothing (as R does)
    parent JSON / parent                use that parent_header from now on; without JSON, this request's
    forged JSON / unsigned JSON         a stream message with a wrong signature, or without one
    garbage CHANNEL                     frames that are no message, on iopub or shell
    replay                              the last iopub message again, byte for byte
    lose N                              skip N message ids
    die CODE                            exit at once
"""

import argparse
import hmac
import itertools
import json
import os
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import zmq

Json = dict[str, Any]
DELIMITER = b"<IDS|MSG>"


class FakeKernel:
    """One kernel: five sockets and a loop."""

    def __init__(self, connection: Json, deaf_control: bool, deaf_shell: bool) -> None:
        context = zmq.Context.instance()
        self.key = connection["key"].encode()
        self.session = uuid.uuid4().hex
        self.prefix = f"{self.session}_{os.getpid()}_"
        self.sent = 0
        self.count = 0
        self.last: list[bytes] = []
        self.deaf = {"control": deaf_control, "shell": deaf_shell}
        kinds = {
            "shell": zmq.ROUTER,
            "control": zmq.ROUTER,
            "stdin": zmq.ROUTER,
            "iopub": zmq.PUB,
            "hb": zmq.REP,
        }
        self.sockets: dict[str, zmq.Socket[bytes]] = {}
        separator = ":" if connection["transport"] == "tcp" else "-"
        for name, kind in kinds.items():
            socket = self.sockets[name] = context.socket(kind)
            socket.setsockopt(zmq.LINGER, 500)
            socket.setsockopt(zmq.SNDHWM, 0)
            address = f"{connection['transport']}://{connection['ip']}{separator}{connection[f'{name}_port']}"
            socket.bind(address)

    def run(self) -> None:
        poller = zmq.Poller()
        for name in ("shell", "control", "hb"):
            poller.register(self.sockets[name], zmq.POLLIN)
        self.publish("status", {"execution_state": "starting"}, {})
        while True:
            ready = dict(poller.poll())
            if self.sockets["hb"] in ready:
                self.sockets["hb"].send(self.sockets["hb"].recv())
            for name in ("control", "shell"):
                if self.sockets[name] in ready and not self.take(name):
                    return

    def take(self, channel: str) -> bool:
        """Answer one request; False: it was a shutdown."""
        identity, header, content = self.receive(channel)
        if self.deaf[channel]:
            return True
        kind = header["msg_type"]
        self.was_interrupted = kind == "interrupt_request"
        if kind == "execute_request":
            self.execute(identity, header, content)
            return True
        self.publish("status", {"execution_state": "busy"}, header)
        if kind == "kernel_info_request":
            self.send(channel, identity, "kernel_info_reply", INFO, header)
        elif kind == "is_complete_request":
            status = "incomplete" if content["code"].rstrip().endswith(("(", "\\")) else "complete"
            self.send(channel, identity, "is_complete_reply", {"status": status, "indent": ""}, header)
        else:
            self.send(
                channel, identity, kind.replace("_request", "_reply"), {"status": "ok", **content}, header
            )
        self.publish("status", {"execution_state": "idle"}, header)
        return kind != "shutdown_request"

    def execute(self, identity: list[bytes], header: Json, content: Json) -> None:
        code = content["code"]
        if not content.get("silent"):
            self.count += 1
        steps = code.splitlines() if code.partition(" ")[0].partition("\n")[0] in STEPS else PLAIN
        request = parent = header
        for line in steps:
            step, _, rest = line.partition(" ")
            if step in ("busy", "idle"):
                self.publish("status", {"execution_state": step}, parent)
            elif step == "input":
                self.publish("execute_input", {"code": code, "execution_count": self.count}, parent)
            elif step == "stream":
                name, _, text = rest.partition(" ")
                self.publish("stream", {"name": name, "text": json.loads(text)}, parent)
            elif step == "publish":
                kind, _, body = rest.partition(" ")
                self.publish(kind, json.loads(body), parent)
            elif step == "result":
                result = {
                    "data": {"text/plain": json.loads(rest)},
                    "metadata": {},
                    "execution_count": self.count,
                }
                self.publish("execute_result", result, parent)
            elif step == "reply":
                body = {"execution_count": self.count, **json.loads(rest or '{"status": "ok"}')}
                self.send("shell", identity, "execute_reply", body, parent)
            elif step == "flood":
                number, _, text = rest.partition(" ")
                self.flood(number, text.encode(), parent)
            elif step == "ask":
                self.send("stdin", identity, "input_request", json.loads(rest), parent)
                if (value := self.answer()) is not None:
                    self.publish("stream", {"name": "stdout", "text": value}, parent)
            elif step == "sleep":
                self.sleep(float(rest))
            elif step == "block":
                time.sleep(float(rest))
            elif step == "parent":
                parent = json.loads(rest) if rest else request
            elif step in ("forged", "unsigned"):
                frames = self.frames("stream", {"name": "stdout", "text": json.loads(rest)}, parent)
                frames[1] = b"0" * 64 if step == "forged" else b""
                self.sockets["iopub"].send_multipart([b"stream", *frames])
            elif step == "garbage":
                frames = (
                    [*identity, DELIMITER, b"\xff", b"{", b"["] if rest == "shell" else [b"\xff\x00", b"junk"]
                )
                self.sockets[rest].send_multipart(frames)
            elif step == "replay":
                self.sockets["iopub"].send_multipart(self.last)
            elif step == "lose":
                self.sent += int(rest)
            elif step == "die":
                os._exit(int(rest))

    def flood(self, number: str, text: bytes, parent: Json) -> None:
        """Publish as fast as Python can, from a JSON template in which only the differences are filled in."""
        header = json.dumps({**self.header("stream"), "msg_id": "@"}).encode()
        self.sent -= 1  # the number that the template used
        parent_header = json.dumps(parent).encode()
        content = b'{"name": "stdout", "text": ' + text + b"}"
        send = self.sockets["iopub"].send
        seconds = number.removesuffix("s")
        end = time.monotonic() + (float("inf") if seconds == number else float(seconds))
        for count in range(int(number)) if seconds == number else itertools.count():
            numbered = header.replace(b"@", self.next_id().encode())
            counted = content.replace(b"%d", b"%d" % count)
            signed = b"".join((numbered, parent_header, b"{}", counted))
            signature = hmac.digest(self.key, signed, "sha256").hex().encode() if self.key else b""
            for frame in (b"stream", DELIMITER, signature, numbered, parent_header, b"{}"):
                send(frame, zmq.SNDMORE)
            send(counted)
            if not count % 500 and (self.interrupted(0) or time.monotonic() > end):
                return

    def sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.interrupted(left):
            pass

    def answer(self) -> str | None:
        """What the user types; None: interrupted."""
        while not self.sockets["stdin"].poll(0):
            if self.interrupted(0.01):
                return None
        _, _, answer = self.receive("stdin")
        value: str = answer["value"]
        return value

    def interrupted(self, seconds: float) -> bool:
        """Answer requests on control for that time; True: the execution must end."""
        if not self.sockets["control"].poll(seconds * 1000):
            return False
        if not self.take("control"):
            sys.exit(0)
        return self.was_interrupted

    def receive(self, channel: str) -> tuple[list[bytes], Json, Json]:
        frames = self.sockets[channel].recv_multipart()
        at = frames.index(DELIMITER)
        return frames[:at], json.loads(frames[at + 2]), json.loads(frames[at + 5])

    def publish(self, kind: str, content: Json, parent: Json) -> None:
        self.last = [kind.encode(), *self.frames(kind, content, parent)]
        self.sockets["iopub"].send_multipart(self.last)

    def send(self, channel: str, identity: list[bytes], kind: str, content: Json, parent: Json) -> None:
        self.sockets[channel].send_multipart([*identity, *self.frames(kind, content, parent)])

    def frames(self, kind: str, content: Json, parent: Json) -> list[bytes]:
        parts = [json.dumps(part).encode() for part in (self.header(kind), parent, {}, content)]
        signature = hmac.digest(self.key, b"".join(parts), "sha256").hex().encode() if self.key else b""
        return [DELIMITER, signature, *parts]

    def header(self, kind: str) -> Json:
        return {
            "msg_id": self.next_id(),
            "session": self.session,
            "username": "fake",
            "date": datetime.now(UTC).isoformat(),
            "msg_type": kind,
            "version": "5.3",
        }

    def next_id(self) -> str:
        self.sent += 1
        return f"{self.prefix}{self.sent}"


PLAIN = ["busy", "input", 'result "2"', "reply", "idle"]
STEPS = frozenset(
    [
        "busy",
        "idle",
        "input",
        "stream",
        "publish",
        "result",
        "reply",
        "flood",
        "ask",
        "sleep",
        "block",
        "parent",
        "forged",
        "unsigned",
        "garbage",
        "replay",
        "lose",
        "die",
    ]
)
INFO: Json = {
    "status": "ok",
    "protocol_version": "5.3",
    "implementation": "fake",
    "implementation_version": "1",
    "language_info": {"name": "fake", "version": "1", "mimetype": "text/plain", "file_extension": ".fake"},
    "banner": "a scripted kernel",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-f", dest="connection_file", required=True)
    parser.add_argument("--never-ready", action="store_true")
    parser.add_argument("--die", type=int)
    parser.add_argument("--deaf-control", action="store_true")
    parser.add_argument("--deaf-shell", action="store_true")
    parser.add_argument("--rewrite", action="store_true")
    options = parser.parse_args()
    if options.die is not None:
        print("the fake kernel exits by request", file=sys.stderr)
        sys.exit(options.die)
    if options.never_ready:
        time.sleep(1000)
    with open(options.connection_file) as file:
        connection = json.load(file)
    if options.rewrite:
        with open(f"{options.connection_file}.new", "w") as file:
            json.dump(connection, file)
        os.replace(file.name, options.connection_file)
    FakeKernel(connection, options.deaf_control, options.deaf_shell).run()


if __name__ == "__main__":
    main()
