"""A session of random operations that ends at a random moment, and the checks after it."""

import asyncio
import json
import random
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.fuzz.crossing import ENDINGS, GONE_S, left, over
from tests.fuzz.invariants import argument_of, violations
from tests.fuzz.operations import SILENT, Operation, open_document, perform
from tests.home import Home, install_fake_kernel, private_home
from tests.server.client import EVERYTHING, Client, Json, editor, start
from tests.server.documents import Document
from tests.server.mirror import ENDS
from tests.server.wire import Call, ResponseError

SETTLED_S = 60.0  # queued runs may take long on a busy machine
SOON_S = 0.5  # how long to wait for an answer while the session continues
COMPARED = 30  # runs whose outputs are compared with the history
Dice = random.Random


@dataclass(frozen=True)
class Outcome:
    """`wrong` is empty if all is well; `transcript` lists what was done, sent and received."""

    wrong: list[str]
    operations: int
    runs: int
    kills: int
    transcript: list[str]


async def play(seed: int, operations: list[Operation], language: str = "fake") -> Outcome:
    """Play operations in their own home. `seed` determines how and when the session ends."""
    with private_home() as home:
        install_fake_kernel(home)
        session = Session(home, seed, language)
        try:
            wrong = await session.play(operations)
        except AssertionError as error:
            wrong = [str(error)]
        finally:
            session.resume()
            for client in session.clients:
                await client.kill()
        runs = sum(len(client.mirror.runs) for client in session.clients)
        return Outcome(wrong, session.performed, runs, session.kills, session.transcript())


class Session:
    """Two editors in one home, each with its bridge; `client` is the one that acts."""

    def __init__(self, home: Home, seed: int, language: str) -> None:
        self.home = home
        self.language = language
        self.spec = "fake" if language == "fake" else "python3"
        self.clients: list[Client] = []
        self.client: Client
        self.stopped: set[int] = set()  # pids of kernels
        self.killed: set[str] = set()  # ids of kernels killed by another program
        self.performed = 0
        self.kills = 0
        self._log: list[tuple[str, list[int]]] = []  # with the number of messages each editor had received
        self._dice = Dice(seed)
        self._settling = asyncio.Event()
        self._calls: list[tuple[Client, Call]] = []
        self._listed: set[str] = set()  # runs that the history has listed

    # choices of operations

    def document(self, dice: Dice) -> Document | None:
        documents = list(self.client.documents.values())
        return dice.choice(documents) if documents else None

    def kernel_id(self, dice: Dice) -> str:
        """Usually a living one that the editor's own bridge follows."""
        clients = [self.client] if dice.random() < 0.8 else self.clients
        known = [kernel for client in clients for kernel in client.mirror.kernels.values()]
        living = [kernel for kernel in known if kernel["state"] != "dead" or dice.random() < 0.1]
        if not known or dice.random() < 0.03:
            return "no-such-kernel"
        id: str = dice.choice(living or known)["id"]
        return id

    def kernel(self, dice: Dice) -> Json:
        """An argument that names a kernel, by its id or by a document."""
        document = self.document(dice) if dice.random() < 0.5 else None
        return (
            {"kernelId": self.kernel_id(dice)} if document is None else {"textDocument": document.identifier}
        )

    def run_id(self, dice: Dice) -> str:
        known = list(self.client.mirror.runs)
        return dice.choice(known[-8:]) if known and dice.random() < 0.97 else "no-such-run"

    def living(self) -> int:
        kernels = {id: kernel for client in self.clients for id, kernel in client.mirror.kernels.items()}
        return sum(kernel["state"] != "dead" for kernel in kernels.values())

    def waiting(self) -> list[Call]:
        """Unanswered requests of the acting editor."""
        return [call for client, call in self._calls if client is self.client and not call.answer.done()]

    # actions of operations

    def command(self, name: str, **argument: object) -> None:
        self._sent(self.client.call_command(name, **argument))

    def request(self, method: str, params: Json) -> None:
        self._sent(self.client.call(method, params))

    def _note(self, what: str) -> None:
        self._log.append((what, [len(client.messages) for client in self.clients]))

    def transcript(self) -> list[str]:
        """What was done, sent (`<editor> <id> …`) and received (`<editor> < …`), in order."""
        lines: list[str] = []
        heard = [0] * len(self.clients)
        for what, had in [*self._log, ("the end", [len(client.messages) for client in self.clients])]:
            for number, count in enumerate(had):
                messages = self.clients[number].messages[heard[number] : count]
                lines += [f"{number} < {json.dumps(message)[:400]}" for message in messages]
                heard[number] = count
            lines.append(what)
        return lines

    def _sent(self, call: Call) -> None:
        self._calls.append((self.client, call))
        self._note(f"{self.clients.index(self.client)} {call.id} {self.client.asked[call.id]}")

    def change_editor(self) -> None:
        self.client = next(client for client in self.clients if client is not self.client)

    def resume(self) -> None:
        """Continue stopped kernels."""
        for pid in self.stopped:
            with suppress(psutil.Error, OSError):
                if psutil.Process(pid).environ().get("HOME") == str(self.home.path):
                    psutil.Process(pid).send_signal(signal.SIGCONT)
        self.stopped.clear()

    # the session

    async def play(self, operations: list[Operation]) -> list[str]:
        for _ in range(2):
            client = await start(self.home, stdin=self._type)
            self.clients.append(client)
            await client.initialize(EVERYTHING, {"history": {"enabled": True}})
            self.client = client
            self.command("startKernel", spec=self.spec)
            open_document(self, self._dice)
        await self._calls[0][1]
        for operation in operations:
            self._note(f"{operation.name} {operation.seed} {operation.then}")
            perform(self, operation)
            self.performed += 1
            await self._then(operation.then)
        killed = self._dice.random() < 0.3
        settled = not killed and self._dice.random() < 0.7
        wrong = await self._settle() if settled else []
        if not wrong:
            wrong = await self._end(killed)
            wrong += await self._after(killed)
        return wrong

    async def _then(self, then: str) -> None:
        if then == "now" or not self.client.reading.is_set():
            return await asyncio.sleep(0)
        call = self._calls[-1][1] if then == "answered" and self._calls else self.client.call_command("none")
        await asyncio.wait([call.answer], timeout=SOON_S)

    async def _type(self, prompt: str) -> str | None:
        """Answer input(): at once, late, never, or by cancelling."""
        match self._dice.choice(("at once", "late", "never", "cancel")):
            case "at once":
                return "typed"
            case "cancel":
                return None
            case "late":
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._settling.wait(), 0.3)
            case "never":
                await self._settling.wait()
        return "typed"

    async def _settle(self) -> list[str]:
        """Give everything time to finish. Return what is wrong then."""
        self._note("settle")
        self._settling.set()
        self.resume()
        wrong: list[str] = []
        for client in self.clients:
            client.reading.set()
        if waiting := [call.answer for _, call in self._calls if not call.answer.done()]:
            await asyncio.wait(waiting, timeout=SETTLED_S)
        for client in self.clients:
            with suppress(TimeoutError, AssertionError):
                async with asyncio.timeout(SETTLED_S):
                    await client.until_true(lambda: not _open(client))  # noqa: B023
            wrong += violations(client)
            if not wrong:
                await client.command("history")  # answered once everything is written
                await client.check_outputs()
        return wrong

    async def _end(self, killed: bool) -> list[str]:
        """End the sessions, each in its own way. Return what was wrong with that."""
        wrong: list[str] = []
        for client in self.clients:
            ending = self._dice.choice(list(ENDINGS))
            self._note("SIGKILL" if killed else ending)
            self._note_listed(client)
            client.reading.set()
            if killed:
                self.kills += 1
                await client.kill()
                continue
            end, exit_code = ENDINGS[ending]
            end(client)
            wrong += await over(client, exit_code)
            if not wrong:
                wrong += violations(client, ended=True, all_answered=not ending.startswith("SIG"))
        return wrong

    def _note_listed(self, client: Client) -> None:
        for message in client.messages:
            asked = client.asked.get(message.get("id", 0), {}) if "method" not in message else {}
            if "result" in message and argument_of(asked, "history") is not None:
                self._listed |= {run["id"] for run in message["result"]["runs"]}

    async def _after(self, killed: bool) -> list[str]:
        """What the next bridge of this home finds."""
        self.resume()
        wrong = await asyncio.to_thread(self._running)
        async with editor(self.home) as client:
            for kernel in (await client.command("listKernels"))["kernels"]:
                with suppress(ResponseError):
                    await client.command("attachKernel", kernelId=kernel["id"])
                    await client.command("shutdownKernel", kernelId=kernel["id"])
            wrong += await self._remembered(client, killed)
        for id in self.killed & set(self._may_stay()):  # no bridge could remove its files
            self._remove_files(id)
        if killed:
            self._remove_empty_folders()
        wrong += await left(self.home)
        path = Path(self.home.environment["XDG_DATA_HOME"]) / "kernel-bridge" / "history.db"
        if path.exists():
            with closing(sqlite3.connect(path)) as database:
                checked = database.execute("PRAGMA integrity_check").fetchall()
            if checked != [("ok",)]:
                wrong.append(f"history.db: {checked}")
        return wrong

    def _remove_files(self, id: str) -> None:
        record = self.home.runtime / "kernel-bridge" / f"{id}.json"
        if record.exists() and (folder := json.loads(record.read_bytes()).get("sockets")):
            shutil.rmtree(folder[0], ignore_errors=True)
        for file in (record, self.home.runtime / f"kernel-{id}.json"):
            file.unlink(missing_ok=True)

    def _remove_empty_folders(self) -> None:
        """A killed bridge may have made a folder just before its keepers would have learned of it."""
        for folder in Path(self.home.environment["TMPDIR"]).glob("kb-*"):
            with suppress(OSError):
                folder.rmdir()

    def _running(self) -> list[str]:
        """Kernels that are not kept, but still run long after the bridges are gone."""
        kept = [f"kernel-{id}.json" for id in self._may_stay()]
        kernels = [process for process in self.home.processes() if "kernel-" in _command(process)]
        ending = [process for process in kernels if not any(file in _command(process) for file in kept)]
        _, alive = psutil.wait_procs(ending, timeout=GONE_S)
        return [f"a kernel was left: {_command(process)}" for process in alive]

    def _may_stay(self) -> Iterator[str]:
        """Kernels that were detached or are kept."""
        for client in self.clients:
            yield from (id for id, kernel in client.mirror.kernels.items() if kernel["keepAlive"])
            bound = {
                message["params"]["kernel"]["id"]
                for message in client.messages
                if "kernel" in (message.get("params") or {})
            }
            if any(argument_of(asked, "detachKernel") is not None for asked in client.asked.values()):
                yield from bound  # one of them was detached

    async def _remembered(self, client: Client, killed: bool) -> list[str]:
        """What is wrong with the runs in the history."""
        runs = (await client.command("history", limit=1_000_000))["runs"]
        kept = {run["id"]: run for run in runs}
        wrong = [] if len(kept) == len(runs) else ["the history has a run twice"]
        wrong += [f"run {id} was in the history, and is lost" for id in self._listed - kept.keys()]
        wrong += [
            f"run {run['id']} is {run['state']} in the history" for run in runs if run["state"] not in ENDS
        ]
        if killed:
            return wrong
        for before in self.clients:
            told = [
                run
                for run in before.mirror.runs.values()
                if not run["source"].endswith(SILENT) and not run.get("detached")  # those continued elsewhere
            ]
            for number, run in enumerate(told):
                if (found := kept.get(run["id"])) is None:
                    wrong.append(f"run {run['id']} ({run['state']}) is not in the history")
                elif found["state"] != run["state"]:
                    wrong.append(
                        f"run {run['id']} was {run['state']}, and is {found['state']} in the history"
                    )
                elif number < COMPARED:
                    got = (await client.command("getRun", runId=run["id"]))["run"]["outputs"]
                    seen = before.mirror.outputs.get(run["id"], [])
                    # another budget elides differently
                    if got != seen and not any("elided" in output for output in seen):
                        wrong.append(f"run {run['id']}: {seen} was seen, {got} is in the history")
        return wrong


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _open(client: Client) -> list[Json]:
    return [run for run in client.mirror.runs.values() if run["state"] not in ENDS]
