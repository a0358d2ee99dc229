"""The system grants no more resources: new work is refused with the reason, running work continues."""

import asyncio
import json
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.fake import Fake
from tests.home import Home, install_fake_kernel
from tests.server.client import Client, editor
from tests.server.command import run_command
from tests.server.wire import ResponseError

pytestmark = pytest.mark.slow

Json = dict[str, Any]

DESCRIPTORS_A_KERNEL = 12  # the limit that the project promises


def limit(client: Client, what: int, soft: int) -> None:
    """Set a limit, hard and soft, of the bridge and of everything it starts from now on."""
    resource.prlimit(client.process.pid, what, (soft, soft))


def descriptors(client: Client) -> int:
    return len(os.listdir(f"/proc/{client.process.pid}/fd"))


def warnings(client: Client) -> list[str]:
    shown = [
        message["params"] for message in client.messages if message.get("method") == "window/showMessage"
    ]
    return [message["message"] for message in shown if message["type"] == 2]


def peak_bytes(client: Client) -> int:
    status = Path(f"/proc/{client.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def soft_limit(pid: int) -> int:
    return resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]


@contextmanager
def started_with(soft: int) -> Iterator[None]:
    """Processes started in this context inherit that soft limit of descriptors, and may raise it."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


def unprivileged() -> tuple[str, ...]:
    """The prefix of a command that runs as a user bound by RLIMIT_NPROC; root is not."""
    if os.getuid() != 0:
        return ()
    keeps = "+dac_override,+fowner"  # Python itself may be in a folder that only root can read
    return ("setpriv", "--reuid=54321", "--clear-groups", f"--inh-caps={keeps}", f"--ambient-caps={keeps}")


def limit_processes(client: Client, soft: int) -> None:
    """Set the soft limit of processes and threads for the user of an unprivileged bridge."""
    command = [*unprivileged(), "prlimit", f"--pid={client.process.pid}", f"--nproc={soft}:"]
    subprocess.run(command, check=True)


async def start(client: Client) -> Fake:
    return Fake(client, await client.command("startKernel", spec="fake"))


async def start_all(client: Client) -> tuple[list[Fake], ResponseError]:
    """Start as many kernels as fit. Return them, and the error of the next one."""
    fakes: list[Fake] = []
    while True:
        try:
            fakes.append(await start(client))
        except ResponseError as error:
            return fakes, error


async def serves(client: Client, fakes: list[Fake]) -> None:
    """Assert that everything except a start works, on every kernel."""
    for fake in fakes:
        await fake.answers()
    kernels = (await client.command("listKernels"))["kernels"]
    assert {fake.kernel["id"] for fake in fakes} <= {
        kernel["id"] for kernel in kernels if kernel["state"] == "idle"
    }
    assert "fake" in [spec["name"] for spec in (await client.command("listKernelSpecs"))["specs"]]
    assert (await client.command("history", limit=1))["runs"]


async def test_a_kernel_costs_few_descriptors(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home) as client:
        await start(client)
        before = descriptors(client)
        for _ in range(3):
            await start(client)
        assert descriptors(client) - before <= 3 * DESCRIPTORS_A_KERNEL


async def test_a_start_is_refused_before_descriptors_run_out(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home) as client:
        limit(client, resource.RLIMIT_NOFILE, 160)
        fakes, error = await start_all(client)
        assert len(fakes) >= 5
        assert error.kind == "KernelLaunchFailed"
        assert "hint" not in error.data  # no command can fix it
        assert "of 160 file descriptors are open" in error.message
        assert "ulimit -n" in error.message
        await serves(client, fakes)
        await client.command("restartKernel", kernelId=fakes[0].kernel["id"])
        await client.command("shutdownKernel", kernelId=fakes.pop().kernel["id"])
        fakes.append(await start(client))
        await serves(client, fakes)


async def test_concurrent_starts_share_the_free_descriptors(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home) as client:
        limit(client, resource.RLIMIT_NOFILE, 128)
        started = await asyncio.gather(*(start(client) for _ in range(12)), return_exceptions=True)
        fakes = [one for one in started if isinstance(one, Fake)]
        refused = [str(one) for one in started if isinstance(one, ResponseError)]
        assert fakes
        assert len(fakes) + len(refused) == 12
        assert all("of 128 file descriptors are open" in message for message in refused)
        await serves(client, fakes)


async def test_kernels_get_the_inherited_limit_and_not_the_raised_one(home: Home) -> None:
    install_fake_kernel(home)
    with started_with(soft=64):
        async with editor(home) as client:
            assert soft_limit(client.process.pid) > 64
            fakes = [await start(client) for _ in range(5)]
            assert [soft_limit(fake.kernel["pid"]) for fake in fakes] == [64] * 5


async def attach_all(client: Client, ids: list[str]) -> tuple[list[Fake], ResponseError]:
    """Attach to as many of these kernels as fit. Return them, and the error of the next one."""
    attached: list[Fake] = []
    for kernel_id in ids:
        try:
            attached.append(Fake(client, await client.command("attachKernel", kernelId=kernel_id)))
        except ResponseError as error:
            return attached, error
    raise AssertionError("all were attached to")


async def test_many_kernels_are_listed_and_attached_with_few_descriptors(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home) as owner:
        ids = [(await start(owner)).kernel["id"] for _ in range(12)]
        listed = await asyncio.to_thread(
            run_command, home, "kernels", "--json", prefix=["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"]
        )
        assert (listed.code, listed.stderr) == (0, "")
        assert {kernel["id"] for kernel in json.loads(listed.stdout)["kernels"]} == set(ids)
        async with editor(home) as client:
            limit(client, resource.RLIMIT_NOFILE, 96)
            kernels = (await client.command("listKernels"))["kernels"]
            assert {kernel["id"] for kernel in kernels if kernel["state"] == "idle"} == set(ids)
            attached, error = await attach_all(client, ids)
            assert attached
            assert error.kind == "KernelUnreachable"
            assert "of 96 file descriptors are open" in error.message
            await serves(client, attached)
            await client.kill()
            client.over = True  # the rest belongs to the owner


async def test_a_start_is_refused_if_no_process_is_left(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home, prefix=unprivileged()) as client:
        fakes = [await start(client)]
        limit_processes(client, 1)
        for _ in range(2):
            with pytest.raises(ResponseError, match="cannot start more processes or threads") as refused:
                await start(client)
            assert refused.value.kind == "KernelLaunchFailed"
            assert "argv" not in refused.value.message
        run = await fakes[0].run('result "2"')
        assert run["state"] == "ok"
        (warning,) = warnings(client)
        assert "not stored in the history" in warning
        limit_processes(client, 10_000)
        await serves(client, [*fakes, await start(client)])


async def test_running_kernels_need_no_new_threads(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home, prefix=unprivileged()) as client:
        fakes = [await start(client)]
        await fakes[0].run()
        limit_processes(client, 1)
        for _ in range(3):  # more than the journal checkpoints on a thread
            run = await fakes[0].run(f"flood 100 {json.dumps('x' * 100_000)}")
            assert run["state"] == "ok"
        await serves(client, fakes)
        assert not warnings(client)


async def test_the_first_start_is_refused_if_no_process_is_left(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home, prefix=unprivileged()) as client:
        limit_processes(client, 1)
        with pytest.raises(ResponseError, match="cannot start more processes or threads") as refused:
            await start(client)
        assert refused.value.kind == "KernelLaunchFailed"
        limit_processes(client, 10_000)
        await serves(client, [await start(client)])


async def test_attaching_is_refused_if_no_thread_is_left(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home) as owner:
        kernel_id = (await start(owner)).kernel["id"]
        async with editor(home, prefix=unprivileged()) as client:
            limit_processes(client, 1)
            with pytest.raises(ResponseError, match="cannot start more processes or threads") as refused:
                await client.command("attachKernel", kernelId=kernel_id)
            assert refused.value.kind == "KernelUnreachable"
            (kernel,) = (await client.command("listKernels"))["kernels"]
            assert (kernel["id"], kernel["state"]) == (kernel_id, "busy")
            limit_processes(client, 10_000)
            await client.command("attachKernel", kernelId=kernel_id)
            await client.kill()
            client.over = True  # the rest belongs to the owner


async def test_a_start_on_a_full_disk_names_the_folder(home: Home) -> None:
    install_fake_kernel(home)
    async with editor(home) as client:
        fakes = [await start(client)]
        resource.prlimit(client.process.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        with pytest.raises(ResponseError) as refused:
            await start(client)
        assert refused.value.kind == "KernelLaunchFailed"
        assert f"cannot write to {home.runtime}" in refused.value.message
        assert "argv" not in refused.value.message
        resource.prlimit(
            client.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        )
        assert len(home.connection_files()) == 1  # and not half of another one
        await serves(client, fakes)


async def test_a_message_too_large_for_memory_is_refused_and_the_next_accepted(home: Home) -> None:
    async with editor(home) as client:
        size = int(Path(f"/proc/{client.process.pid}/statm").read_text().split()[0]) * resource.getpagesize()
        limit(client, resource.RLIMIT_AS, size + 64_000_000)
        client.notify("no/such", {"text": "x" * 200_000_000})
        refused = await client.until(lambda message: "error" in message)
        assert (refused["id"], refused["error"]["code"]) == (None, -32700)
        assert "too large for the free memory" in refused["error"]["message"]
        assert await client.command("listKernels") == {"kernels": []}


async def test_ten_large_messages_take_the_memory_of_one(home: Home) -> None:
    async with editor(home) as client:
        await client.command("listKernels")
        before = peak_bytes(client)
        for _ in range(10):
            client.notify("no/such", {"text": "x" * 20_000_000})
            assert client.process.stdin
            await client.process.stdin.drain()
        await client.command("listKernels")
        assert peak_bytes(client) - before < 35_000_000
