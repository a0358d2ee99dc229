"""Two processes hand a kernel over: no message is lost, and none comes to both."""

import os
from typing import Any

import pytest

from kernel_bridge.kernels.found import locate
from kernel_bridge.kernels.running import host_of
from kernel_bridge.kernels.session import KernelSession
from kernel_bridge.protocol.objects import Owner
from kernel_bridge.runs.events import ExecuteReply, InputRequest, Status
from tests.kernel.conftest import Ears
from tests.kernel.executing import run

pytestmark = pytest.mark.slow

IDLE = Status("idle")
LINES = 20_000
FLOOD = f"for line in range({LINES}):\n    print(line, flush=True)"


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


async def hand_over(kernels: Any, giver: KernelSession) -> tuple[KernelSession, Ears]:
    taker, ears = taker_of(kernels, giver)
    giver.note_messages()
    first = await taker.listen(giver.identity, giver.hands_over)
    await giver.hear_until(first)
    taker.continue_(giver.part())
    return taker, ears


async def test_each_message_of_a_flood_comes_to_one_of_ten(kernels: Any) -> None:
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
