"""How a run ends if the kernel's replies are odd or missing (protocol.md, "How a run ends")."""

import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import psutil
import pytest
import pytest_asyncio

from tests.home import Home, install_fake_kernel, private_home
from tests.server.client import Client, editor
from tests.server.wire import Json, ResponseError

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

ERROR = 'publish error {"ename": "E", "evalue": "v", "traceback": ["t"]}'
FAILED = 'reply {"status": "error", "ename": "E", "evalue": "v", "traceback": ["t"]}'
RAISED = {"ename": "E", "evalue": "v", "traceback": ["t"]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fake() -> AsyncIterator[tuple[Client, str]]:
    """A client and the id of its fake kernel."""
    with private_home() as home:
        install_fake_kernel(home)
        async with editor(home) as client:
            yield client, (await client.command("startKernel", spec="fake"))["id"]


async def ended(fake: tuple[Client, str], *steps: str) -> Json:
    client, kernel = fake
    return await client.run(code="\n".join(("busy", "input", *steps)), kernelId=kernel)


@pytest.mark.parametrize(
    ("steps", "state", "error"),
    [
        (['reply {"status": "ok"}', "idle"], "ok", None),
        (["idle", 'reply {"status": "ok"}'], "ok", None),
        ([ERROR, FAILED, "idle"], "error", RAISED),
        ([FAILED, "idle"], "error", RAISED),
        ([ERROR, "reply {}", "idle"], "error", RAISED),
        (["reply {}", "idle"], "ok", None),
        ([ERROR, 'reply {"status": "ok"}', "idle"], "ok", None),
        (['reply {"status": "abort"}', "idle"], "aborted", None),
        (['reply {"status": "aborted"}', "idle"], "aborted", None),
    ],
)
async def test_every_kind_of_reply(
    fake: tuple[Client, str], steps: list[str], state: str, error: Any
) -> None:
    run = await ended(fake, *steps)
    assert (run["state"], run.get("error"), "degraded" in run) == (state, error, False)
    assert ("reason" in run) == (state == "aborted")


@pytest.mark.parametrize(
    ("steps", "state"),
    [(['reply {"status": "ok"}'], "ok"), (["idle"], "ok"), ([ERROR, "idle"], "error")],
    ids=["no idle", "no reply", "an error and no reply"],
)
async def test_a_missing_reply_or_idle_is_awaited_for_two_seconds(
    fake: tuple[Client, str], steps: list[str], state: str
) -> None:
    run = await ended(fake, *steps)
    assert (run["state"], run["degraded"]) == (state, True)
    assert (await ended(fake, "reply", "idle"))["state"] == "ok"


async def test_a_run_aborted_by_the_kernel_does_not_clear_the_queue(fake: tuple[Client, str]) -> None:
    client, kernel = fake
    steps = "\n".join(("busy", "sleep 0.1", 'reply {"status": "aborted"}', "idle"))
    await client.run(code=steps, kernelId=kernel, wait=False)
    assert (await ended(fake, "reply", "idle"))["state"] == "ok"


async def test_an_unresponsive_kernel_accepts_no_runs(home: Home) -> None:
    async with editor(home) as client:
        kernel = await client.command("startKernel", spec="python3")
        os.kill(kernel["pid"], signal.SIGSTOP)
        kernel = await client.until_kernel(kernel["id"], "unreachable")
        assert "heartbeat" in kernel["reason"]
        with pytest.raises(ResponseError, match="heartbeat") as caught:
            await client.command("run", code="1", kernelId=kernel["id"])
        assert caught.value.kind == "KernelUnreachable"
        outcome = await client.command("interruptKernel", kernelId=kernel["id"])
        assert outcome == {"outcome": "ignored"}
        psutil.Process(kernel["pid"]).resume()
        await client.until_kernel(kernel["id"], "idle")
        assert (await client.run(code="1", kernelId=kernel["id"]))["state"] == "ok"
