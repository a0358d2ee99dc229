"""Every error of a command has its code, its kind and a helpful message."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from kernel_bridge.protocol.commands import COMMANDS
from tests.home import Home
from tests.server.client import Client, editor
from tests.server.wire import Json, ResponseError

INVALID_PARAMS, REQUEST_FAILED = -32602, -32803
shared_loop = pytest.mark.asyncio(loop_scope="module")


async def failure(client: Client, name: str, *arguments: Any) -> ResponseError:
    """The error of a command with these arguments, sent unchanged."""
    with pytest.raises(ResponseError) as caught:
        await client.request(
            "workspace/executeCommand", {"command": f"kernel-bridge.{name}", "arguments": list(arguments)}
        )
    return caught.value


async def check(client: Client, name: str, argument: Json, kind: str, *parts: str) -> Json:
    """Assert that the command fails with this kind and a message with these parts. Return its data."""
    error = await failure(client, name, argument)
    assert (error.code, error.kind) == (REQUEST_FAILED, kind), error
    for part in parts:
        assert part in error.message
    return error.data


URI = {"uri": "file:///a.py"}


@shared_loop
@pytest.mark.parametrize(
    ("name", "argument", "part"),
    [
        ("run", {"textDocument": URI, "unit": "page"}, "unit: expected one of range, line, statement, cell"),
        ("run", {"textDocument": "file:///a.py"}, "textDocument: expected object"),
        ("run", {"textDocument": {}}, "textDocument.uri: is required"),
        ("run", {"textDocument": {"uri": "a", "version": "1"}}, "textDocument.version: expected int"),
        (
            "run",
            {"textDocument": URI, "position": {"line": -1, "character": 0}},
            "position.line: expected int >= 0",
        ),
        (
            "run",
            {"textDocument": URI, "position": {"line": 1.5, "character": 0}},
            "position.line: expected int",
        ),
        ("run", {"textDocument": URI, "range": {"start": {}}}, "range.start.line: is required"),
        ("run", {"code": ["1"]}, "code: expected str"),
        ("run", {"code": "1", "wait": "yes"}, "wait: expected bool, got str"),
        ("run", {"code": "1", "silent": 0}, "silent: expected bool, got int"),
        ("run", {}, "textDocument: is required"),
        ("startKernel", {"env": {"A": 1}}, "env[...]: expected str, got int"),
        ("startKernel", {"extraArguments": "-x"}, "extraArguments: expected array"),
        ("startKernel", {"readyTimeout": 0}, "readyTimeout: expected float > 0"),
        ("startKernel", {"spec": "python3", "transport": "pigeon"}, "transport: expected one of ipc, tcp"),
        ("startKernel", {"spec": "python3", "cwd": "a\0b"}, "cwd: expected str matching"),
        ("startKernel", {"spec": "python3", "env": {"A": "a\0b"}}, "env[...]: expected str matching"),
        ("startKernel", {"spec": "python3", "env": {"A=B": "c"}}, "env: expected str matching"),
        ("startKernel", {"spec": "python3", "extraArguments": ["\0"]}, "extraArguments[0]: expected str"),
        ("bindKernel", {"textDocument": URI}, "kernelId: is required"),
        ("bindKernel", {"kernelId": "x"}, "textDocument: is required"),
        ("interruptKernel", {}, "kernelId: is required"),
        ("restartKernel", {}, "kernelId: is required"),
        ("shutdownKernel", {"kernelId": 1}, "kernelId: expected str"),
        ("detachKernel", {}, "kernelId: is required"),
        ("getRun", {}, "runId: is required"),
        ("cancelRun", {"runId": None}, "runId: expected str, got null"),
        ("readOutput", {"runId": "r", "index": -1, "start": 0, "length": 1}, "index: expected int >= 0"),
        ("history", {"limit": "10"}, "limit: expected int, got str"),
        ("history", {"limit": 0}, "limit: expected int >= 1"),
        ("export", {}, "path: is required"),
        ("export", {"path": "a", "format": "pdf"}, "format: expected one of ipynb, py, md, html"),
        ("export", {"path": "a", "runIds": "r"}, "runIds: expected array"),
    ],
)
async def test_an_invalid_argument(shared: Client, name: str, argument: Json, part: str) -> None:
    error = await failure(shared, name, argument)
    assert (error.code, error.data) == (INVALID_PARAMS, {})
    assert f"field {part}" in error.message


@shared_loop
async def test_a_unit_needs_its_place(shared: Client) -> None:
    document = shared.open("1")
    for unit in ("range", "line", "statement", "cell", "above", "below"):
        error = await failure(shared, "run", {"textDocument": document.identifier, "unit": unit})
        assert error.code == INVALID_PARAMS
        assert (
            f'field {"range" if unit == "range" else "position"}: is required for unit "{unit}"'
            in error.message
        )


@shared_loop
@pytest.mark.parametrize("name", [name.removeprefix("kernel-bridge.") for name in COMMANDS])
async def test_arguments_other_than_one_object(shared: Client, name: str) -> None:
    for argument in ("x", 5, True, ["x"]):
        error = await failure(shared, name, argument)
        assert error.code == INVALID_PARAMS
        assert "expected object" in error.message
    error = await failure(shared, name, {}, {})
    assert error.code == INVALID_PARAMS
    assert "one argument, an object; got 2" in error.message


@shared_loop
async def test_null_equals_an_omitted_field(shared: Client) -> None:
    command = "workspace/executeCommand"
    given: list[Any] = [None, [], [None], [{}]]
    for arguments in given:
        params = {"command": "kernel-bridge.listKernels", "arguments": arguments}
        assert "kernels" in await shared.request(command, params)
    nothing: Json = dict.fromkeys(
        ["unit", "textDocument", "range", "position", "silent", "storeHistory", "stopOnError"]
    )
    run = await shared.run(code="1", kernelId=await shared.kernel(), allowStdin=None, **nothing)
    assert run["state"] == "ok"
    nothing = dict.fromkeys(["text", "before", "textDocument", "limit"])
    assert len((await shared.command("history", kernelId=None, **nothing))["runs"]) >= 1


@shared_loop
async def test_missing_kernels(shared: Client) -> None:
    for name in ("interruptKernel", "restartKernel", "shutdownKernel", "detachKernel"):
        await check(shared, name, {"kernelId": "none-such"}, "NoSuchKernel", "'none-such'", "listKernels")
        await check(shared, name, {"textDocument": URI}, "NoSuchKernel", "bound to a.py", "bindKernel")
    await check(shared, "bindKernel", {"textDocument": URI, "kernelId": "none-such"}, "NoSuchKernel")
    await check(shared, "run", {"code": "1", "kernelId": "none-such"}, "NoSuchKernel")
    data = await check(
        shared, "startKernel", {"spec": "none-such"}, "NoSuchKernelSpec", "'none-such'", "python3"
    )
    assert "python3" in [spec["name"] for spec in data["specs"]]
    for argument in ({"code": "1"}, {"code": "1", "textDocument": {"uri": "file:///a.unknown"}}):
        data = await check(shared, "run", argument, "KernelRequired", "startKernel")
        assert "python3" in [spec["name"] for spec in data["specs"]]


@shared_loop
async def test_missing_runs(shared: Client) -> None:
    asked: list[tuple[str, Json]] = [
        ("getRun", {"runId": "none-such"}),
        ("cancelRun", {"runId": "none-such"}),
        ("readOutput", {"runId": "none-such", "index": 0, "start": 0, "length": 1}),
        ("history", {"before": "none-such"}),
        ("export", {"path": "none.ipynb", "runIds": ["none-such"]}),
    ]
    for name, argument in asked:
        await check(shared, name, argument, "NoSuchRun", "none-such")


@shared_loop
async def test_nothing_to_run(shared: Client) -> None:
    await check(
        shared, "run", {"textDocument": {"uri": "file:///no.py"}, "unit": "all"}, "DocumentNotOpen", "no.py"
    )
    kernel = await shared.kernel()
    for code in ("", " \n\t\n"):
        await check(shared, "run", {"code": code, "kernelId": kernel}, "NothingToRun")


@shared_loop
async def test_missing_output(shared: Client) -> None:
    run = await shared.run(code="print('a'); 1")
    for index, part in ((1, "stream"), (2, "2"), (2**64, "no such output")):
        error = await failure(
            shared, "readOutput", {"runId": run["id"], "index": index, "start": 0, "length": 1}
        )
        assert error.code == INVALID_PARAMS
        assert part in error.message


@shared_loop
async def test_numbers_of_any_size(shared: Client) -> None:
    run = await shared.run(code="print('a')")
    assert (await shared.command("history", limit=2**64))["runs"][0]["id"] == run["id"]
    asked = {"runId": run["id"], "index": 0}
    read = await shared.command("readOutput", **asked, start=0, length=2**64)
    assert read == {"text": "a\n", "total": 2}
    assert (await shared.command("readOutput", **asked, start=2**64, length=1))["text"] == ""


@shared_loop
async def test_impossible_exports(shared: Client) -> None:
    work = shared.home.work
    run = await shared.run(code="1")
    await shared.command("export", path="a.ipynb", runIds=[run["id"]])
    before = (work / "a.ipynb").read_bytes()
    await check(shared, "export", {"path": "a.ipynb"}, "ExportExists", "a.ipynb", "overwrite")
    await shared.command("export", path=str(work / "a.ipynb"), runIds=[run["id"]], overwrite=True)
    assert (work / "a.ipynb").read_bytes() == before
    (work / "folder").mkdir()
    for path in ("none/a.ipynb", "folder", "a.ipynb/b.ipynb", "nul\0.ipynb", "~nobody-there/a.ipynb"):
        await check(shared, "export", {"path": path, "overwrite": True}, "ExportFailed")
    matching_none: list[Json] = [{"kernelId": "none"}, {"textDocument": URI}, {"runIds": []}]
    for argument in matching_none:
        await check(shared, "export", {"path": "b.ipynb", **argument}, "NothingToExport")
    assert sorted(path.name for path in work.iterdir()) == ["a.ipynb", "folder"]


@shared_loop
async def test_a_kernel_that_was_shut_down(shared: Client) -> None:
    kernel = (await shared.command("startKernel", spec="python3"))["id"]
    await shared.command("shutdownKernel", kernelId=kernel)
    asked: list[tuple[str, Json]] = [
        ("run", {"code": "1"}),
        ("interruptKernel", {}),
        ("detachKernel", {}),
        ("bindKernel", {"textDocument": URI}),
    ]
    for name, argument in asked:
        await check(shared, name, {"kernelId": kernel, **argument}, "KernelDead", kernel, "startKernel")
    listed = {found["id"]: found for found in (await shared.command("listKernels"))["kernels"]}
    assert listed[kernel]["state"] == "dead"
    assert listed[kernel]["reason"]


def install(home: Home, name: str, argv: list[str]) -> None:
    """Install a kernelspec in this home."""
    folder = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / name
    folder.mkdir(parents=True)
    spec = {"argv": argv, "display_name": name, "language": name}
    (folder / "kernel.json").write_text(json.dumps(spec))


async def test_kernels_that_do_not_start(home: Home) -> None:
    install(
        home, "ends", [sys.executable, "-c", "import sys; print('it rains', file=sys.stderr); sys.exit(3)"]
    )
    install(home, "sleeps", [sys.executable, "-c", "import time; print('zzz', flush=True); time.sleep(1000)"])
    install(home, "missing", ["/none/such", "{connection_file}"])
    async with editor(home, settings={"defaultKernels": {"forth": "ends"}}) as client:
        data = await check(
            client, "startKernel", {"spec": "ends"}, "KernelLaunchFailed", "it rains", "'ends'"
        )
        assert (data["exitCode"], data["stderr"]) == (3, "it rains")
        data = await check(client, "startKernel", {"spec": "missing"}, "KernelLaunchFailed", "/none/such")
        assert data["stderr"] == ""
        sleeps = {"spec": "sleeps", "readyTimeout": 0.5}
        await check(client, "startKernel", sleeps, "KernelNotReady", "0.5 s", "readyTimeout", "zzz")
        nowhere = {"spec": "python3", "cwd": str(home.work / "none")}
        await check(client, "startKernel", nowhere, "KernelLaunchFailed", "none")
        for python in ("/none/python", sys.executable + "x"):
            error = await failure(client, "startKernel", {"python": python})
            assert python in error.message
        # A run that starts a kernel fails with the error of the start, and can be retried.
        document = client.open("1", name="a.forth", language_id="forth")
        asked = {"textDocument": document.identifier, "unit": "all"}
        for _ in range(2):
            await check(client, "run", asked, "KernelLaunchFailed", "it rains")
        kernels = (await client.command("listKernels"))["kernels"]
        assert {kernel["state"] for kernel in kernels} == {"dead"}
        assert all(kernel["reason"] for kernel in kernels)
        home_processes = [process.pid for process in home.processes()]
        assert client.process.pid in home_processes


@shared_loop
@pytest.mark.parametrize(
    ("unit", "message"),
    [
        ("line", "there is no code to run in line 2 of my file.py"),
        ("cell", "there is no code to run in the cell at line 2 of my file.py"),
        ("above", "there is no code to run in my file.py above line 2"),
        ("all", "there is no code to run in my file.py"),
    ],
)
async def test_a_message_names_the_place_as_a_person_would(shared: Client, unit: str, message: str) -> None:
    document = shared.open("# %%\n\n", name="my file.py")
    with pytest.raises(ResponseError) as caught:
        await shared.command(
            "run", textDocument=document.identifier, unit=unit, position=document.position(1, 0)
        )
    assert str(caught.value).endswith(message)
    shared.close_document(document)


@shared_loop
async def test_a_message_names_the_file_without_a_kernel(shared: Client) -> None:
    document = shared.open("1\n", name="my file.py")
    with pytest.raises(ResponseError, match=r"no kernel is bound to my file\.py"):
        await shared.command("interruptKernel", textDocument=document.identifier)
    shared.close_document(document)
