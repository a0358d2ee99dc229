"""Kernels that fail to start: the error, its hint, and the clean-up."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from kernel_bridge.kernels.specs import find_spec, list_specs, python_spec
from kernel_bridge.protocol.errors import KernelLaunchFailed, KernelNotReady, NoSuchKernelSpec
from kernel_bridge.protocol.objects import KernelSpec
from tests.home import Home


def spec(*argv: str) -> KernelSpec:
    return KernelSpec(
        name="odd",
        display_name="Odd",
        language="python",
        argv=list(argv),
        interrupt_mode="signal",
        source="kernelspec",
        usable=True,
    )


def check_nothing_left(home: Home) -> None:
    """Assert that no file, folder or process other than the keeper is left."""
    assert home.connection_files() == home.sockets() == home.made() == []
    assert home.left(but="keeper_process") == []


@pytest.mark.parametrize(
    ("argv", "data", "said"),
    [
        (
            [sys.executable, "-c", "import sys; print('broken', file=sys.stderr); sys.exit(3)"],
            {"exitCode": 3, "stderr": "broken"},
            "kernel 'odd' ended with exit code 3 before it was ready\nbroken",
        ),
        (["no-such-command"], {"stderr": ""}, "'no-such-command' was not found"),
        (["/"], {"stderr": ""}, "is not executable"),
        ([sys.executable, "-m", "ipykernel_no"], {"exitCode": 1}, "-m pip install ipykernel\n"),
    ],
)
async def test_a_failed_start_reports_the_reason(
    kernels: Any, home: Home, argv: list[str], data: dict[str, Any], said: str
) -> None:
    session, ears = kernels.session(spec(*argv))
    with pytest.raises(KernelLaunchFailed) as raised:
        await session.start()
    assert said in raised.value.message
    assert raised.value.data | data == raised.value.data
    assert (session.state, ears.states) == ("dead", [("dead", 1)])
    check_nothing_left(home)


async def test_a_file_that_shadows_a_module_is_named(kernels: Any, home: Home) -> None:
    shadow = home.path / "work" / "random.py"
    shadow.write_text("raise ImportError('mine')")
    session, _ = kernels.session(spec(sys.executable, "-c", "import random"), cwd=str(shadow.parent))
    with pytest.raises(KernelLaunchFailed) as raised:
        await session.start()
    assert f"{shadow} has the name of a module" in raised.value.message
    assert "hint" not in raised.value.data  # no command can fix it


async def test_a_missing_folder_is_named(kernels: Any, home: Home) -> None:
    session, _ = kernels.session(cwd=str(home.path / "gone"))
    with pytest.raises(KernelLaunchFailed, match="does not exist"):
        await session.start()
    check_nothing_left(home)


async def test_a_kernel_that_never_answers_is_ended(kernels: Any, home: Home) -> None:
    code = "import sys, time; print('waiting', file=sys.stderr, flush=True); time.sleep(100)"
    session, _ = kernels.session(spec(sys.executable, "-c", code), ready_timeout=1.0)
    with pytest.raises(KernelNotReady, match="within 1 s") as raised:
        await session.start()
    assert raised.value.data["stderr"] == "waiting"
    check_nothing_left(home)


@pytest.mark.parametrize("way", ["cancel", "shutdown"])
async def test_an_abandoned_start_leaves_nothing(kernels: Any, home: Home, way: str) -> None:
    running = home.path / "work" / "running"
    os.mkfifo(running)
    session, _ = kernels.session(spec("sh", "-c", f"echo > {running}; sleep 100"))
    start = asyncio.create_task(session.start())
    await asyncio.to_thread(running.read_text)
    if way == "cancel":
        start.cancel()
    else:
        await session.shutdown()
    with pytest.raises((asyncio.CancelledError, KernelLaunchFailed)):
        await start
    assert session.state == "dead"
    check_nothing_left(home)


async def test_a_start_cancelled_at_any_moment_leaves_nothing(kernels: Any, home: Home) -> None:
    """Cancel in each of the first loop turns, then at 20 moments of a start; every other time twice."""

    async def cancelled(later: Callable[[], Awaitable[None]], again: bool) -> bool:
        session, _ = kernels.session()
        start = asyncio.create_task(session.start())
        await later()
        start.cancel()
        if again:
            await asyncio.sleep(0)
            start.cancel()
        with suppress(asyncio.CancelledError):
            await start
            await session.shutdown()
        assert session.state == "dead"
        check_nothing_left(home)
        return start.cancelled()

    async def turns(count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    begin = asyncio.get_running_loop().time()
    (session, _) = await kernels.start()
    whole_s = asyncio.get_running_loop().time() - begin
    await session.shutdown()
    for count in range(1, 13):
        assert await cancelled(lambda: turns(count), again=count % 2 == 0)  # noqa: B023
    for moment in range(20):
        await cancelled(lambda: asyncio.sleep(whole_s * moment / 18), again=moment % 2 == 0)  # noqa: B023


async def test_start_options_reach_the_kernel(kernels: Any, home: Home) -> None:
    echo = "import os, sys; print(os.getcwd(), os.getenv('X'), os.getenv('JPY_PARENT_PID'), sys.argv[1:])"
    session, _ = kernels.session(
        spec(sys.executable, "-c", echo), cwd=str(home.path), env={"X": "y"}, extra_arguments=["--more"]
    )
    with pytest.raises(KernelLaunchFailed) as raised:
        await session.start()
    assert raised.value.data["stderr"] == f"{home.path} y None ['--more']"


async def test_kernelspecs_are_listed_including_broken_ones(home: Home) -> None:
    def install(name: str, text: str) -> None:
        folder = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / name
        folder.mkdir(parents=True)
        (folder / "kernel.json").write_text(text)

    install("good", '{"argv": ["sh", "{connection_file}"], "display_name": "Good", "language": "sh"}')
    install(
        "Upper", '{"argv": ["gone"], "display_name": "Upper", "language": "x", "interrupt_mode": "message"}'
    )
    install("broken", "{")
    install("numbers", '{"argv": ["sh"], "display_name": "Numbers", "language": "sh", "env": {"N": 1}}')
    specs = {spec.name: spec for spec in await list_specs()}
    assert set(specs) == {"python3", "good", "upper", "broken", "numbers"}
    assert [name for name, spec in sorted(specs.items()) if spec.usable] == ["good", "python3"]
    assert specs["upper"].interrupt_mode == "message"
    assert "'gone' does not exist" in (specs["upper"].problem or "")
    assert "kernel.json cannot be read" in (specs["broken"].problem or "")
    assert "Expected `str`, got `int` - at `$.env" in (specs["numbers"].problem or "")
    with pytest.raises(NoSuchKernelSpec, match="use one of these: python3, good") as raised:
        find_spec("absent")
    assert [spec["name"] for spec in raised.value.data["specs"]] == list(specs)


async def test_an_interpreter_needs_no_kernelspec(kernels: Any) -> None:
    found = python_spec(sys.executable)
    assert (found.source, found.usable, found.python) == ("environment", True, sys.executable)
    assert python_spec(sys.executable).name == found.name
    session, _ = await kernels.start(found)
    assert session.info.implementation == "ipython"
