"""`kernel-bridge start`, `kernels`, `stop`, `interrupt`, `restart`, `run --attach`: standalone kernels."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from tests.home import Home
from tests.server.client import Client
from tests.server.command import BOUND_S, JUPYTER_CLIENT, run_command, start_command, write

pytestmark = pytest.mark.slow

Json = dict[str, Any]

DEAF = "get_ipython().kernel.control_handlers['shutdown_request'] = lambda *_: None"


@pytest.fixture(autouse=True)
def clean(home: Home) -> Iterator[None]:
    yield
    home.check_clean()


@pytest.fixture
def foreign(home: Home) -> Iterator[Path]:
    """The connection file of a kernel that another program started."""
    path = home.runtime / f"kernel-{uuid.uuid4()}.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "ipykernel_launcher", "-f", str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=home.environment,
        start_new_session=True,
    )
    while not listed(home):
        assert process.poll() is None
    yield path
    process.kill()
    process.wait()
    path.unlink(missing_ok=True)


def start(home: Home, *arguments: str) -> Json:
    done = run_command(home, "start", "--json", *arguments)
    assert (done.code, done.stderr) == (0, "")
    kernel: Json = json.loads(done.stdout)
    return kernel


def listed(home: Home) -> list[Json]:
    kernels: list[Json] = json.loads(run_command(home, "kernels", "--json").stdout)["kernels"]
    return kernels


def check_run(home: Home, kernel: str, source: str, stdout: str) -> None:
    done = run_command(home, "run", "-", "--attach", kernel, stdin=source)
    assert (done.code, done.stdout, done.stderr) == (0, stdout, "")


def check_refused(home: Home, arguments: list[str], *parts: str, code: int = 2) -> None:
    done = run_command(home, *arguments)
    assert done.code == code
    assert [text for text in parts if text not in done.stderr] == []
    assert "Traceback" not in done.stderr


def line(pipe: IO[bytes] | None, containing: str) -> str:
    """Read lines up to the one that contains the text."""
    assert pipe is not None
    for raw in pipe:
        if containing.encode() in raw:
            return raw.decode()
    raise AssertionError(f"no line contains {containing!r}")


def test_a_kernel_keeps_running_and_accepts_attachments(home: Home) -> None:
    done = run_command(home, "start")
    assert done.code == 0
    (kernel,) = listed(home)
    id, file = kernel["id"], kernel["connectionFile"]
    for text in (file, f"run FILE --attach {id[:8]}", f"--existing {Path(file).name}", f"stop {id[:8]}"):
        assert text in done.stdout
    assert (kernel["state"], kernel["keepAlive"], kernel["cwd"]) == ("idle", True, str(home.work))

    other = subprocess.run(
        [sys.executable, "-c", JUPYTER_CLIENT, file, "x = 20 + 1; print(x)"],
        env=home.environment,
        capture_output=True,
        timeout=BOUND_S,
        check=False,
    )
    assert (other.returncode, other.stdout) == (0, b"21\n")
    for name, value in ((id, 22), (id[:5], 23), (file, 24), (Path(file).name, 25)):
        check_run(home, name, "x += 1\nx", f"{value}\n")

    lines = run_command(home, "kernels").stdout.splitlines()
    assert lines[0].split("  ")[0] == "id"
    assert lines[1].startswith(f"{id[:8]}  idle   Python 3 (ipykernel)  ")
    assert lines[1].endswith("the recorder")
    assert lines[2].startswith("   idle for ")
    assert lines[3].strip().startswith(f"{Path(file).name} · started 20")
    done = run_command(home, "stop")
    assert (done.code, done.stdout) == (0, f"stopped kernel {id[:8]} (Python 3 (ipykernel))\n")
    assert listed(home) == []


def test_a_kernel_starts_with_the_given_options(home: Home) -> None:
    (home.work / "folder").mkdir()
    by_python = start(home, "--python", sys.executable, "--cwd", "folder")
    assert by_python["cwd"] == str(home.work / "folder")
    by_name = start(home, "--kernel", "python3")
    check_run(home, by_python["id"], "import os\nprint(os.getcwd())", f"{home.work / 'folder'}\n")
    assert by_name["keepAlive"]

    check_refused(home, ["stop"], "2 kernels are running; name one", by_python["id"], by_name["id"])
    check_refused(home, ["interrupt", "zz"], "no kernel 'zz' is running; name one", by_name["id"])
    check_refused(home, ["stop", ""], "no kernel '' is running")
    for kernel in (by_name, by_python):
        assert run_command(home, "stop", kernel["id"][:13]).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["start", "--cwd", "nowhere"], 2, "the folder nowhere does not exist; create it"),
        (["start", "--kernel", "nope"], 2, "no kernelspec 'nope'"),
        (["start", "--kernel", "a", "--python", "b"], 2, "not allowed with argument"),
        (["start", "--kernel", "ends"], 3, "ended with exit code 1 before it was ready\nit broke here"),
        (["start", "--kernel", "broken"], 3, "broken/kernel.json cannot be read: Input data was"),
        (["stop"], 2, "no kernel is running; `kernel-bridge start` starts one"),
        (["restart", "abc"], 2, "no kernel 'abc': no kernel is running"),
        (["interrupt", "gone.json"], 2, "no connection file 'gone.json'"),
        (["run", "-", "--attach", "abc"], 2, "no kernel 'abc': no kernel is running"),
        (["run", "-", "--attach", "abc", "--kernel", "python3"], 2, "not allowed with argument"),
    ],
)
def test_a_failure_reports_its_reason(home: Home, arguments: list[str], code: int, part: str) -> None:
    folder = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / "ends"
    folder.mkdir(parents=True)
    spec = {"argv": ["python", "-c", "import sys; sys.exit('it broke here')"]}
    (folder / "kernel.json").write_text(json.dumps(spec | {"display_name": "Ends", "language": "none"}))
    (folder.parent / "broken").mkdir()
    (folder.parent / "broken" / "kernel.json").write_text("{")
    check_refused(home, arguments, part, code=code)


@pytest.mark.parametrize(
    ("on_interrupt", "outcome", "run_code"),
    [("signal.default_int_handler", "interrupted", 1), ("lambda *_: os._exit(5)", "died", 1)],
)
def test_an_interrupt_reports_its_outcome(home: Home, on_interrupt: str, outcome: str, run_code: int) -> None:
    kernel = start(home)
    source = f"import os, signal, time\nsignal.signal(signal.SIGINT, {on_interrupt})\nprint('go')\n"
    write(home, "long.py", source + "time.sleep(100)")
    with start_command(home, "run", "long.py", "--attach", kernel["id"]) as process:
        line(process.stdout, "go")
        assert listed(home)[0]["state"] == "busy"
        done = run_command(home, "interrupt")
        assert (done.code, done.stdout) == (int(outcome != "interrupted"), f"{outcome}\n")
        assert process.wait(BOUND_S) == run_code
    if outcome == "interrupted":
        assert run_command(home, "interrupt", kernel["id"]).stdout == "interrupted\n"
        assert run_command(home, "stop").code == 0


def test_a_restart_keeps_the_id_and_discards_variables(home: Home) -> None:
    before = start(home)
    check_run(home, before["id"], "x = 1", "")
    assert run_command(home, "restart").code == 0
    (after,) = listed(home)
    assert after["pid"] != before["pid"]
    kept = ("id", "connectionFile", "cwd", "keepAlive")
    assert [after[key] for key in kept] == [before[key] for key in kept]
    assert after["epoch"] == 2
    check_run(home, after["id"], "'x' in globals()", "False\n")
    assert run_command(home, "stop").code == 0


def test_the_kernel_of_another_program(home: Home, foreign: Path) -> None:
    assert run_command(home, "kernels").stdout.splitlines()[1].endswith("another program")
    check_refused(home, ["restart"], "was started by another program", "restart it there")
    assert run_command(home, "interrupt").stdout == "interrupted\n"
    check_run(home, str(foreign), "1 + 1", "2\n")
    assert run_command(home, "stop", str(foreign)).code == 0
    assert listed(home) == []


def test_an_unresponsive_kernel_is_stopped(home: Home) -> None:
    kernel = start(home)
    os.kill(kernel["pid"], signal.SIGSTOP)
    assert run_command(home, "stop", kernel["id"][:8]).code == 0
    assert listed(home) == []


async def test_the_kernel_of_an_editor_still_belongs_to_the_editor(home: Home, bridge: Client) -> None:
    document = bridge.open("1", "owned.py")
    kernel = await bridge.command("startKernel", spec="python3", textDocument=document.identifier)
    done = await asyncio.to_thread(run_command, home, "interrupt", kernel["id"])
    assert done.stdout == "interrupted\n"
    done = await asyncio.to_thread(run_command, home, "kernels")
    lines = done.stdout.splitlines()
    assert lines[1].endswith("an editor, ends with it")
    assert lines[-2].endswith(" · owned.py")


def test_a_kernel_that_ignores_shutdown_is_not_reported_as_stopped(home: Home, foreign: Path) -> None:
    check_run(home, str(foreign), DEAF, "")
    check_refused(home, ["stop"], "still runs: it ignored the request")


def test_output_of_other_clients_is_not_shown(home: Home) -> None:
    kernel = start(home)
    wait = "import os, time\nprint('go', flush=True)\nwhile not os.path.exists('sent'): time.sleep(.01)\n"
    write(home, "ours.py", f"# %%\n{wait}# %%\nprint('end', theirs)\n")
    write(home, "theirs.py", "theirs = 1\nprint('not ours')\n")
    with start_command(home, "run", "ours.py", "--attach", kernel["id"]) as ours:
        line(ours.stdout, "go")
        with start_command(home, "run", "theirs.py", "--json", "--attach", kernel["id"]) as theirs:
            line(theirs.stdout, '"state":"running"')
            write(home, "sent", "")
            assert "not ours" in line(theirs.stdout, "not ours")
        assert ours.stdout is not None
        assert (ours.stdout.read(), ours.wait(BOUND_S)) == (b"end 1\n", 0)
    assert run_command(home, "stop").code == 0
