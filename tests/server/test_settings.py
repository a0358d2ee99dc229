"""Settings in every form that editors send, and the effect of each."""

import sqlite3
from typing import Any

import pytest

from tests.home import Home
from tests.server.client import EVERYTHING, Client, editor
from tests.server.conftest import Launch
from tests.server.wire import Json, ResponseError

SECTION = "kernel-bridge"


def warnings(client: Client) -> list[str]:
    """The messages shown to the user. Asserts that all are warnings."""
    shown = [
        message["params"] for message in client.messages if message.get("method") == "window/showMessage"
    ]
    assert all(params["type"] == 2 for params in shown)
    return [params["message"] for params in shown]


async def starts_by_itself(client: Client) -> bool:
    """Whether a run in a new document would start a kernel (autoStart), without starting one.

    No kernel supports the document's language.
    """
    document = client.open("1", name="a.forth", language_id="forth")
    with pytest.raises(ResponseError) as caught:
        await client.command("run", unit="all", textDocument=document.identifier)
    client.close_document(document)
    assert caught.value.kind == "KernelRequired"
    assert "python3" in [spec["name"] for spec in caught.value.data["specs"]]
    return "autoStart" not in caught.value.message


def push(client: Client, settings: Any) -> None:
    client.notify("workspace/didChangeConfiguration", {"settings": settings})


async def test_pushed_settings(home: Home) -> None:
    async with editor(home, settings={"autoStart": False}) as client:
        assert not await starts_by_itself(client)
        push(client, {SECTION: {"autoStart": True}})
        assert await starts_by_itself(client)
        push(client, {SECTION: {"autoStart": False}, "other": {"autoStart": True}})
        omitted: list[Any] = [
            {SECTION: {"transport": "tcp"}},
            {SECTION: {}},
            {SECTION: None},
            {"other": 1},
            None,
        ]
        for settings in omitted:
            push(client, settings)
        assert not await starts_by_itself(client)
        push(client, {SECTION: {"autoStart": "no"}})
        assert await starts_by_itself(client)
        assert warnings(client) == [
            "setting kernel-bridge.autoStart: expected bool, got str; true is used",
        ]


async def test_pulled_settings(launch: Launch) -> None:
    client = await launch()
    client.settings = {"autoStart": False}
    workspace = {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}
    experimental = {"kernelBridge": EVERYTHING}
    capabilities = {"workspace": workspace, "experimental": experimental}
    client.server = await client.request("initialize", {"processId": None, "capabilities": capabilities})
    client.notify("initialized", {})

    async def pulled(since: int) -> Json:
        return await client.until(lambda m: m.get("method") == "workspace/configuration", since=since)

    assert (await pulled(0))["params"] == {"items": [{"section": SECTION}]}
    assert not await starts_by_itself(client)
    for empty in (None, {}, {"other": 1}):
        since = len(client.messages)
        client.settings = {"autoStart": empty is not None}
        push(client, empty)
        await pulled(since)
        assert await starts_by_itself(client) is (empty is not None)
    registered = [m["params"] for m in client.messages if m.get("method") == "client/registerCapability"]
    (registration,) = registered[0]["registrations"]
    assert registration["method"] == "workspace/didChangeConfiguration"
    assert registration["registerOptions"] == {"section": SECTION}
    await client.close()


async def test_a_failed_or_invalid_pull_changes_nothing(launch: Launch) -> None:
    client = await launch()
    capabilities = {"workspace": {"configuration": True}}
    options = {"autoStart": False}
    params = {"processId": None, "capabilities": capabilities, "initializationOptions": options}
    client.server = await client.request("initialize", params)
    client.settings = None
    client.notify("initialized", {})
    await client.until(lambda message: message.get("method") == "workspace/configuration")
    assert not await starts_by_itself(client)
    assert warnings(client) == []
    await client.close()


async def test_invalid_settings_are_named_and_valid_ones_are_used(home: Home) -> None:
    wrong = {
        "autoStart": False,
        "transport": "pigeon",
        "readyTimeout": "60",
        "defaultKernels": [],
        "history": {"maxBytes": -1, "enabled": 1},
        "outputBudget": 1.5,
        "coalesceMilliseconds": None,
        "unknown": 5,
    }
    async with editor(home, settings=wrong) as client:
        assert not await starts_by_itself(client)
        named = [message.split(":")[0] for message in warnings(client)]
        assert sorted(named) == [
            "setting kernel-bridge.defaultKernels",
            "setting kernel-bridge.history.enabled",
            "setting kernel-bridge.history.maxBytes",
            "setting kernel-bridge.outputBudget",
            "setting kernel-bridge.readyTimeout",
            "setting kernel-bridge.transport",
        ]


async def test_settings_that_are_not_an_object_are_named(home: Home) -> None:
    options: Any = [5]
    async with editor(home, settings=options) as client:
        await starts_by_itself(client)
        (warning,) = warnings(client)
        assert warning.startswith("setting kernel-bridge: expected an object")


async def test_default_kernels(home: Home) -> None:
    options = {SECTION: {"defaultKernels": {"forth": "python3", "r": "none-such"}}}
    async with editor(home, settings=options) as client:
        document = client.open("6 * 7", name="a.forth", language_id="forth")
        run = await client.run(unit="all", textDocument=document.identifier)
        assert run["state"] == "ok"
        named = {"textDocument": client.open("1", name="a.r", language_id="r").identifier}
        with pytest.raises(ResponseError, match=r"setting .*defaultKernels.r: .*none-such") as caught:
            await client.command("run", unit="all", **named)
        assert caught.value.kind == "NoSuchKernelSpec"
        (kernel,) = (await client.command("listKernels"))["kernels"]
        assert (kernel["transport"], kernel["keepAlive"]) == ("ipc", False)


async def test_transport_budget_and_coalescing(home: Home) -> None:
    settings = {"transport": "tcp", "outputBudget": 100, "coalesceMilliseconds": 60_000}
    async with editor(home, settings=settings) as client:
        run = await client.run(
            code="print('a' * 50, flush=True); print('b' * 100_000, flush=True)", wait=False
        )
        run = await client.until_ended(run["id"])
        (output,) = client.mirror.outputs[run["id"]]
        assert len(output["text"]) <= 100
        assert output["elided"]["omitted"] == 100_052 - len(output["text"])
        assert client.mirror.seq[run["id"]] <= 3  # the first immediately, the rest at the run's end
        kernel = client.mirror.kernels[run["kernelId"]]
        assert kernel["transport"] == "tcp"
        push(client, {SECTION: {"transport": "ipc", "readyTimeout": 0.001}})
        with pytest.raises(ResponseError, match="readyTimeout") as caught:
            await client.command("startKernel", spec="python3")
        assert caught.value.kind == "KernelNotReady"


async def test_without_trust_nothing_is_started(home: Home) -> None:
    async with editor(home, settings={"trusted": False}) as client:
        document = client.open("1")
        refused: list[tuple[str, Json]] = [
            ("startKernel", {"spec": "python3"}),
            ("startKernel", {"textDocument": document.identifier}),
            ("attachKernel", {}),
            ("attachKernel", {"connectionFile": "kernel-*.json"}),
            ("run", {"unit": "all", "textDocument": document.identifier}),
            ("run", {"code": "1"}),
            ("run", {"code": "1", "kernelId": "any"}),
        ]
        for name, argument in refused:
            with pytest.raises(ResponseError, match="not trusted") as caught:
                await client.command(name, **argument)
            assert (caught.value.code, caught.value.kind) == (-32803, "Untrusted")
        assert (await client.command("listKernelSpecs"))["specs"]
        assert await client.command("listKernels") == {"kernels": []}
        assert await client.command("history") == {"runs": []}
        assert [process.pid for process in home.processes()] == [client.process.pid]
        push(client, {SECTION: {"trusted": True}})
        assert (await client.run(unit="all", textDocument=document.identifier))["state"] == "ok"


async def test_without_trust_a_projects_database_is_not_opened(home: Home) -> None:
    database = home.work / "of-the-project.db"
    settings = {"trusted": False, "history": {"path": str(database)}}
    async with editor(home, settings=settings) as client:
        assert await client.command("history") == {"runs": []}
        push(client, {SECTION: {"transport": "tcp"}})
        with pytest.raises(ResponseError, match="not trusted"):
            await client.command("startKernel", spec="python3")
        assert not database.exists()
        (warning,) = warnings(client)
        assert warning.startswith("setting kernel-bridge.history.path: ")


async def test_trust_enables_the_configured_database(home: Home) -> None:
    database = home.work / "mine.db"
    settings = {"trusted": False, "history": {"path": str(database)}}
    async with editor(home, settings=settings) as client:
        push(client, {SECTION: {"trusted": True}})
        await client.run(code="1")
        assert len((await client.command("history"))["runs"]) == 1
        assert database.exists()


async def test_without_trust_a_projects_kernels_are_not_offered(home: Home) -> None:
    environment = home.work / ".venv"
    spec = environment / "share" / "jupyter" / "kernels" / "odd"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["sh"], "display_name": "Odd", "language": "python"}')
    (environment / "bin").mkdir()
    (environment / "bin" / "python").symlink_to("/bin/sh")
    async with editor(home, settings={"trusted": False}) as client:
        for trusted in (False, True):
            push(client, {SECTION: {"trusted": trusted}})
            asked = {"textDocument": {"uri": (home.work / "a.py").as_uri()}}
            specs = (await client.command("listKernelSpecs", **asked))["specs"]
            own = [spec for spec in specs if str(environment) in str(spec)]
            assert bool(own) is trusted


async def test_revoking_trust_disables_existing_kernels(home: Home) -> None:
    async with editor(home) as client:
        kernel = await client.kernel()
        push(client, {SECTION: {"trusted": False}})
        asked: list[tuple[str, Json]] = [("run", {"code": "1"}), ("restartKernel", {})]
        for name, argument in asked:
            with pytest.raises(ResponseError) as caught:
                await client.command(name, kernelId=kernel, **argument)
            assert caught.value.kind == "Untrusted"


async def test_a_disabled_history(home: Home) -> None:
    async with editor(home, settings={"history": {"enabled": False}}) as client:
        run = await client.run(code="print(1)")
        assert (await client.command("getRun", runId=run["id"]))["run"]["outputs"] == run["outputs"]
        asked: list[tuple[str, Json]] = [
            ("history", {}),
            ("export", {"path": "a.ipynb"}),
            ("readOutput", {"runId": run["id"], "index": 0, "start": 0, "length": 1}),
        ]
        for name, argument in asked:
            with pytest.raises(ResponseError) as caught:
                await client.command(name, **argument)
            assert caught.value.kind == "HistoryDisabled"
        assert not list(home.path.rglob("history.db*"))


@pytest.mark.parametrize("path", ["/dev/null/history.db", "."])
async def test_an_unwritable_history_causes_one_warning(home: Home, path: str) -> None:
    async with editor(home, settings={"history": {"path": path}}) as client:
        for code in ("1", "2"):
            assert (await client.run(code=code))["state"] == "ok"
        with pytest.raises(ResponseError) as caught:
            await client.command("history")
        assert caught.value.kind == "HistoryDisabled"
        (warning,) = warnings(client)
        assert "history" in warning


async def test_a_history_at_another_path_with_a_size_limit(home: Home) -> None:
    database = home.work / "runs.db"
    settings = {"history": {"path": str(database), "maxBytes": 1_000_000}}
    sources = [f"print({number}, 'x' * 400_000)" for number in range(5)]
    for session in (sources[:4], sources[4:]):
        async with editor(home, settings=settings) as client:
            for source in session:
                await client.run(code=source)
            kept = [run["source"] for run in (await client.command("history"))["runs"]]
            assert warnings(client) == []
    assert kept in (sources[:-2:-1], sources[:-3:-1])  # the newest one or two
    with sqlite3.connect(database) as opened:
        assert opened.execute("pragma integrity_check").fetchone() == ("ok",)
    opened.close()
    assert not list((home.path / "data").rglob("history.db*"))


async def test_the_history_can_be_toggled_while_kernels_run(home: Home) -> None:
    async with editor(home) as client:
        for enabled, source in ((True, "'kept'"), (False, "'unseen'"), (True, "'kept too'")):
            push(client, {SECTION: {"history": {"enabled": enabled}}})
            await client.run(code=source)
        kept = [run["source"] for run in (await client.command("history"))["runs"]]
        assert kept == ["'kept too'", "'kept'"]
