"""The system grants no more: what is new is refused with the reason, and everything that runs goes on."""

import asyncio
import json
import os
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from tests.faults.fake import Fake
from tests.home import Home, install_fake_kernel
from tests.server.client import Client, editor
from tests.server.command import run_command
from tests.server.wire import ResponseError

Json = dict[str, Any]

DESCRIPTORS_A_KERNEL = 12  # the mark


def limit(client: Client, what: int, soft: int) -> None:
    """Set a limit of the bridge, hard and soft, and of what it starts from now on."""
    resource.prlimit(client.process.pid, what, (soft, soft))


def descriptors(client: Client) -> int:
    return len(os.listdir(f"/proc/{client.process.pid}/fd"))


def soft_limit(pid: int) -> int:
    return resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]


@contextmanager
def started_with(soft: int) -> Iterator[None]:
    """What is started meanwhile has that soft limit of descriptors, and may raise it."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


@asynccontextmanager
async def without_privileges(home: Home) -> AsyncIterator[Client]:
    """A bridge of a user whom RLIMIT_NPROC binds, which it does not root."""
    prefix: tuple[str, ...] = ()
    if os.getuid() == 0:
        reads = "+dac_override,+fowner,+kill"  # Python itself may lie where only root can read
        prefix = (
            "setpriv",
            "--reuid=54321",
            "--clear-groups",
            f"--inh-caps={reads}",
            f"--ambient-caps={reads}",
        )
    async with editor(home, prefix=prefix) as client:
        yield client


async def start(client: Client) -> Fake:
    return Fake(client, await client.command("startKernel", spec="fake"))


async def start_all(client: Client) -> tuple[list[Fake], ResponseError]:
    """As many kernels as fit, and how the one after them failed."""
    fakes: list[Fake] = []
    while True:
        try:
            fakes.append(await start(client))
        except ResponseError as error:
            return fakes, error


async def serves(client: Client, fakes: list[Fake]) -> None:
    """Asserts that everything but a start works, and that each kernel does."""
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
        assert "hint" not in error.data  # no command can be run for it
        assert "of 160 file descriptors are open" in error.message
        assert "ulimit -n" in error.message
        await serves(client, fakes)
        await client.command("restartKernel", kernelId=fakes[0].kernel["id"])
        await client.command("shutdownKernel", kernelId=fakes.pop().kernel["id"])
        fakes.append(await start(client))
        await serves(client, fakes)


async def test_starts_at_once_share_what_descriptors_there_are(home: Home) -> None:
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


async def test_the_limit_is_raised_and_kernels_get_the_one_that_we_were_given(home: Home) -> None:
    install_fake_kernel(home)
    with started_with(soft=64):
        async with editor(home) as client:
            assert soft_limit(client.process.pid) > 64
            fakes = [await start(client) for _ in range(5)]
            assert [soft_limit(fake.kernel["pid"]) for fake in fakes] == [64] * 5


async def attach_all(client: Client, ids: list[str]) -> tuple[list[Fake], ResponseError]:
    """As many of these kernels as fit, and how the one after them failed."""
    attached: list[Fake] = []
    for kernel_id in ids:
        try:
            attached.append(Fake(client, await client.command("attachKernel", kernelId=kernel_id)))
        except ResponseError as error:
            return attached, error
    raise AssertionError("all were attached to")


async def test_many_kernels_are_listed_and_attached_to_with_few_descriptors(home: Home) -> None:
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
            client.over = True  # what is left is the owner's
