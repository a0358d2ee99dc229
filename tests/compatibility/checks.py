"""The checks that every kernel goes through, on the real server.

A check returns "yes", or a few words about what happened instead.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil

from tests.compatibility.install import install, kernelspecs
from tests.compatibility.kernels import KERNELS, Kernel
from tests.home import Home, private_home
from tests.server.client import Client, editor
from tests.server.wire import Json

CHECKS = (
    "start", "result", "stdout", "error", "plot", "completion", "stdin",
    "attach", "interrupt", "restart", "shutdown", "death",
)  # fmt: skip
START_S = 90.0
SLOW_S = 30.0
LATE_S = 2.0  # Deno sends a result after its idle
SEEN_S = 2.0  # time to detect a death
GONE_S = 5.0  # time for a kernel's children to notice its end
YES = "yes"
NONE = "-"  # the language has no equivalent


async def try_kernel(name: str) -> "Trial":
    """All checks of one kernel, which is installed first."""
    await asyncio.to_thread(install, [name])
    with private_home() as home:
        async with editor(home, environment={"JUPYTER_PATH": str(kernelspecs())}) as client:
            trial = Trial(name, KERNELS[name], client)
            for check in CHECKS:
                trial.outcomes[check] = await getattr(trial, check)()
    return trial


class Trial:
    """One kernel under test. `info` is its wire object; `outcomes` are keyed by the name of the check."""

    def __init__(self, name: str, kernel: Kernel, client: Client) -> None:
        self.name = name
        self.kernel = kernel
        self.client = client
        self.info: Json = {}
        self.outcomes: dict[str, str] = {}

    @property
    def where(self) -> Json:
        return {"kernelId": self.info["id"]}

    async def run(self, code: str) -> Json:
        call = self.client.call_command("run", code=code, wait=True, **self.where)
        run: Json = (await asyncio.wait_for(call.answer, START_S))["runs"][0]  # Kotlin's first run takes long
        return run

    async def outputs(self, run: Json, complete: Callable[[list[Json]], bool]) -> list[Json]:
        """The outputs of an ended run, including late ones, once they are `complete`."""
        outputs: list[Json] = self.client.mirror.outputs.setdefault(run["id"], [])
        with suppress(TimeoutError):
            async with asyncio.timeout(LATE_S):
                await self.client.until_true(lambda: complete(outputs))
        return outputs

    async def show(self, code: str, text: str) -> str:
        """How code displays a text."""
        shown = await self.outputs(await self.run(code), lambda outputs: _how_shown(outputs, text) != "no")
        return _how_shown(shown, text)

    async def start(self) -> str:
        call = self.client.call_command("startKernel", spec=self.name, readyTimeout=START_S)
        self.info = await asyncio.wait_for(call.answer, START_S)
        assert self.info["state"] == "idle"
        return YES

    async def result(self) -> str:
        return await self.show(self.kernel.result, "3")

    async def stdout(self) -> str:
        how = await self.show(self.kernel.stdout, "hello")
        return YES if how == "on stdout" else "as a result" if how == YES else how

    async def error(self) -> str:
        run = await self.run(self.kernel.error)
        outputs = await self.outputs(run, _has_error if run["state"] == "error" else bool)
        if run["state"] == "error" and _has_error(outputs):
            return YES
        kinds = [output.get("name", output["output_type"]) for output in outputs]
        return f"{run['state']}, shown on {kinds[0]}" if kinds else f"{run['state']}, nothing shown"

    async def plot(self) -> str:
        if self.kernel.plot is None:
            return NONE
        outputs = await self.outputs(await self.run(self.kernel.plot), _has_picture)
        return YES if _has_picture(outputs) else "no"

    async def completion(self) -> str:
        typed, wanted = self.kernel.complete
        document = self.client.open(typed, f"completed-{self.name}", self.kernel.language_id)
        await self.client.command("bindKernel", textDocument=document.identifier, **self.where)
        place = {"textDocument": document.identifier, "position": {"line": 0, "character": len(typed)}}
        answer: Json = {"isIncomplete": True, "items": []}
        with suppress(TimeoutError):
            async with asyncio.timeout(SLOW_S):
                while answer["isIncomplete"]:  # as editors do: the kernel was not ready to answer
                    answer = await self.client.request("textDocument/completion", place)
        return YES if wanted in [item["label"] for item in answer["items"]] else "no"

    async def stdin(self) -> str:
        if self.kernel.ask is None:
            assert "stdin" not in self.info["supports"]
            return NONE
        assert "stdin" in self.info["supports"]
        self.client.stdin = lambda _: "Ada"
        outputs = await self.outputs(await self.run(self.kernel.ask), _names_ada)
        return YES if _names_ada(outputs) else "no"

    async def attach(self) -> str:
        """A second bridge attaches while the kernel is busy, and receives its messages."""
        assert (await self.run(self.kernel.state[0]))["state"] == "ok"
        begun = Path(self.client.home.work, "begun")
        os.mkfifo(begun)
        code = self.kernel.loop.replace("BEGUN", str(begun))
        self.looping = await self.client.run(code=code, wait=False, **self.where)
        if code == self.kernel.loop:
            await self.client.until_text(self.looping["id"], "go")
        else:
            await asyncio.to_thread(begun.read_text)
        async with _other_editor(self.client.home) as other:
            attached = await other.command("attachKernel", **self.where)
            self.outcomes["interrupt"] = await self.interrupt_it()
            if self.outcomes["interrupt"] == YES:
                await other.until_kernel(self.info["id"], "idle")
        return YES if attached["state"] == "busy" else attached["state"]

    async def interrupt_it(self) -> str:
        outcome: str = (await self.client.command("interruptKernel", **self.where))["outcome"]
        assert (outcome != "ignored") == ("interrupt" in self.info["supports"])
        if outcome != "interrupted":
            return outcome
        assert self.client.mirror.ended(self.looping["id"])
        return YES if await self.show(self.kernel.state[1], "42") != "no" else "state is lost"

    async def interrupt(self) -> str:
        return self.outcomes["interrupt"]  # tested while another bridge is attached

    async def restart(self) -> str:
        call = self.client.call_command("restartKernel", **self.where)
        kernel = await asyncio.wait_for(call.answer, START_S)
        assert (kernel["id"], kernel["epoch"], kernel["state"]) == (self.info["id"], 2, "idle")
        assert await self.result() == self.outcomes["result"]
        return YES if await self.show(self.kernel.state[1], "42") == "no" else "keeps its state"

    async def shutdown(self) -> str:
        await self.client.command("shutdownKernel", **self.where)
        return self._what_is_left()

    async def death(self) -> str:
        """Kill the kernel: its files are removed too."""
        await self.start()
        psutil.Process(self.info["pid"]).send_signal(signal.SIGKILL)
        began = time.monotonic()
        dead = await self.client.until_kernel(self.info["id"], "dead")
        assert time.monotonic() - began < SEEN_S
        assert "SIGKILL" in dead["reason"]
        return self._what_is_left()

    def _what_is_left(self) -> str:
        home = self.client.home
        others = [p for p in home.processes() if "kernel_bridge" not in " ".join(p.cmdline())]
        _, alive = psutil.wait_procs(others, timeout=GONE_S)
        assert home.connection_files() == home.sockets() == []
        return f"leaves {alive[0].name()}" if alive else YES


@asynccontextmanager
async def _other_editor(home: Home) -> AsyncIterator[Client]:
    async with editor(home) as client:
        yield client
        await client.kill()
        client.over = True  # the first bridge owns what is left now


def _has_error(outputs: list[Json]) -> bool:
    return any(output["output_type"] == "error" for output in outputs)


def _has_picture(outputs: list[Json]) -> bool:
    return any(mime.startswith("image/") for output in outputs for mime in output.get("data", {}))


def _names_ada(outputs: list[Json]) -> bool:
    return "Ada" in json.dumps(outputs)


def _how_shown(outputs: list[Json], text: str) -> str:
    for output in outputs:
        if output["output_type"] in ("execute_result", "display_data"):
            if text in output["data"].get("text/plain", ""):
                return YES if output["output_type"] == "execute_result" else "as display_data"
        elif output["output_type"] == "stream" and text in output["text"]:
            return f"on {output['name']}"
    return "no"
