"""input() and getpass() prompt in the editor; a prompt is answered, cancelled, withdrawn or refused."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.wire import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")


class User:
    """Leaves every prompt open. `answers` are by prompt."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.answers: dict[str, asyncio.Future[str | None]] = {}
        client.stdin = self.asked

    async def asked(self, prompt: str) -> str | None:
        self.answers[prompt] = asyncio.get_running_loop().create_future()
        return await self.answers[prompt]

    async def until_asked(self, prompt: str) -> Json:
        """Wait for the prompt. Return the params of the request."""
        request = await self.client.until(
            lambda message: (
                message.get("method") == "kernel-bridge/stdin" and message["params"]["prompt"] == prompt
            )
        )
        await asyncio.sleep(0)  # the client handles the request in its own task
        params: Json = request["params"]
        return params

    def request_id(self, prompt: str) -> str:
        for message in self.client.messages:
            if message.get("method") == "kernel-bridge/stdin" and message["params"]["prompt"] == prompt:
                return str(message["id"])
        raise AssertionError(prompt)

    def withdrawn(self, prompt: str) -> bool:
        """Whether the server has withdrawn the prompt."""
        cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": self.request_id(prompt)}}
        return cancel in self.client.messages


@pytest.fixture
def user(shared: Client) -> User:
    return User(shared)


def text(run: Json) -> str:
    return "".join(output.get("text", "") for output in run["outputs"])


async def test_prompts_are_answered_in_order(shared: Client, user: User) -> None:
    run = await shared.run(code="print(input('first? ') + input('second? '))", wait=False)
    params = await user.until_asked("first? ")
    assert params == {"runId": run["id"], "kernelId": run["kernelId"], "prompt": "first? ", "password": False}
    user.answers["first? "].set_result("tea 🍵 ")
    await user.until_asked("second? ")
    user.answers["second? "].set_result("\\n")
    ended = await shared.until_ended(run["id"])
    assert (ended["state"], shared.mirror.text(run["id"])) == (
        "ok",
        "first? tea 🍵 \nsecond? \\n\ntea 🍵 \\n\n",
    )
    assert not user.withdrawn("first? ")
    assert not user.withdrawn("second? ")


async def test_earlier_output_arrives_before_the_prompt(shared: Client, user: User) -> None:
    run = await shared.run(code="print('a'); print('b'); input('seen? ')", wait=False)
    await user.until_asked("seen? ")
    assert shared.mirror.text(run["id"]) == "a\nb\n"
    user.answers["seen? "].set_result("")
    await shared.until_ended(run["id"])
    assert shared.mirror.text(run["id"]) == "a\nb\nseen? \n"


async def test_what_is_typed_in_pdb_is_kept(shared: Client) -> None:
    shared.stdin = lambda _, answers=iter(["p a + 1", "c"]): next(answers)
    run = await shared.run(code="import pdb\ndef f(a):\n    pdb.set_trace()\n    return a\nf(3)")
    stream = run["outputs"][0]
    assert stream["name"] == "stdout"
    assert stream["text"].endswith("\nipdb> p a + 1\n4\nipdb> c\n")
    path = (await shared.command("export", path="pdb.ipynb", runIds=[run["id"]]))["path"]
    assert "".join(json.loads(Path(path).read_text())["cells"][0]["outputs"][0]["text"]) == stream["text"]


async def test_a_password_is_stored_nowhere(shared: Client, user: User) -> None:
    secret = "hunter" + "2" * 9
    code = "import getpass\nprint(len(getpass.getpass('secret? ')))"
    run = await shared.run(code=code, wait=False)
    assert (await user.until_asked("secret? "))["password"] is True
    user.answers["secret? "].set_result(secret)
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


async def test_cancelling_a_prompt_interrupts(shared: Client, user: User) -> None:
    run = await shared.run(code="input('null? ')", wait=False)
    queued = await shared.run(code="1", wait=False, stopOnError=False)
    await user.until_asked("null? ")
    user.answers["null? "].set_result(None)
    assert (await shared.until_ended(run["id"]))["error"]["ename"] == "KeyboardInterrupt"
    assert (await shared.until_ended(queued["id"]))["state"] == "aborted"


@pytest.mark.parametrize("command", ["interruptKernel", "cancelRun"])
async def test_a_prompt_is_withdrawn_when_its_run_ends(shared: Client, user: User, command: str) -> None:
    prompt = f"{command}? "
    run = await shared.run(code=f"input({prompt!r})", wait=False)
    await user.until_asked(prompt)
    argument = {"runId": run["id"]} if command == "cancelRun" else {"kernelId": run["kernelId"]}
    await shared.command(command, **argument)
    assert (await shared.until_ended(run["id"]))["error"]["ename"] == "KeyboardInterrupt"
    await shared.until_true(lambda: user.withdrawn(prompt))


async def test_a_late_answer_is_ignored(shared: Client, user: User) -> None:
    """The editor answers a withdrawn prompt; the answer must not go to the next prompt."""
    code = "try:\n    input('early? ')\nexcept KeyboardInterrupt:\n    print(input('late? '))"
    released = asyncio.Event()

    async def stubborn(prompt: str) -> str | None:
        if prompt != "early? ":
            return await user.asked(prompt)
        waiting: asyncio.Task[Any] = asyncio.ensure_future(released.wait())
        while not waiting.done():
            try:
                await asyncio.shield(waiting)
            except asyncio.CancelledError:
                continue
        return "too late"

    shared.stdin = stubborn
    run = await shared.run(code=code, wait=False)
    await user.until_asked("early? ")
    interrupt = shared.call_command("interruptKernel", kernelId=run["kernelId"])
    await user.until_asked("late? ")
    await shared.until_true(lambda: user.withdrawn("early? "))
    released.set()
    await shared.command("listKernels")  # a round trip: the late answer has been read
    user.answers["late? "].set_result("in time")
    assert (await shared.until_ended(run["id"]))["state"] == "ok"
    assert shared.mirror.text(run["id"]) == "late? in time\nin time\n"
    assert await interrupt == {"outcome": "interrupted"}


async def test_a_run_without_stdin(shared: Client) -> None:
    run = await shared.run(code="input()", allowStdin=False)
    assert run["error"]["ename"] == "StdinNotImplementedError"


async def test_an_editor_without_stdin(home: Home) -> None:
    async with editor(home, capabilities={"version": 1, "output": True, "stdin": False}) as client:
        run = await client.run(code="import getpass; getpass.getpass()")
        assert (run["state"], run["error"]["ename"]) == ("error", "StdinNotImplementedError")


async def test_the_end_of_a_kernel_withdraws_its_prompt(shared: Client, user: User) -> None:
    kernel = await shared.command("startKernel", spec="python3")
    run = await shared.run(code="input('restart? ')", kernelId=kernel["id"], wait=False)
    await user.until_asked("restart? ")
    await shared.command("restartKernel", kernelId=kernel["id"])
    assert (await shared.until_ended(run["id"]))["state"] == "lost"
    await shared.until_true(lambda: user.withdrawn("restart? "))
    run = await shared.run(code="input('again? ')", kernelId=kernel["id"], wait=False)
    await user.until_asked("again? ")
    user.answers["again? "].set_result("yes")
    ended = await shared.until_ended(run["id"])
    assert ended["state"] == "ok"
    assert shared.mirror.outputs[run["id"]][-1]["data"] == {"text/plain": "'yes'"}
    await shared.command("shutdownKernel", kernelId=kernel["id"])
