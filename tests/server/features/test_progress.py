"""Progress of slow work, and how the user cancels it."""

from typing import Any

import pytest

from tests.home import Home, install_fake_kernel
from tests.server.client import editor
from tests.server.features.plain import STANDARD, Plain
from tests.server.wire import ResponseError

Json = dict[str, Any]


def progress(plain: Plain) -> list[tuple[Any, Json]]:
    """The tokens and values of every $/progress."""
    sent = [m["params"] for m in plain.client.messages if m.get("method") == "$/progress"]
    return [(params["token"], params["value"]) for params in sent]


async def until_progress(plain: Plain, kind: str, part: str = "") -> tuple[Any, Json]:
    """Wait for progress of that kind whose text contains `part`. Return its token and value."""
    return await plain.client.until_true(
        lambda: next((one for one in progress(plain) if one[1]["kind"] == kind and part in str(one[1])), None)
    )


async def test_a_starting_kernel_reports_progress(plain: Plain) -> None:
    document = plain.client.open("6 * 7\n")
    await plain.act(document, "Run line", (0, 0))
    token, value = await until_progress(plain, "begin", "Starting Python 3")
    assert value["cancellable"]
    assert (await until_progress(plain, "end"))[0] == token
    await plain.until_hint(document, "→ 42")
    created = [m for m in plain.client.messages if m.get("method") == "window/workDoneProgress/create"]
    assert [message["params"]["token"] for message in created] == [token]


async def test_cancelling_a_start(home: Home) -> None:
    install_fake_kernel(home, "--never-ready")
    async with editor(home, capabilities=None, standard=STANDARD) as client:
        plain = Plain(client)
        call = client.call_command("startKernel", spec="fake")
        token, _ = await until_progress(plain, "begin", "Starting Fake")
        client.notify("window/workDoneProgress/cancel", {"token": token})
        with pytest.raises(ResponseError, match="was shut down while it started"):
            await call
        await until_progress(plain, "end")


async def test_a_long_run_reports_its_newest_line_and_is_cancelled(plain: Plain) -> None:
    code = "import time\nfor n in range(600): print(f'step {n}', flush=True); time.sleep(0.1)\n"
    document = plain.client.open(code)
    await plain.act(document, "Run whole document", (0, 0))
    token, value = await until_progress(plain, "begin", "Running import time")
    assert value["cancellable"]
    await until_progress(plain, "report", "step ")
    plain.client.notify("window/workDoneProgress/cancel", {"token": "unknown"})
    plain.client.notify("window/workDoneProgress/cancel", {"token": token})
    await plain.until_hint(document, "KeyboardInterrupt")
    await plain.client.until_true(lambda: (token, {"kind": "end"}) in progress(plain))


async def test_a_client_that_shows_runs_gets_none(home: Home) -> None:
    async with editor(home, standard=STANDARD) as client:
        await client.run(code="1")
        assert progress(Plain(client)) == []
