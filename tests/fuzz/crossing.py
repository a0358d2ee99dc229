"""Crossing requests: kernel commands sent without waiting for each other, on one document's kernel.

A scene describes everything that is sent, so that it can be replayed. `play` plays many scenes in one bridge,
each on its own document and kernel. `part` plays scenes that the end of the session cuts off.
"""

import asyncio
import itertools
import logging
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.fuzz.invariants import allowed, violations
from tests.home import Home
from tests.server.client import Client, Json, editor, start
from tests.server.mirror import ENDS
from tests.server.wire import Call, ResponseError

log = logging.getLogger(__name__)

BESIDE = 6  # scenes played concurrently
SETTLED_S = 12.0  # an interrupt takes at most 5 s, an attach 3 s; the machine may be busy
GONE_S = 10.0  # how long a bridge may take to end
MAY_BE_LOGGED = ("dropped a message with a wrong signature", "it has ended")
"""Ends of a recorder's warnings that are right: of forged messages, and of a kernel that ended meanwhile."""

SHORT = "\n".join(("busy", "input", 'stream stdout "short\\n"', 'result "2"', "reply", "idle"))
LONG = "\n".join(("busy", "input", 'stream stdout "long\\n"', "sleep 0.3", "reply", "idle"))

Command = Callable[["Stage"], tuple[str, Json]]
COMMANDS: dict[str, Command] = {
    "run": lambda stage: ("run", {"code": SHORT, **stage.kernel}),
    "run wait": lambda stage: ("run", {"code": SHORT, "wait": True, **stage.kernel}),
    "cancelRun": lambda stage: ("cancelRun", {"runId": stage.run_id}),
    "interruptKernel": lambda stage: ("interruptKernel", stage.kernel),
    "restartKernel": lambda stage: ("restartKernel", stage.kernel),
    "shutdownKernel": lambda stage: ("shutdownKernel", stage.kernel),
    "detachKernel": lambda stage: ("detachKernel", stage.kernel),
    "attachKernel": lambda stage: ("attachKernel", {"kernelId": stage.kernel_id, **stage.document}),
    "bindKernel": lambda stage: ("bindKernel", {"kernelId": stage.kernel_id, **stage.document}),
    "unbind": lambda stage: ("bindKernel", {"kernelId": None, **stage.document}),
    "startKernel": lambda stage: ("startKernel", {"spec": "fake", **stage.document}),
    "listKernels": lambda stage: ("listKernels", {}),
    "getRun": lambda stage: ("getRun", {"runId": stage.run_id}),
}

ENDS_KERNEL = {"restartKernel", "shutdownKernel", "detachKernel", "unbind", "startKernel"}
"""Commands after which the stage needs a new kernel, or has one too many."""

STATES = ("idle", "busy", "starting")
WAYS = len(STATES) * 2 * 2  # in which the same commands can cross


@dataclass(frozen=True)
class Scene:
    """`state` is that of the kernel. `by_document`: commands name the document, not the kernel.

    `at_once`: the bridge reads all commands before it starts the first. Otherwise each one has just started
    when the next arrives.
    """

    commands: tuple[str, ...]
    state: str
    by_document: bool
    at_once: bool

    def __str__(self) -> str:
        named = "the document" if self.by_document else "kernelId"
        sent = "at once" if self.at_once else "one after the other"
        return f"{', '.join(self.commands)} (kernel: {self.state}, named by {named}, {sent})"


def scenes(length: int) -> list[Scene]:
    """All scenes of that many commands."""
    flags = (False, True)
    return [
        Scene(commands, state, by_document, at_once)
        for commands in itertools.product(COMMANDS, repeat=length)
        for state, by_document, at_once in itertools.product(STATES, flags, flags)
    ]


def evenly(all_of_them: list[Scene], number: int) -> list[Scene]:
    """A selection of that many scenes, spread evenly, with every way of sending equally often."""
    step = len(all_of_them) / number
    return [all_of_them[int(step * count) // WAYS * WAYS + count % WAYS] for count in range(number)]


class Stage:
    """Plays scenes one after the other, with one document and its kernel."""

    def __init__(self, client: Client, number: int) -> None:
        self.client = client
        self.text = client.open("1\n", f"{number}.fake", "fake")
        self.folder = client.home.work / str(number)
        self.folder.mkdir(exist_ok=True)
        self.starting: Call | None = None  # the start that the scene began with
        self.kernel_id = ""
        self.run_id = "none"  # of the run in progress, or the one that ended
        self.by_document = False

    @property
    def document(self) -> Json:
        return {"textDocument": self.text.identifier}

    @property
    def kernel(self) -> Json:
        return self.document if self.by_document else {"kernelId": self.kernel_id}

    async def set(self, scene: Scene) -> None:
        """Give the document a kernel in the scene's state."""
        self.by_document = scene.by_document
        if scene.state == "starting":
            await self.clear([])
            await self._begin()
            return
        if not self.kernel_id:
            self.kernel_id = (await self.client.command("startKernel", spec="fake", **self.document))["id"]
        self.run_id = (await self.client.run(code=SHORT, kernelId=self.kernel_id))["id"]
        if scene.state == "busy":
            run = await self.client.run(code=LONG, kernelId=self.kernel_id, wait=False)
            self.run_id = run["id"]
            await self.client.until_text(self.run_id, "long")

    async def _begin(self) -> None:
        """Request a kernel, and wait until its id is known."""
        folder = str(self.folder)

        def begun() -> str | None:
            kernels = self.client.mirror.kernels.values()
            starting = [kernel["id"] for kernel in kernels if kernel["state"] == "starting"]
            return next((id for id in starting if self.client.mirror.kernels[id]["cwd"] == folder), None)

        self.starting = self.client.call_command("startKernel", spec="fake", cwd=folder, **self.document)
        self.kernel_id = await self.client.until_true(begun)

    async def clear(self, calls: list[Call]) -> None:
        """End the scene's kernels, including detached ones; the next scene gets a new one."""
        results = [result for call in calls if (result := self._result(call))]
        kernels = {result["id"] for result in results if "connectionFile" in result} | {self.kernel_id}
        kernels |= {run["kernelId"] for result in results for run in result.get("runs", [])}
        for kernel_id in kernels - {""}:
            with suppress(ResponseError):  # it is dead
                await self.client.command("attachKernel", kernelId=kernel_id)
                await self.client.command("shutdownKernel", kernelId=kernel_id)
        self.kernel_id = ""

    async def cross(self, scene: Scene) -> list[Call]:
        """Send the requests of the scene. Return them, and the start that it began with."""
        calls = [self.starting] if self.starting is not None else []
        self.starting = None
        asked = [COMMANDS[name](self) for name in scene.commands]
        if scene.at_once:
            with self.client.together():
                return calls + [self.client.call_command(name, **argument) for name, argument in asked]
        for name, argument in asked:
            calls.append(self.client.call_command(name, **argument))
            with suppress(ResponseError):
                await self.client.command("none")  # unknown, and so answered at once
        return calls

    async def settled(self, calls: list[Call]) -> list[str]:
        """What is wrong after everything had time to finish: wrong or missing responses, unfinished runs."""
        await asyncio.wait([call.answer for call in calls], timeout=SETTLED_S)
        wrong = [said for call in calls if (said := self._wrong(call))]
        with suppress(TimeoutError, AssertionError):
            async with asyncio.timeout(SETTLED_S):
                await self.client.until_true(lambda: not self._open(calls))
        wrong += [f"a run of {run['source']!r} stays {run['state']}" for run in self._open(calls)]
        return wrong

    def _result(self, call: Call) -> Json | None:
        if not call.answer.done() or call.answer.exception():
            return None
        result: Json = call.answer.result()
        return result

    def _wrong(self, call: Call) -> str | None:
        asked = self.client.asked[call.id]["params"]
        if not call.answer.done():
            return f"{asked} has no answer"
        error = call.answer.exception()
        if error is None or (isinstance(error, ResponseError) and allowed(error.error)):
            return None
        return f"{asked}: {error}"

    def _open(self, calls: list[Call]) -> list[Json]:
        """Unfinished runs of the scene, including those on kernels that it started."""
        results = [result for call in calls if (result := self._result(call))]
        asked = {run["id"] for result in results for run in result.get("runs", [])} | {self.run_id}
        return [
            run
            for run in self.client.mirror.runs.values()
            if (run["id"] in asked or run["kernelId"] == self.kernel_id) and run["state"] not in ENDS
        ]


async def play(home: Home, wanted: Iterable[Scene]) -> dict[str, list[str]]:
    """Play scenes in one bridge. Return what went wrong, by scene or by final check."""
    client = await start(home)
    wrong: dict[str, list[str]] = {}
    todo = iter(wanted)

    async def act(number: int) -> None:
        stage = Stage(client, number)
        for scene in todo:
            await stage.set(scene)
            calls = await stage.cross(scene)
            if said := await stage.settled(calls):
                wrong[str(scene)] = said
                log.error("%s: %s", scene, said)
            if said or scene.state == "starting" or ENDS_KERNEL & set(scene.commands):
                await stage.clear(calls)

    try:
        await client.initialize()
        async with asyncio.TaskGroup() as group:
            for number in range(BESIDE):
                group.create_task(act(number), name=f"stage {number}")
        if not wrong:
            await client.check_outputs()
            wrong["the whole session"] = list(violations(client))
        leave(client)
        wrong["the end"] = await over(client, exit_code=0) + await left(home)
    finally:
        await client.kill()
    return {where: said for where, said in wrong.items() if said}


async def part(home: Home, wanted: Sequence[Scene], ending: str) -> list[str]:
    """Play scenes in one bridge, all at once, and end it right afterwards. Return what went wrong."""
    client = await start(home)
    end, exit_code = ENDINGS[ending]
    try:
        await client.initialize()
        stages = [(Stage(client, number), scene) for number, scene in enumerate(wanted)]
        await asyncio.gather(*(stage.set(scene) for stage, scene in stages))
        await asyncio.gather(*(stage.cross(scene) for stage, scene in stages))
        end(client)
        wrong = await over(client, exit_code)
        read = end is not terminate and end is not interrupt  # a signal may overtake what was sent
        wrong += violations(client, ended=True, all_answered=read)
    finally:
        await client.kill()
    if any("detachKernel" in scene.commands for scene in wanted):
        await sweep(home)
    return wrong + await left(home)


def leave(client: Client) -> None:
    client.call("shutdown")
    client.notify("exit")


def exit(client: Client) -> None:
    client.notify("exit")


def terminate(client: Client) -> None:
    client.process.send_signal(signal.SIGTERM)


def interrupt(client: Client) -> None:
    client.process.send_signal(signal.SIGINT)


ENDINGS: dict[str, tuple[Callable[[Client], None], int]] = {
    "shutdown and exit": (leave, 0),
    "exit": (exit, 1),
    "end of stdin": (Client.end_input, 1),
    "SIGTERM": (terminate, 128 + signal.SIGTERM),
    "SIGINT": (interrupt, 128 + signal.SIGINT),
}
"""How a session ends, and its exit code."""


async def over(client: Client, exit_code: int) -> list[str]:
    """Wait for the end of the process. Return what was wrong with it."""
    try:
        async with asyncio.timeout(GONE_S):
            code = await client.process.wait()
    except TimeoutError:
        return [f"the bridge has not ended after {GONE_S} s"]
    wrong = [] if code == exit_code else [f"exit code {code}, not {exit_code}"]
    try:
        await client.finished()
    except AssertionError as error:
        wrong.append(str(error))
    if "Traceback" in client.stderr():
        wrong.append(client.stderr())
    return wrong


async def sweep(home: Home) -> None:
    """End detached kernels: another bridge finds, attaches to, and shuts down each one."""
    async with editor(home) as client:
        for kernel in (await client.command("listKernels"))["kernels"]:
            await client.command("attachKernel", kernelId=kernel["id"])
            await client.command("shutdownKernel", kernelId=kernel["id"])


async def left(home: Home) -> list[str]:
    """What the bridges of a home left behind."""
    try:
        await asyncio.to_thread(home.check_clean, GONE_S, MAY_BE_LOGGED)
    except AssertionError as error:
        return [str(error)]
    return []
