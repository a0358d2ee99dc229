"""input() and getpass(): the editor is asked; the prompt is answered, cancelled, withdrawn or refused."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.wire import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Person:
    """Leaves every question open; `answers` are by prompt."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.answers: dict[str, asyncio.Future[str | None]] = {}
        client.stdin = self.asked

    async def asked(self, prompt: str) -> str | None:
        self.answers[prompt] = asyncio.get_running_loop().create_future()
        return await self.answers[prompt]

    async def is_asked(self, prompt: str) -> Json:
        """Waits for the question; the params of the request."""
        request = await self.client.until(
            lambda message: (
                message.get("method") == "kernel-bridge/stdin" and message["params"]["prompt"] == prompt
            )
        )
        await asyncio.sleep(0)  # the client asks in a task of its own
        params: Json = request["params"]
        return params

    def request_id(self, prompt: str) -> str:
        for message in self.client.messages:
            if message.get("method") == "kernel-bridge/stdin" and message["params"]["prompt"] == prompt:
                return str(message["id"])
        raise AssertionError(prompt)

    def withdrawn(self, prompt: str) -> bool:
        """Wait until the server has withdrawn the prompt."""
        cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": self.request_id(prompt)}}
        return cancel in self.client.messages


@pytest.fixture
def person(shared: Client) -> Person:
    return Person(shared)


def text(run: Json) -> str:
    return "".join(output.get("text", "") for output in run["outputs"])


async def test_questions_are_answered_in_turn(shared: Client, person: Person) -> None:
    run = await shared.run(code="print(input('first? ') + input('second? '))", wait=False)
    params = await person.is_asked("first? ")
    assert params == {"runId": run["id"], "kernelId": run["kernelId"], "prompt": "first? ", "password": False}
    person.answers["first? "].set_result("tea 🍵 ")
    await person.is_asked("second? ")
    person.answers["second? "].set_result("\\n")
    ended = await shared.until_ended(run["id"])
    assert (ended["state"], shared.mirror.text(run["id"])) == ("ok", "tea 🍵 \\n\n")
    assert not person.withdrawn("first? ")
    assert not person.withdrawn("second? ")


async def test_what_was_printed_before_is_there_when_the_question_comes(
    shared: Client, person: Person
) -> None:
    run = await shared.run(code="print('a'); print('b'); input('seen? ')", wait=False)
    await person.is_asked("seen? ")
    assert shared.mirror.text(run["id"]) == "a\nb\n"
    person.answers["seen? "].set_result("")
    await shared.until_ended(run["id"])


async def test_a_password_is_kept_nowhere(shared: Client, person: Person) -> None:
    secret = "hunter" + "2" * 9
    code = "import getpass\nprint(len(getpass.getpass('secret? ')))"
    run = await shared.run(code=code, wait=False)
    assert (await person.is_asked("secret? "))["password"] is True
    person.answers["secret? "].set_result(secret)
    await shared.until_ended(run["id"])
    assert shared.mirror.text(run["id"]) == "15\n"
    path = (await shared.command("export", path="secret.ipynb", runIds=[run["id"]]))["path"]
    kept = [
        json.dumps(await shared.command("getRun", runId=run["id"])),
        shared.stderr(),
        Path(path).read_text(),
    ]
    assert [where for where in kept if secret in where] == []
    database = b"".join(file.read_bytes() for file in shared.home.path.rglob("history.db*"))
    assert database
    assert secret.encode() not in database


async def test_a_person_who_cancels_interrupts(shared: Client, person: Person) -> None:
    run = await shared.run(code="input('null? ')", wait=False)
    queued = await shared.run(code="1", wait=False, stopOnError=False)
    await person.is_asked("null? ")
    person.answers["null? "].set_result(None)
    assert (await shared.until_ended(run["id"]))["error"]["ename"] == "KeyboardInterrupt"
    assert (await shared.until_ended(queued["id"]))["state"] == "aborted"


@pytest.mark.parametrize("command", ["interruptKernel", "cancelRun"])
async def test_a_question_goes_away_with_its_run(shared: Client, person: Person, command: str) -> None:
    prompt = f"{command}? "
    run = await shared.run(code=f"input({prompt!r})", wait=False)
    await person.is_asked(prompt)
    argument = {"runId": run["id"]} if command == "cancelRun" else {"kernelId": run["kernelId"]}
    await shared.command(command, **argument)
    assert (await shared.until_ended(run["id"]))["error"]["ename"] == "KeyboardInterrupt"
    await shared.until_true(lambda: person.withdrawn(prompt))


async def test_a_late_answer_is_ignored(shared: Client, person: Person) -> None:
    """The editor answers a withdrawn prompt; the answer must not go to the next prompt."""
    code = "try:\n    input('early? ')\nexcept KeyboardInterrupt:\n    print(input('late? '))"
    released = asyncio.Event()

    async def stubborn(prompt: str) -> str | None:
        if prompt != "early? ":
            return await person.asked(prompt)
        waiting: asyncio.Task[Any] = asyncio.ensure_future(released.wait())
        while not waiting.done():
            try:
                await asyncio.shield(waiting)
            except asyncio.CancelledError:
                continue
        return "too late"

    shared.stdin = stubborn
    run = await shared.run(code=code, wait=False)
    await person.is_asked("early? ")
    interrupt = shared.call_command("interruptKernel", kernelId=run["kernelId"])
    await person.is_asked("late? ")
    await shared.until_true(lambda: person.withdrawn("early? "))
    released.set()
    await shared.command("listKernels")  # a round trip: the late answer has been read
    person.answers["late? "].set_result("in time")
    assert (await shared.until_ended(run["id"]))["state"] == "ok"
    assert shared.mirror.text(run["id"]) == "in time\n"
    assert await interrupt == {"outcome": "interrupted"}


async def test_a_run_that_may_not_ask(shared: Client) -> None:
    run = await shared.run(code="input()", allowStdin=False)
    assert run["error"]["ename"] == "StdinNotImplementedError"


async def test_an_editor_that_cannot_answer(home: Home) -> None:
    async with editor(home, capabilities={"version": 1, "output": True, "stdin": False}) as client:
        run = await client.run(code="import getpass; getpass.getpass()")
        assert (run["state"], run["error"]["ename"]) == ("error", "StdinNotImplementedError")


async def test_a_kernel_that_ends_withdraws_its_question(shared: Client, person: Person) -> None:
    kernel = await shared.command("startKernel", spec="python3")
    run = await shared.run(code="input('restart? ')", kernelId=kernel["id"], wait=False)
    await person.is_asked("restart? ")
    await shared.command("restartKernel", kernelId=kernel["id"])
    assert (await shared.until_ended(run["id"]))["state"] == "lost"
    await shared.until_true(lambda: person.withdrawn("restart? "))
    run = await shared.run(code="input('again? ')", kernelId=kernel["id"], wait=False)
    await person.is_asked("again? ")
    person.answers["again? "].set_result("yes")
    ended = await shared.until_ended(run["id"])
    assert ended["state"] == "ok"
    assert shared.mirror.outputs[run["id"]][0]["data"] == {"text/plain": "'yes'"}
    await shared.command("shutdownKernel", kernelId=kernel["id"])
