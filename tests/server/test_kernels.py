"""Starting kernels, explicitly and by a run, and which document is bound to which kernel."""

import asyncio
import json
import os
import shlex
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.wire import Call, Json, ResponseError

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEAF = "import sys, time; print('here I am', file=sys.stderr, flush=True); time.sleep(1000)"


def install(home: Home, name: str, code: str, **fields: object) -> Path:
    """Install a kernelspec that runs `code` instead of a kernel. Return the file that it writes on start."""
    started = home.work / f"{name}.pid"
    code = f"import os; open({str(started)!r}, 'w').write(str(os.getpid())); {code}"
    folder = home.path / "jupyter" / "kernels" / name
    folder.mkdir(parents=True)
    spec = {"argv": [sys.executable, "-c", code], "display_name": name, "language": "none", **fields}
    (folder / "kernel.json").write_text(json.dumps(spec))
    return started


async def fails(client: Client, kind: str, /, name: str = "startKernel", **argument: object) -> ResponseError:
    """The command's error. Asserts its kind."""
    with pytest.raises(ResponseError) as failed:
        await client.command(name, **argument)
    assert (failed.value.code, failed.value.kind) == (-32803, kind)
    return failed.value


async def answer(call: Call) -> Json:
    result: Json = await asyncio.wait_for(call.answer, 60)
    return result


async def value(client: Client, expression: str, **where: Any) -> str:
    """The value of an expression on a kernel, as text."""
    run = await client.run(code=expression, **where)
    text: str = run["outputs"][0]["data"]["text/plain"]
    return text


async def test_a_kernel_starts_with_the_given_options(shared: Client) -> None:
    cwd = shared.home.work / "its folder"
    cwd.mkdir()
    document = shared.open("1", "asked.py")
    kernel = await shared.command(
        "startKernel",
        spec="python3",
        textDocument=document.identifier,
        cwd=str(cwd),
        env={"SOME_VALUE": "42 ${HOME}"},
        extraArguments=["--InteractiveShell.ast_node_interactivity=all"],
        transport="tcp",
        readyTimeout=60,
    )
    assert (kernel["name"], kernel["language"], kernel["origin"]) == ("python3", "python", "started")
    assert (kernel["epoch"], kernel["state"], kernel["queued"]) == (1, "idle", 0)
    assert (kernel["transport"], kernel["cwd"], kernel["keepAlive"]) == ("tcp", str(cwd), False)
    assert kernel["implementation"] == "ipython"
    assert kernel["languageInfo"]["name"] == "python"
    assert {"interrupt", "complete", "inspect", "stdin"} <= set(kernel["supports"])
    assert json.loads(Path(kernel["connectionFile"]).read_text())["transport"] == "tcp"
    run = await shared.run(
        code="import os\nos.getcwd()\nos.getpid()\nos.environ['SOME_VALUE']", textDocument=document.identifier
    )
    shown = [output["data"]["text/plain"] for output in run["outputs"]]
    assert shown == [repr(str(cwd)), str(kernel["pid"]), repr("42 ${HOME}")]
    states = [
        message["params"]["kernel"]["state"]
        for message in shared.messages
        if message.get("method") == "kernel-bridge/kernel"
        and message["params"]["kernel"]["id"] == kernel["id"]
    ]
    assert states[0] == "starting"
    assert "idle" in states
    listed = {found["id"]: found for found in (await shared.command("listKernels"))["kernels"]}
    assert listed[kernel["id"]] == shared.mirror.kernels[kernel["id"]]
    await shared.command("shutdownKernel", kernelId=kernel["id"])


async def test_a_kernel_of_an_interpreter_runs_in_the_folder_of_its_document(shared: Client) -> None:
    (shared.home.work / "deep").mkdir()
    document = shared.open("1", "deep/folder.py")
    kernel = await shared.command("startKernel", python=sys.executable, textDocument=document.identifier)
    code = "import os, sys; (os.getcwd(), sys.executable)"
    shown = await value(shared, code, textDocument=document.identifier)
    assert shown == repr((str(shared.home.work / "deep"), sys.executable))
    assert (kernel["transport"], kernel["cwd"]) == ("ipc", str(shared.home.work / "deep"))
    await shared.command("shutdownKernel", textDocument=document.identifier)


async def test_the_working_folder_of_the_settings(shared: Client) -> None:
    (shared.home.work / "deep").mkdir(exist_ok=True)
    document = shared.open("1", "deep/working.py")

    def choose(folder: str) -> None:
        settings = {"kernel-bridge": {"workingFolder": folder}}
        shared.notify("workspace/didChangeConfiguration", {"settings": settings})

    choose(".")
    run = await shared.run(code="import os; os.getcwd()", textDocument=document.identifier)
    assert run["outputs"][0]["data"]["text/plain"] == repr(str(shared.home.work))
    await shared.command("shutdownKernel", textDocument=document.identifier)
    choose("none such")
    failed = await fails(shared, "KernelLaunchFailed", spec="python3")
    folder = str(shared.home.work / "none such")
    assert f"the folder {folder} does not exist" in failed.message
    assert "workingFolder" in failed.message
    choose("")


async def test_an_unknown_spec(shared: Client) -> None:
    failed = await fails(shared, "NoSuchKernelSpec", spec="no-such-spec")
    assert "no-such-spec" in failed.message
    assert "python3" in failed.message


async def test_a_kernel_that_exits_immediately(shared: Client) -> None:
    install(shared.home, "broken", "import sys; sys.stderr.write('it is broken'); sys.exit(3)")
    failed = await fails(shared, "KernelLaunchFailed", spec="broken")
    assert (failed.data["exitCode"], failed.data["stderr"]) == (3, "it is broken")
    assert "it is broken" in failed.message


async def test_an_interpreter_without_ipykernel(shared: Client) -> None:
    bare = shared.home.path / "bare; $(env)" / "bin" / "python"
    bare.parent.mkdir(parents=True)
    bare.symlink_to(os.path.realpath(sys.executable))
    (bare.parent.parent / "pyvenv.cfg").write_text(
        f"home = {Path(os.path.realpath(sys.executable)).parent}\n"
    )
    failed = await fails(shared, "KernelLaunchFailed", python=str(bare))
    install = ["-m", "pip", "install", "ipykernel"]
    assert shlex.split(failed.data["hint"])[-5:] == [str(bare), *install]  # a command with a quoted path
    assert f"this Python has no ipykernel; install it: {failed.data['hint']}" in failed.message


async def test_a_missing_program(shared: Client) -> None:
    install(shared.home, "nowhere", "", argv=["/no/such/command"])
    failed = await fails(shared, "KernelLaunchFailed", spec="nowhere")
    assert "/no/such/command" in failed.message
    assert "hint" not in failed.data  # no command fixes this
    assert "exitCode" not in failed.data
    failed = await fails(shared, "KernelLaunchFailed", spec="python3", cwd="/no/such/folder")
    assert "/no/such/folder" in failed.message


async def test_a_kernel_that_never_responds(shared: Client) -> None:
    started = install(shared.home, "deaf", DEAF)
    failed = await fails(shared, "KernelNotReady", spec="deaf", readyTimeout=2)
    assert "here I am" in failed.message
    assert "readyTimeout" in failed.message
    assert not Path(f"/proc/{started.read_text()}").exists()


@pytest.mark.parametrize("bound", [False, True])
async def test_cancelling_a_start_ends_the_half_started_kernel(shared: Client, bound: bool) -> None:
    name = f"cancelled-{bound}".lower()
    started = install(shared.home, name, DEAF)
    document = shared.open("1", f"cancelled-{bound}.py")
    where = {"textDocument": document.identifier} if bound else {}
    call = shared.call_command("startKernel", spec=name, **where)
    kernel = await shared.until(
        lambda message: (
            message.get("method") == "kernel-bridge/kernel"
            and message["params"]["kernel"]["name"] == name
            and message["params"]["kernel"]["state"] == "starting"
        )
    )
    shared.cancel(call)
    with pytest.raises(ResponseError, match="-32800"):
        await answer(call)
    await shared.until_kernel(kernel["params"]["kernel"]["id"], "dead")
    assert not started.exists() or not Path(f"/proc/{started.read_text()}").exists()
    await fails(shared, "NoSuchKernel", name="interruptKernel", textDocument=document.identifier)


async def test_runs_of_a_document_share_one_start(shared: Client) -> None:
    before = {kernel["id"] for kernel in (await shared.command("listKernels"))["kernels"]}
    document = shared.open("x = 1\n# %%\nx + 1\n", "shared.py")
    calls = [
        shared.call_command(
            "run", unit="cell", position={"line": line, "character": 0}, textDocument=document.identifier
        )
        for line in (0, 2)
    ]
    calls.append(shared.call_command("run", code="x + 2", textDocument=document.identifier))
    runs = [(await answer(call))["runs"][0] for call in calls]
    ended = [await shared.until_ended(run["id"]) for run in runs]
    assert [run["executionCount"] for run in ended] == [1, 2, 3]
    after = {kernel["id"] for kernel in (await shared.command("listKernels"))["kernels"]}
    assert after - before == {run["kernelId"] for run in runs}
    again = await shared.run(code="x", textDocument=document.identifier)
    assert again["kernelId"] == runs[0]["kernelId"]
    await shared.command("shutdownKernel", textDocument=document.identifier)


async def test_a_python_outside_the_project_is_reported(home: Home) -> None:
    environment = home.work / ".venv"
    venv.create(environment, symlinks=True)
    async with editor(home) as client:
        document = client.open("1")
        await client.run(unit="all", textDocument=document.identifier)
        shown = (await client.until(lambda message: message.get("method") == "window/showMessage"))["params"]
        assert shown["type"] == 2
        missed = f"the environment .venv of {home.work}: ipykernel is not installed; run "
        assert shown["message"].startswith(f"using Python 3 (ipykernel) instead of {missed}")
        await client.command("startKernel", spec="python3", textDocument=document.identifier)
        messages = [message["method"] for message in client.messages if "method" in message]
        assert messages.count("window/showMessage") == 1


async def test_a_failed_start_is_the_error_of_every_run_that_shared_it(home: Home) -> None:
    install(home, "broken", "raise SystemExit(3)")
    async with editor(home, settings={"defaultKernels": {"python": "broken"}}) as client:
        document = client.open("1")
        calls = [client.call_command("run", unit="all", textDocument=document.identifier) for _ in range(2)]
        for call in calls:
            with pytest.raises(ResponseError) as failed:
                await answer(call)
            assert (failed.value.kind, failed.value.data["exitCode"]) == ("KernelLaunchFailed", 3)
        kernels = (await client.command("listKernels"))["kernels"]
        assert [kernel["state"] for kernel in kernels] == ["dead"]
        assert client.mirror.runs == {}


async def test_without_auto_start_a_run_needs_a_kernel(home: Home) -> None:
    async with editor(home, settings={"autoStart": False}) as client:
        document = client.open("1")
        for argument in ({"unit": "all"}, {"code": "1"}):
            failed = await fails(
                client, "KernelRequired", "run", textDocument=document.identifier, **argument
            )
            assert "python3" in [spec["name"] for spec in failed.data["specs"]]
            assert "autoStart" in failed.message
        assert (await client.command("listKernels"))["kernels"] == []


async def test_code_without_a_document_or_a_kernel(shared: Client) -> None:
    failed = await fails(shared, "KernelRequired", "run", code="1")
    assert "python3" in [spec["name"] for spec in failed.data["specs"]]


async def test_a_language_without_a_kernel(shared: Client) -> None:
    document = shared.open("PRINT 1", "a.cob", "cobol")
    failed = await fails(shared, "KernelRequired", "run", unit="all", textDocument=document.identifier)
    assert "cobol" in failed.message
    assert failed.data["specs"]


async def test_binding_a_document(shared: Client) -> None:
    kernel = await shared.kernel()
    await shared.run(code="bound = 'here'")
    document = shared.open("bound", "bound.py")
    this = {"textDocument": document.identifier}
    assert (await fails(shared, "NoSuchKernel", "interruptKernel", **this)).message.count("bound.py")
    assert await shared.command("bindKernel", kernelId=kernel, **this) == {}
    assert await value(shared, "bound", **this) == "'here'"
    assert await shared.command("interruptKernel", **this) == {"outcome": "interrupted"}
    assert await shared.command("bindKernel", kernelId=None, **this) == {}
    await fails(shared, "NoSuchKernel", "interruptKernel", **this)
    await fails(shared, "NoSuchKernel", "bindKernel", kernelId="no-such-kernel", **this)
    await fails(shared, "NoSuchKernel", "run", code="1", kernelId="no-such-kernel")


async def test_matching_specs_come_first(shared: Client) -> None:
    install(shared.home, "aaa-first-by-name", "")
    document = shared.open("1", "specs.py")
    specs = (await shared.command("listKernelSpecs", textDocument=document.identifier))["specs"]
    by_name = {spec["name"]: spec for spec in specs}
    assert specs[0]["language"] == "python"
    assert {"displayName", "argv", "interruptMode", "source", "usable"} <= by_name["python3"].keys()
    assert "aaa-first-by-name" in by_name


async def test_a_language_without_a_kernel_has_a_package_that_brings_one(shared: Client) -> None:
    document = shared.open("1\n", "needs.jl", "julia")
    package = {"name": "IJulia", "command": """julia -e 'using Pkg; Pkg.add("IJulia")'"""}
    listed = await shared.command("listKernelSpecs", textDocument=document.identifier)
    assert listed["package"] == package
    assert {spec["fits"] for spec in listed["specs"] if spec["language"] == "python"} == {False}
    failed = await fails(shared, "KernelRequired", "run", textDocument=document.identifier, unit="all")
    assert failed.data["package"] == package
    document = shared.open("1\n", "has.py")
    listed = await shared.command("listKernelSpecs", textDocument=document.identifier)
    assert ("package" in listed, listed["specs"][0]["fits"]) == (False, True)
