"""Several clients of one bridge, each with its own sequence numbers, budget and pace; one answers input()."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from kernel_bridge.bridge.application import Bridge
from kernel_bridge.bridge.observer import Silent
from kernel_bridge.bridge.submission import RunOptions, Source, Submission, Wanted, submit
from kernel_bridge.protocol.commands import StartKernelParams
from kernel_bridge.protocol.objects import Run
from kernel_bridge.protocol.settings import HistorySettings, Settings
from tests.home import Home
from tests.server.mirror import apply
from tests.unit.test_outbox import BUFFER_BYTES, Editor

pytestmark = pytest.mark.slow

Json = dict[str, Any]


class Client(Silent):
    """Records what one client is notified of, and the outputs that this produces."""

    can_ask = False

    def __init__(self) -> None:
        self.outputs: dict[str, list[Json]] = {}
        self.states: dict[str, str] = {}
        self._news = asyncio.Event()

    def run_met(self, run: Run) -> None:
        self.states[run.id] = run.state
        self.outputs[run.id] = copy.deepcopy(run.outputs or [])

    def run_changed(self, run: Run) -> None:
        self.states[run.id] = run.state
        self._news.set()

    def output(self, run_id: str, kernel_id: str, changes: list[Json], urgent: bool) -> None:
        apply(self.outputs.setdefault(run_id, []), copy.deepcopy(changes))
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def text(self, run_id: str) -> str:
        return "".join(output.get("text", "") for output in self.outputs.get(run_id, []))


class Person(Client):
    """A client that is asked for input, and answers when the test does."""

    can_ask = True

    def __init__(self) -> None:
        super().__init__()
        self.asked: asyncio.Future[str | None] | None = None
        self.withdrawn = False

    async def ask(self, run_id: str, kernel_id: str, prompt: str, password: bool) -> str | None:
        self.asked = asyncio.get_running_loop().create_future()
        self._news.set()
        try:
            return await self.asked
        except asyncio.CancelledError:
            self.withdrawn = True
            self._news.set()
            raise

    async def until_asked(self) -> None:
        await self.until(lambda: self.asked is not None)

    async def answer(self, value: str | None) -> None:
        await self.until_asked()
        assert self.asked is not None
        self.asked.set_result(value)


class Faulty(Client):
    """A client that raises."""

    def output(self, run_id: str, kernel_id: str, changes: list[Json], urgent: bool) -> None:
        raise RuntimeError("a bug")


class Session:
    """A bridge with one kernel and one client."""

    def __init__(self, home: Home, first: Person) -> None:
        self.first = first
        self.bridge = Bridge(Settings(history=HistorySettings(enabled=False)), home.path)
        self.bridge.join(first)
        self.kernel_id = ""

    async def run(self, code: str) -> Submission:
        wanted, options = Wanted("the test", [Source(code)]), RunOptions()
        submission = await submit(self.bridge, wanted, kernel_id=self.kernel_id, options=options)
        submission.announce()
        return submission

    def outputs(self, submission: Submission) -> list[Json]:
        return submission.runs[0].live.outputs


async def read_to_the_end(editor: Editor, run_id: str, outputs: list[Json]) -> None:
    """Apply the messages that an editor receives for a run, numbered from 1, until the run has ended."""
    seq, state = 0, None
    async with asyncio.timeout(20):
        while state != "ok":
            message = await editor.read()
            if message.get("runId") == run_id:
                seq += 1
                assert message["seq"] == seq
                apply(outputs, message["changes"])
            state = message.get("run", {}).get("state")


@pytest_asyncio.fixture
async def session(home: Home) -> AsyncIterator[Session]:
    session = Session(home, Person())
    kernel = await session.bridge.start_kernel(StartKernelParams(spec="python3"))
    session.kernel_id = kernel.id
    yield session
    await session.bridge.close()


CHATTY = """
from IPython.display import display, clear_output
handle = display("0", display_id=True)
for number in range(200):
    print(number, end="\\r" if number % 3 else "\\n", flush=True)
    if number % 50 == 0:
        handle.update(str(number))
        display(number)
"""


async def test_every_client_has_the_same_outputs(session: Session) -> None:
    second = Client()
    session.bridge.join(second)
    submission = await session.run(CHATTY)
    await submission.ended()
    run_id = submission.runs[0].id
    assert session.first.outputs[run_id] == second.outputs[run_id] == session.outputs(submission)
    assert session.first.states[run_id] == second.states[run_id] == "ok"


async def test_a_late_client_gets_past_and_future_output(session: Session) -> None:
    submission = await session.run(CHATTY + "input()\n" + CHATTY)
    run_id = submission.runs[0].id
    await session.first.until_asked()
    late = Client()
    session.bridge.join(late)
    assert late.outputs[run_id] == session.first.outputs[run_id] != []
    assert late.states[run_id] == "running"
    await session.first.answer("")
    await submission.ended()
    assert late.outputs[run_id] == session.first.outputs[run_id] == session.outputs(submission)
    assert late.states[run_id] == "ok"


async def test_a_client_that_left_gets_nothing_more(session: Session) -> None:
    leaving, staying = Client(), Client()
    session.bridge.join(leaving)
    session.bridge.join(staying)
    first = await session.run("print('before')")
    await first.ended()
    session.bridge.leave(leaving)
    second = await session.run("print('after')")
    await second.ended()
    assert leaving.outputs.keys() == {first.runs[0].id}
    assert staying.text(second.runs[0].id) == "after\n"


async def test_each_client_has_its_own_budget(session: Session) -> None:
    small, large = Client(), Client()
    session.bridge.join(small, budget_bytes=10)
    first = await session.run("print('x' * 100)")
    await first.ended()
    session.bridge.join(large, budget_bytes=1 << 20)
    second = await session.run("print('y' * 100)")
    await second.ended()
    elided = {"omitted": 91, "tail": "y" * 90 + "\n", "lines": 1}
    run_id = second.runs[0].id
    assert small.outputs[run_id] == [
        {"output_type": "stream", "name": "stdout", "text": "y" * 10, "elided": elided}
    ]
    assert large.outputs[run_id] == session.first.outputs[run_id] == session.outputs(second)
    asked = await session.bridge.get_run(run_id, small)
    assert asked.outputs == small.outputs[run_id]
    assert (await session.bridge.get_run(run_id)).outputs == large.outputs[run_id]


async def test_a_client_that_does_not_read_delays_nobody(session: Session) -> None:
    before = await session.run("display = print; display('before'); print('more')")
    await before.ended()
    stalled = Editor()
    session.bridge.join(stalled.outbox)
    code = "print('x' * 100_000, flush=True)\n" * 100 + "import sys; print('end', file=sys.stderr)"
    submission = await session.run(code)
    await submission.ended()  # although nothing of its output is read
    run_id = submission.runs[0].id
    assert session.first.outputs[run_id] == session.outputs(submission)
    outputs: list[Json] = []
    await read_to_the_end(stalled, run_id, outputs)
    assert outputs == session.outputs(submission)
    stalled.close()


async def test_a_late_outbox_continues_existing_output(session: Session) -> None:
    submission = await session.run(
        "handle = display('a', display_id=True); input(); display('b'); handle.update('c')"
    )
    run_id = submission.runs[0].id
    await session.first.until_asked()
    late = Editor()
    session.bridge.join(late.outbox)
    outputs = copy.deepcopy((await session.bridge.get_run(run_id, late.outbox)).outputs or [])
    assert len(outputs) == 1
    late.write(4 * BUFFER_BYTES)  # so that everything after it is merged
    await session.first.answer("")
    await submission.ended()
    await read_to_the_end(late, run_id, outputs)
    assert outputs == session.outputs(submission)
    late.close()


async def test_a_client_that_fails_does_not_disturb_the_others(session: Session) -> None:
    after = Client()
    session.bridge.join(Faulty())
    session.bridge.join(after)
    submission = await session.run("print(1)")
    await submission.ended()
    assert after.text(submission.runs[0].id) == "1\n"


# input()


async def test_the_first_answer_wins(session: Session) -> None:
    second = Person()
    session.bridge.join(second)
    submission = await session.run("print(input('?'))")
    await session.first.until_asked()
    await second.answer("two")
    await submission.ended()
    await session.first.until(lambda: session.first.withdrawn)
    assert not second.withdrawn
    assert session.first.text(submission.runs[0].id) == "?two\ntwo\n"


async def test_a_client_that_leaves_does_not_withdraw_the_prompt_from_others(session: Session) -> None:
    second = Person()
    session.bridge.join(second)
    submission = await session.run("print(input('?'))")
    await second.until_asked()
    session.bridge.leave(second)
    await second.until(lambda: second.withdrawn)
    await session.first.answer("one")
    await submission.ended()
    assert session.first.text(submission.runs[0].id) == "?one\none\n"


async def test_a_new_client_gets_the_open_prompt(session: Session) -> None:
    submission = await session.run("print(input('?'))")
    await session.first.until_asked()
    late = Person()
    session.bridge.join(late)
    session.bridge.leave(session.first)
    await late.answer("late")
    await submission.ended()
    assert late.text(submission.runs[0].id) == "?late\nlate\n"


async def test_the_run_is_interrupted_when_the_last_client_leaves(session: Session) -> None:
    watching = Client()
    session.bridge.join(watching)
    submission = await session.run("input('?')")
    await session.first.until_asked()
    session.bridge.leave(session.first)
    await submission.ended()
    run = submission.runs[0]
    assert run.error is not None
    assert (run.state, run.error.ename) == ("error", "KeyboardInterrupt")
    assert watching.states[run.id] == "error"


async def test_without_a_client_to_ask_the_kernel_raises_its_own_error(session: Session) -> None:
    session.bridge.leave(session.first)
    submission = await session.run("input('?')")
    await submission.ended()
    run = submission.runs[0]
    assert run.error is not None
    assert (run.state, run.error.ename) == ("error", "StdinNotImplementedError")
