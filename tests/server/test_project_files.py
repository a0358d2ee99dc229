"""A bad file of a cloned project or another program hides only itself, and nothing hangs."""

import os
import resource
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from tests.home import Home, private_home
from tests.server.bad_files import BAD
from tests.server.client import Client, editor
from tests.server.command import run_command
from tests.server.wire import ResponseError

pytestmark = pytest.mark.slow

MEMORY_BYTES = 400_000_000
ADDRESSES_BYTES = 4_000_000_000
BOUND_S = 10  # for a listing, on a busy machine
INTERNAL_ERROR = -32603

PLACES: dict[str, str] = {
    ".python-version": ".python-version",
    "pyvenv.cfg": ".venv/pyvenv.cfg",
    "kernel.json": ".venv/share/jupyter/kernels/odd/kernel.json",
    "kernel.json of pixi": ".pixi/envs/odd/share/jupyter/kernels/odd/kernel.json",
}
"""The files of a project that are read when kernels are listed."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bounded() -> AsyncIterator[Client]:
    """A bridge with limited memory."""
    with private_home() as home:
        async with editor(home) as client:
            psutil.Process(client.process.pid).rlimit(resource.RLIMIT_AS, (ADDRESSES_BYTES, ADDRESSES_BYTES))
            yield client
            assert peak_bytes(client.process.pid) < MEMORY_BYTES
            shutil.rmtree(home.work)  # its sockets do not belong to the bridge
            home.work.mkdir()


def peak_bytes(pid: int) -> int:
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line]
    return int(line.split()[1]) * 1024


def project(folder: Path, *bad: tuple[str, str]) -> Path:
    """A project with an interpreter that must not run, and a bad file in each of these places."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ntouch {folder}/was-run\n")
    python.chmod(0o755)
    for place, kind in bad:
        path = folder / PLACES[place]
        path.parent.mkdir(parents=True, exist_ok=True)
        BAD[kind](path)
    return folder


async def specs_of(client: Client, folder: Path) -> list[dict[str, Any]]:
    """The startable kernels of the folder. Asserts the time limit, and that python3 is included."""
    began = time.monotonic()
    document = {"uri": (folder / "a.py").as_uri()}
    specs: list[dict[str, Any]] = (await client.command("listKernelSpecs", textDocument=document))["specs"]
    assert time.monotonic() - began < BOUND_S
    (python3,) = [spec for spec in specs if spec["name"] == "python3"]
    assert python3["usable"]
    assert not (folder / "was-run").exists()
    return specs


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("place", PLACES)
async def test_a_bad_file_of_a_project_hides_only_itself(bounded: Client, place: str, kind: str) -> None:
    folder = project(bounded.home.work / place / kind, (place, kind))
    await specs_of(bounded, folder)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_file_in_the_users_home_hides_only_itself(bounded: Client, kind: str) -> None:
    home = bounded.home
    folder = project(home.work / "person" / kind)
    (folder / "Pipfile").touch()
    places = [
        Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / "odd" / "kernel.json",
        home.path / ".conda" / "environments.txt",
        home.path / "data" / "virtualenvs" / "odd" / ".project",
    ]
    for path in places:
        path.parent.mkdir(parents=True, exist_ok=True)
        BAD[kind](path)
    try:
        await specs_of(bounded, folder)
    finally:
        for path in places:
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "kind", ["endless", "pipe", "loop", "folder", "900 levels", "argv with a zero byte", "env of numbers"]
)
async def test_a_bad_kernelspec_reports_why_it_cannot_start(bounded: Client, kind: str) -> None:
    folder = project(bounded.home.work / "named" / kind, ("kernel.json", kind))
    (odd,) = [spec for spec in await specs_of(bounded, folder) if spec["name"] == "odd"]
    assert not odd["usable"]
    assert str(folder / PLACES["kernel.json"]) in odd["problem"]
    with pytest.raises(ResponseError) as caught:
        await bounded.command("startKernel", spec="odd", textDocument={"uri": (folder / "a.py").as_uri()})
    assert caught.value.kind == "KernelLaunchFailed"


@pytest.mark.asyncio(loop_scope="module")
async def test_an_environment_that_python_cannot_read_is_not_started(bounded: Client) -> None:
    folder = project(bounded.home.work / "unread", ("pyvenv.cfg", "pipe"))
    packages = folder / ".venv" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "ipykernel_launcher.py").touch()
    (own,) = [
        spec for spec in await specs_of(bounded, folder) if spec.get("python", "").startswith(str(folder))
    ]
    assert not own["usable"]
    assert "pyvenv.cfg cannot be read: not a regular file" in own["problem"]


@pytest.mark.asyncio(loop_scope="module")
async def test_endless_folders_are_read_in_part(bounded: Client) -> None:
    folder = project(bounded.home.work / "many")
    for many in (".venv/share/jupyter/kernels", ".pixi/envs", ".venv/lib", ".venv/conda-meta"):
        (folder / many).mkdir(parents=True)
        for number in range(3_000):
            (folder / many / f"python3.{number}").mkdir()
    for number in range(1_000):
        (folder / ".venv/share/jupyter/kernels" / f"python3.{number}" / "kernel.json").write_text("{}")
    assert len(await specs_of(bounded, folder)) < 1_000


@pytest.mark.asyncio(loop_scope="module")
async def test_folders_that_contain_themselves_do_not_hang(bounded: Client) -> None:
    folder = project(bounded.home.work / "loops")
    for loop in (".pixi/envs/a", ".venv/share", ".venv/lib", "venv", ".conda"):
        (folder / loop).parent.mkdir(parents=True, exist_ok=True)
        (folder / loop).symlink_to("..", target_is_directory=True)
    await specs_of(bounded, folder)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", [b"caf\xe9", b"a\nb", b"\x1b]52;c;eA==\x07", b"x" * 255])
async def test_untypeable_names(bounded: Client, name: bytes) -> None:
    folder = project(bounded.home.work / "names" / name.hex()[:50])
    for parent in (".pixi/envs", ".venv/share/jupyter/kernels"):
        odd = os.path.join(os.fsencode(folder / parent), name)
        os.makedirs(os.path.join(odd, b"bin"))
        for file, content in ((b"bin/python", "#!/bin/sh\n"), (b"kernel.json", '{"argv": ["sh"]}')):
            Path(os.fsdecode(os.path.join(odd, file))).write_text(content)
    await specs_of(bounded, folder)


@pytest.mark.asyncio(loop_scope="module")
async def test_inaccessible_folders_are_skipped(bounded: Client) -> None:
    folder = project(bounded.home.work / "closed")
    parts = [folder / ".venv/lib/python3.12/site-packages", folder / ".venv/share/jupyter/kernels/odd"]
    for part in parts:
        part.mkdir(parents=True)
        part.chmod(0)  # root can enter anyway
    try:
        await specs_of(bounded, folder)
    finally:
        for part in parts:
            part.chmod(0o755)


MIXED = [
    [(".python-version", "endless"), ("pyvenv.cfg", "pipe"), ("kernel.json", "endless")],
    [(".python-version", "zeroes"), ("pyvenv.cfg", "home is itself"), ("kernel.json", "900 levels")],
    [(".python-version", "names"), ("pyvenv.cfg", "zero byte"), ("kernel.json", "command with a zero byte")],
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("number", range(len(MIXED)))
async def test_code_runs_in_a_project_with_bad_files(bounded: Client, number: int) -> None:
    folder = project(bounded.home.work / "runs" / str(number), *MIXED[number])
    document = bounded.open("6 * 7", name=f"runs/{number}/a.py")
    run = await bounded.run(unit="all", textDocument=document.identifier)
    assert run["state"] == "ok"
    assert run["outputs"][0]["data"]["text/plain"] == "42"
    await bounded.command("shutdownKernel", kernelId=run["kernelId"])
    assert not (folder / "was-run").exists()


@pytest.mark.parametrize("number", range(len(MIXED)))
def test_commands_in_a_project_with_bad_files(home: Home, number: int) -> None:
    project(home.work, *MIXED[number])
    (home.work / "a.py").write_text("print(6 * 7)\n")
    limited = ["sh", "-c", f'ulimit -v {ADDRESSES_BYTES // 1024}; exec "$@"', "sh"]
    for arguments, expected in (
        (["specs"], "python3"),
        (["specs", "--json"], '"python3"'),
        (["doctor", "--no-start"], "python3"),
        (["run", "a.py", "--kernel", "python3"], "42"),
    ):
        done = run_command(home, *arguments, prefix=limited)
        assert (done.code, expected in done.stdout) == (0, True), done
        assert "Traceback" not in done.stderr
        assert done.stderr.count(".python-version is skipped: not a regular file") == (number == 0)
        assert "bug" not in done.stderr
    assert not (home.work / "was-run").exists()
    home.check_clean()
