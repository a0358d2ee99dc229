"""Helpers to drive a bridge with the fake kernel."""

import asyncio
import json
from pathlib import Path
from typing import Any

import zmq

from tests.server.client import Client

Json = dict[str, Any]


def script(*steps: str) -> str:
    """Code for the fake kernel: these steps, between busy and idle."""
    return "\n".join(("busy", *steps, "reply", "idle"))


class Fake:
    """`client` with a fake kernel."""

    def __init__(self, client: Client, kernel: Json) -> None:
        self.client = client
        self.kernel = kernel

    async def run(self, *steps: str) -> Json:
        """The ended run, with its outputs."""
        return await self.client.run(code=script(*steps), kernelId=self.kernel["id"])

    async def start(self, *steps: str) -> str:
        """Start a run and return its id."""
        run = await self.client.run(code=script(*steps), kernelId=self.kernel["id"], wait=False)
        run_id: str = run["id"]
        return run_id

    async def text(self, run_id: str) -> str:
        """The complete text of the run's first stream output, from the history."""
        parts: list[str] = []
        total = 1
        while (start := sum(map(len, parts))) < total:
            slice_ = await self.client.command(
                "readOutput", runId=run_id, index=0, start=start, length=1_000_000
            )
            parts.append(slice_["text"])
            total = slice_["total"]
        return "".join(parts)

    async def answers(self) -> None:
        """Assert that the session still works: the next good run is answered correctly."""
        run = await self.run('result "2"')
        assert (run["state"], run["outputs"][0]["data"]) == ("ok", {"text/plain": "2"})


class Ear:
    """Observes a kernel's status messages separately from the bridge. Create it before what it waits for."""

    def __init__(self, connection_file: str) -> None:
        connection = json.loads(Path(connection_file).read_bytes())
        self._socket = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.RCVHWM, 0)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"status")
        self._socket.connect(f"ipc://{connection['ip']}-{connection['iopub_port']}")

    async def hears(self, state: str, within_s: float = 30.0) -> bool:
        """Whether an execution reaches that state within that time; returns as soon as it does."""
        return await asyncio.to_thread(self._until, state, within_s)

    def _until(self, state: str, within_s: float) -> bool:
        while self._socket.poll(within_s * 1000):
            _, parent, _, content = map(json.loads, self._socket.recv_multipart()[3:7])
            if content["execution_state"] == state and parent.get("msg_type") == "execute_request":
                return True
        return False

    def close(self) -> None:
        self._socket.close(0)


async def listening(fake: Fake) -> Ear:
    """An ear that has connected and received everything so far."""
    ear = Ear(fake.kernel["connectionFile"])
    await fake.run()
    while not await ear.hears("idle", within_s=0.1):
        await fake.run()
    while await ear.hears("idle", within_s=0.1):
        pass
    return ear
