"""Records of kernels: which are trusted, and which files are removed when a kernel ends."""

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from kernel_bridge.kernels.found import locate
from kernel_bridge.kernels.keeper import Keeper
from kernel_bridge.kernels.traces import Traces
from kernel_bridge.owned import note
from kernel_bridge.protocol.errors import KernelLaunchFailed
from tests.home import Home, install_fake_kernel
from tests.kernel.conftest import Ears, Kernels


async def fake(kernels: Kernels, home: Home, **options: Any) -> tuple[Any, Ears]:
    from kernel_bridge.kernels.specs import find_spec

    install_fake_kernel(home)
    return await kernels.start(find_spec("fake"), **options)


def change(**fields: Any) -> Callable[[Path], None]:
    def spoil(record: Path) -> None:
        record.write_text(json.dumps(json.loads(record.read_text()) | fields))

    return spoil


async def test_our_own_record_is_trusted(kernels: Kernels, home: Home) -> None:
    session, _ = await fake(kernels, home)
    found = locate(session.host.connection_file)
    assert found.record is not None
    assert found.record.pid == session.host.pid


@pytest.mark.parametrize(
    "spoil",
    [
        lambda record: record.chmod(0o644),
        lambda record: record.parent.chmod(0o777),
        lambda record: record.rename(record.with_name("x")) and record.symlink_to("x"),
        lambda record: record.write_text("{"),
        change(connection_file=["/etc/passwd", 1, 1]),
        change(sockets=["/home", 1, 1]),
        change(sockets=["/tmp/kb-123/../x", 1, 1]),
        change(kernel_id="another"),
        change(pid=1),
        change(pid=1, start_time="1"),
        change(start_time=None),
    ],
)
async def test_a_record_that_others_could_write_is_not_trusted(
    kernels: Kernels, home: Home, spoil: Callable[[Path], None]
) -> None:
    session, _ = await fake(kernels, home)
    (record,) = (home.runtime / "kernel-bridge").iterdir()
    content, folder = record.read_bytes(), record.parent
    spoil(record)
    assert locate(session.host.connection_file).record is None
    for path in folder.iterdir():
        path.unlink()
    record.write_bytes(content)  # for the end of the test
    record.chmod(0o600)
    folder.chmod(0o700)


async def test_a_connection_file_rewritten_by_the_kernel_is_its_own(kernels: Kernels, home: Home) -> None:
    from kernel_bridge.kernels.specs import find_spec

    install_fake_kernel(home, "--rewrite")
    session, _ = await kernels.start(find_spec("fake"))
    record = locate(session.host.connection_file).record
    assert record is not None
    await session.restart()
    assert (session.host.epoch, session.state) == (2, "idle")
    await session.shutdown()
    assert home.made() == []


async def test_a_copy_of_a_connection_file_has_no_record(kernels: Kernels, home: Home) -> None:
    session, _ = await fake(kernels, home)
    copy = home.work / Path(session.host.connection_file).name
    shutil.copy(session.host.connection_file, copy)
    assert locate(str(copy)).record is None


async def test_a_replaced_connection_file_is_not_removed(kernels: Kernels, home: Home) -> None:
    session, _ = await fake(kernels, home)
    path = Path(session.host.connection_file)
    path.rename(path.with_suffix(".old"))
    path.write_text("of somebody else")
    await session.shutdown()
    assert path.read_text() == "of somebody else"
    assert home.made() == []


async def test_a_temporary_file_of_a_killed_writer_is_removed(kernels: Kernels, home: Home) -> None:
    session, _ = await fake(kernels, home)
    (record,) = (home.runtime / "kernel-bridge").glob("*.json")
    record.with_name(f"{record.name}.unfinished").touch(0o600)
    await session.shutdown()
    assert home.made() == []


@pytest.mark.parametrize("what", ["sockets", "connection file"])
async def test_a_restart_with_replaced_files_is_refused(kernels: Kernels, home: Home, what: str) -> None:
    session, _ = await fake(kernels, home)
    (folder,) = {path.parent for path in home.sockets()}
    path = folder if what == "sockets" else Path(session.host.connection_file)
    path.rename(path.with_name("elsewhere"))
    path.mkdir()
    (path / "file").touch()
    with pytest.raises(KernelLaunchFailed, match=r"replaced by somebody else.*start a new kernel") as raised:
        await session.restart()
    assert str(path) in raised.value.message
    assert (path / "file").exists()
    assert session.state == "dead"


async def test_stopped_keepers_block_nothing(home: Home) -> None:
    keeper = Keeper()
    file = home.work / "file"
    file.touch()
    made = note(str(file))
    keeper.guard("k", Traces("0", None, (made,)), None, None, None, False)
    for process in home.processes():
        process.suspend()
    for number in range(1, 3000):
        keeper.guard("k", Traces(str(number), None, (made,)), None, None, None, False)
    async with asyncio.timeout(10):
        await keeper.close()
    assert psutil.wait_procs(home.processes(), timeout=5)[1] == []
