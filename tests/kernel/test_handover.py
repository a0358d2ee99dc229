"""Two processes hand a kernel over: no message is lost, and none comes to both."""

import asyncio
import os
from typing import Any

import msgspec
import pytest

from kernel_bridge.kernels.conversation import Conversation, cut_off
from kernel_bridge.kernels.found import locate
from kernel_bridge.kernels.running import host_of, list_running
from kernel_bridge.kernels.session import KernelSession
from kernel_bridge.protocol.objects import Owner
from kernel_bridge.runs.events import ExecuteReply, InputRequest, Status, Stream
from tests.home import Home, let_kernels_drop_nothing
from tests.kernel.conftest import Ears
from tests.kernel.executing import run

pytestmark = pytest.mark.slow

IDLE = Status("idle")
LINES = 20_000
FLOOD = f"""
import sys
for line in range({LINES}):
    sys.stdout.write(f"{{line}}\\n")  # one message a line: print() writes twice
    sys.stdout.flush()
"""


def taker_of(kernels: Any, giver: KernelSession) -> tuple[KernelSession, Ears]:
    ears = Ears()
    ears.session = KernelSession(
        host_of(locate(kernel_id=giver.id), kernels.keeper, Owner(name="tests", pid=os.getpid())),
        listener=ears,
    )
    kernels.sessions.append(ears.session)
    return ears.session, ears


async def hears_some(ears: Ears) -> None:
    await ears.until(lambda: len(ears.heard) > 20)


async def hand_over(
    kernels: Any, giver: KernelSession, hands_over: bool = True
) -> tuple[KernelSession, Ears]:
    taker, ears = taker_of(kernels, giver)
    giver.note_messages()
    first = await taker.listen(giver.identity if hands_over else None, hands_over)
    await giver.hear_until(first)
    sent = msgspec.msgpack.encode(giver.part())
    taker.continue_(msgspec.msgpack.decode(sent, type=Conversation))
    return taker, ears


async def test_each_message_of_a_flood_comes_to_one_of_ten(home: Home, kernels: Any) -> None:
    let_kernels_drop_nothing(home)
    session, ears = await kernels.start()
    parent = run(session, FLOOD)
    everyone = [ears]
    for _ in range(10):
        await hears_some(ears)
        session, ears = await hand_over(kernels, session)
        everyone.append(ears)
    await ears.until(lambda: session.state == "idle", within_s=60)
    await ears.until(lambda: any(isinstance(event, ExecuteReply) for _, event in ears.heard))
    texts = [one.text(parent) for one in everyone]
    assert "".join(texts).splitlines() == [str(line) for line in range(LINES)]
    assert all(texts)
    assert session.take_lost() == 0
    assert [sum(isinstance(event, ExecuteReply) for event in one.of(parent)) for one in everyone] == [
        0
    ] * 10 + [1]
    again = run(session, "input('name? ')")
    await ears.until(lambda: any(isinstance(event, InputRequest) for event in ears.of(again)))
    session, ears = await hand_over(kernels, session)
    assert session.state == "busy"
    session.answer_input("x")
    await ears.has(again, IDLE)
    assert session.take_lost() == 0


async def test_without_replies_the_idle_comes_to_the_taker(kernels: Any) -> None:
    session, ears = await kernels.start()
    parent = run(session, "import time\nprint('before', flush=True)\ntime.sleep(2)\nprint('after')")
    await ears.has(parent, Stream("stdout", "before\n"))
    session, ears = await hand_over(kernels, session, hands_over=False)
    await ears.has(parent, IDLE)
    assert ears.of(parent) == [Stream("stdout", "after\n"), IDLE]
    assert (session.state, session.take_lost()) == ("idle", 0)
    again = run(session, "2")
    await ears.has(again, IDLE)
    await ears.until(lambda: any(isinstance(event, ExecuteReply) for event in ears.of(again)))


async def test_after_a_kill_the_missing_messages_are_counted(kernels: Any) -> None:
    session, ears = await kernels.start(keep_alive=True)
    record = locate(kernel_id=session.id).record
    assert record is not None
    assert record.identity is not None
    assert record.session is not None
    identity = bytes.fromhex(record.identity)
    assert identity == session.identity
    parent = run(session, FLOOD)
    await hears_some(ears)
    cut = cut_off(identity, record.session, [parent], session.heard)
    await session.detach()  # without a hand-over, as if its process were killed
    taker, rest = taker_of(kernels, session)
    await taker.listen(identity, True)
    taker.continue_(cut)
    assert taker.state == "busy"
    await rest.until(lambda: taker.state == "idle", within_s=60)
    await rest.until(lambda: any(isinstance(event, ExecuteReply) for _, event in rest.heard))
    heard = ears.text(parent).splitlines() + rest.text(parent).splitlines()
    assert taker.take_lost() == LINES - len(heard) > 0

    # it becomes idle while nobody follows it
    last = taker.heard
    parent = run(taker, "print('unheard')")
    cut = cut_off(identity, record.session, [parent], last)
    await taker.detach()
    async with asyncio.timeout(20):
        while [kernel.state for kernel in await list_running()] != ["idle"]:
            pass
    session, ears = taker_of(kernels, taker)
    await session.listen(identity, True)
    session.continue_(cut)
    await ears.until(lambda: session.state == "idle")
    assert ears.of(parent) == []
    assert session.take_lost() >= 4  # busy, execute_input, the text, idle
