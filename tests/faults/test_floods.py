"""Floods of output, with editors and bridges that cannot keep up: nothing is lost."""

import pytest

from tests.faults.fake import Fake, listening, script
from tests.home import Home, install_fake_kernel
from tests.server.client import editor

pytestmark = pytest.mark.slow

shared_loop = pytest.mark.asyncio(loop_scope="module")

LINE = '"line %d\\n"'


def lines(number: int) -> str:
    return "".join(f"line {count}\n" for count in range(number))


@shared_loop
async def test_200_000_messages_arrive(fake: Fake) -> None:
    run = await fake.run(f"flood 200000 {LINE}", 'result "done"')
    assert run["outputs"][1]["data"] == {"text/plain": "done"}
    assert await fake.text(run["id"]) == lines(200_000)


@shared_loop
async def test_an_editor_that_stops_reading_loses_nothing_and_can_interrupt(fake: Fake) -> None:
    ear = await listening(fake)
    fake.client.reading.clear()
    try:
        flood = fake.client.call_command(
            "run", code=script(f"flood 30000 {LINE}"), kernelId=fake.kernel["id"]
        )
        assert await ear.hears("idle")  # so the kernel was not blocked
        endless = fake.client.call_command(
            "run", code=script(f"flood 100000000 {LINE}", 'result "done"'), kernelId=fake.kernel["id"]
        )
        assert await ear.hears("busy")
        interrupt = fake.client.call_command("interruptKernel", kernelId=fake.kernel["id"])
        assert await ear.hears("idle")
    finally:
        ear.close()
        fake.client.reading.set()
    assert await interrupt == {"outcome": "interrupted"}
    first, second = (await flood)["runs"][0]["id"], (await endless)["runs"][0]["id"]
    assert (await fake.client.until_ended(second))["state"] == "ok"
    assert await fake.text(first) == lines(30_000)
    kept = await fake.text(second)
    assert kept == lines(kept.count("\n"))
    assert fake.client.mirror.outputs[second][1]["data"] == {"text/plain": "done"}


@shared_loop
async def test_an_editor_that_stalls_for_10_s_receives_the_whole_flood(fake: Fake) -> None:
    ear = await listening(fake)
    fake.client.reading.clear()
    try:
        code = script(f"flood 10s {LINE}", 'result "done"')
        call = fake.client.call_command("run", code=code, kernelId=fake.kernel["id"])
        assert await ear.hears("idle")
    finally:
        ear.close()
        fake.client.reading.set()
    run = await fake.client.until_ended((await call)["runs"][0]["id"])
    assert (run["state"], "lostMessages" in run, "degraded" in run) == ("ok", False, False)
    kept = await fake.text(run["id"])
    assert kept == lines(kept.count("\n"))
    assert kept.count("\n") > 30_000
    assert fake.client.mirror.outputs[run["id"]][1]["data"] == {"text/plain": "done"}


@shared_loop
async def test_a_thousand_runs_are_queued_and_run_in_order(fake: Fake) -> None:
    calls = [
        fake.client.call_command("run", code=script(f"stream stdout {number}"), kernelId=fake.kernel["id"])
        for number in range(100, 1100)
    ]
    runs = [(await call)["runs"][0]["id"] for call in calls]
    await fake.client.until_ended(runs[-1])
    assert [fake.client.mirror.text(run) for run in runs] == [str(number) for number in range(100, 1100)]


async def test_a_bridge_killed_in_a_flood_keeps_the_first_output(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home) as client:
        fake = Fake(client, await client.command("startKernel", spec="fake"))
        run_id = await fake.start(f"flood 100000000 {LINE}")
        await client.until_text(run_id, "line 20000\n")
        client.process.kill()
        await client.ended(exit_code=-9, gone_within_s=10)
    async with editor(home) as client:
        (run,) = (await client.command("history"))["runs"]
        assert (run["id"], run["state"]) == (run_id, "lost")
        kept = await Fake(client, {}).text(run_id)
        assert kept.count("\n") > 1000
        assert kept == lines(kept.count("\n"))


@shared_loop
async def test_evicted_runs_are_in_the_history(fake: Fake) -> None:
    """Each run has outputs of 1 MB, of which only a bounded number stays in memory."""
    code = script('flood 101 "' + "x" * 10_000 + '"')
    first = await fake.client.run(code=code, kernelId=fake.kernel["id"])
    for _ in range(9):
        calls = [fake.client.call_command("run", code=code, kernelId=fake.kernel["id"]) for _ in range(10)]
        runs = [(await call)["runs"][0]["id"] for call in calls]
        await fake.client.until_ended(runs[-1])
    got = await fake.client.command("getRun", runId=first["id"])
    assert got["run"]["outputs"] == first["outputs"]
    assert got["seq"] == fake.client.mirror.seq[first["id"]]
