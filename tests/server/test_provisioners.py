"""Kernels started by the provisioner that their kernelspec names, instead of as a local process."""

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.home import Home
from tests.server.client import Client, editor
from tests.server.wire import Json, ResponseError

pytestmark = pytest.mark.slow

# Behaves like a provisioner for other machines: it has no pid here. It records its calls.
PROVISIONER = """
import os
from traitlets import Unicode
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

class Elsewhere(LocalProvisioner):
    journal = Unicode(config=True)

    pid = property(lambda self: None, lambda self, value: None)
    pgid = property(lambda self: None, lambda self, value: None)

    def record(self, call):
        with open(self.journal, "a") as file:
            print(call, file=file)

    async def launch_kernel(self, cmd, **arguments):
        self.record("launch")
        return await super().launch_kernel(cmd, **arguments)

    async def send_signal(self, number):
        self.record(f"signal {number}")
        await super().send_signal(number)

    async def shutdown_requested(self, restart=False):
        self.record(f"shutdown {restart}")

    async def cleanup(self, restart=False):
        self.record(f"cleanup {restart}")
        await super().cleanup(restart)
"""


def install(home: Home, name: str) -> Path:
    """Install a kernelspec with that provisioner. Return the file that records its calls."""
    journal = home.work / "journal"
    folder = home.path / "jupyter" / "kernels" / name
    folder.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
        "metadata": {"kernel_provisioner": {"provisioner_name": name, "config": {"journal": str(journal)}}},
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    return journal


@pytest.fixture
async def client(home: Home) -> AsyncIterator[Client]:
    """A bridge whose Python has a provisioner `elsewhere` installed."""
    packages = home.path / "packages"
    about = packages / "elsewhere-1.dist-info"
    about.mkdir(parents=True)
    (packages / "elsewhere.py").write_text(PROVISIONER)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1\n")
    (about / "entry_points.txt").write_text(
        "[jupyter_client.kernel_provisioners]\nelsewhere = elsewhere:Elsewhere\n"
    )
    async with editor(home, environment={"PYTHONPATH": str(packages)}) as client:
        yield client


async def test_the_provisioner_of_the_kernelspec_starts_signals_and_ends_the_kernel(client: Client) -> None:
    journal = install(client.home, "elsewhere")
    kernel: Json = await client.command("startKernel", spec="elsewhere")
    where = {"kernelId": kernel["id"]}
    assert "pid" not in kernel
    loop = await client.run(code="print('go', flush=True)\nwhile True: pass", wait=False, **where)
    await client.until_text(loop["id"], "go")
    assert await client.command("interruptKernel", **where) == {"outcome": "interrupted"}
    await client.command("restartKernel", **where)
    assert (await client.run(code="1", **where))["state"] == "ok"
    await client.command("shutdownKernel", **where)
    calls = journal.read_text().splitlines()
    assert calls == ["launch", "signal 2", "shutdown True", "launch", "shutdown False", "cleanup False"]


async def test_the_provisioner_reports_the_end_of_its_kernel(client: Client) -> None:
    install(client.home, "elsewhere")
    kernel = await client.command("startKernel", spec="elsewhere")
    run = await client.run(code="import os; os._exit(4)", kernelId=kernel["id"])
    assert run["state"] == "lost"
    assert "exit code 4" in run["reason"]
    assert client.home.connection_files() == []


async def test_a_missing_provisioner_is_named(client: Client) -> None:
    install(client.home, "absent")
    with pytest.raises(ResponseError) as failed:
        await client.command("startKernel", spec="absent")
    assert failed.value.kind == "KernelLaunchFailed"
    assert "'absent'" in failed.value.message
    assert "install the kernel provisioner" in failed.value.message
