"""No command imports a module from the current folder, even if it shadows one of Python's."""

import json
import os
import sys
import venv
from pathlib import Path

import pytest

from tests.home import Home
from tests.server.client import editor
from tests.server.command import run_command
from tests.server.wire import ResponseError

pytestmark = pytest.mark.slow

NAMES = (
    "argparse", "asyncio", "contextlib", "importlib", "json", "logging", "pathlib", "random", "runpy",
    "signal", "sqlite3", "string", "tempfile", "typing", "IPython", "ipykernel", "ipykernel_launcher",
    "jupyter_client", "jupyter_core", "msgspec", "nbconvert", "nbformat", "platformdirs", "pygls", "rich",
    "sitecustomize", "traitlets", "usercustomize", "zmq",
)  # fmt: skip
EARLY = ("runpy", "importlib", "contextlib", "typing", "sitecustomize", "usercustomize")
"""The modules that Python imports at startup (`python -m`, PYTHONPATH), before kernel-bridge runs."""


def plant(folder: Path, but: tuple[str, ...] = ()) -> Path:
    """Create modules that write to a trace file when imported. Return the path of that file."""
    trace = folder / "imported"
    for name in NAMES:
        if name not in but:
            (folder / f"{name}.py").write_text(f"open({str(trace)!r}, 'a').write({name + ' '!r})\n1 / 0\n")
    return trace


def traced(trace: Path) -> str:
    return trace.read_text() if trace.exists() else ""


@pytest.mark.parametrize("path", [None, "", ":/nowhere", ".:/nowhere", "./"])
def test_no_command_imports_from_the_current_folder(home: Home, path: str | None) -> None:
    trace = plant(home.work, but=EARLY)
    (home.work / "a.py").write_text("print(6 * 7)\n")
    environment = {} if path is None else {"PYTHONPATH": path}
    for arguments in (
        ["--version"],
        ["specs"],
        ["kernels"],
        ["history"],
        ["doctor", "--no-start"],
    ):
        done = run_command(home, *arguments, environment=environment)
        assert (done.code, traced(trace)) == (0, ""), (arguments, done)


def test_a_run_imports_modules_of_the_folder_only_if_its_code_does(home: Home) -> None:
    trace = plant(home.work, but=EARLY)
    (home.work / "mine.py").write_text("answer = 42\n")
    (home.work / "a.py").write_text("import mine\nprint(mine.answer)\n")
    done = run_command(home, "run", "a.py", "--export", "a.html")
    assert (done.code, done.stdout.splitlines()[0]) == (0, "42"), done
    assert traced(trace) == ""


def test_an_export_uses_no_template_from_the_current_folder(home: Home) -> None:
    template = home.work / "nbconvert" / "templates" / "lab"
    for folder in (template, home.work / "templates" / "lab", home.work / "lab"):
        folder.mkdir(parents=True)
        (folder / "index.html.j2").write_text("taken from the project")
        (folder / "conf.json").write_text(json.dumps({"base_template": "base"}))
    (home.work / "a.py").write_text("6 * 7\n")
    assert run_command(home, "run", "a.py", "--export", "a.html").code == 0
    assert "taken from the project" not in (home.work / "a.html").read_text()


async def test_an_interpreter_is_examined_without_the_folder(home: Home) -> None:
    venv.create(home.path / "bare", symlinks=True)
    async with editor(home) as client:
        trace = plant(home.work)
        with pytest.raises(ResponseError, match="this Python has no ipykernel"):
            await client.command("startKernel", python=str(home.path / "bare" / "bin" / "python"))
        assert traced(trace) == ""


async def test_an_interpreter_that_finds_ipykernel_elsewhere_starts(home: Home) -> None:
    """PYTHONPATH is honoured. The folder itself is importable only in the running kernel."""
    venv.create(home.path / "bare", symlinks=True)
    packages = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    async with editor(home, environment={"PYTHONPATH": packages}) as client:
        trace = plant(home.work)
        kernel = await client.command("startKernel", python=str(home.path / "bare" / "bin" / "python"))
        assert traced(trace) == ""
        run = await client.run(code="import sys; print('' in sys.path)", kernelId=kernel["id"])
        assert run["outputs"][0]["text"] == "True\n"


@pytest.mark.parametrize("spec", [{"spec": "python3"}, {"python": sys.executable}])
async def test_a_kernel_starts_next_to_modules_that_shadow_its_own(home: Home, spec: dict[str, str]) -> None:
    async with editor(home) as client:
        trace = plant(home.work)
        kernel = await client.command("startKernel", **spec)
        assert traced(trace) == ""
        run = await client.run(
            code="import sys; '' in sys.path, sys.argv[1], __name__", kernelId=kernel["id"]
        )
        assert run["outputs"][0]["data"]["text/plain"] == "(True, '-f', '__main__')"


def hostile_project(home: Home) -> Path:
    """Create an environment with a kernel, and one with an installed kernel's name. Return their trace."""
    trace = home.work / "was-run"
    environment = home.work / ".venv"
    packages = environment / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "ipykernel_launcher.py").touch()
    program = environment / "bin" / "python"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$0 $PWD" >> {trace}\n')
    program.chmod(0o755)
    write_spec(environment / "share" / "jupyter" / "kernels" / "odd", [str(program), "odd"])
    write_spec(environment / "share" / "jupyter" / "kernels" / "installed", [str(program), "in its place"])
    return trace


def write_spec(folder: Path, argv: list[str]) -> None:
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "A", "language": "a"}))


def test_doctor_starts_only_what_is_installed(home: Home) -> None:
    trace = hostile_project(home)
    where = home.path / "where"
    command = ["sh", "-c", f'pwd > {where}; echo "it was started" >&2; exit 1']
    write_spec(Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / "installed", command)
    done = run_command(home, "doctor", "--json")
    kernels = json.loads(done.stdout)["kernels"]
    tried = {kernel["name"]: kernel["starts"] for kernel in kernels if "starts" in kernel}
    assert (done.code, tried) == (0, {"python3": True, "installed": False})
    assert {"odd"} < {kernel["name"] for kernel in kernels}
    assert not trace.exists()
    assert where.read_text().strip() not in (str(home.work), "")
    assert not Path(where.read_text().strip()).exists()  # it existed only for this start


def test_doctor_lists_a_projects_programs_before_running_them(home: Home) -> None:
    trace = hostile_project(home)
    done = run_command(home, "doctor", "--json", "--start-all")
    program = str(home.work / ".venv" / "bin" / "python")
    assert f"running {program} odd" in done.stderr
    assert f"running {program} -m ipykernel_launcher" in done.stderr
    assert trace.read_text().count(program) == 3
    assert str(home.work) not in {line.split()[1] for line in trace.read_text().splitlines()}
    assert run_command(home, "doctor", "--no-start", "--start-all").code == 2


def test_doctor_marks_what_it_did_not_start(home: Home) -> None:
    hostile_project(home)
    lines = run_command(home, "doctor").stdout.splitlines()
    assert any(line.split()[:2] == ["✓", "python3"] for line in lines)
    assert any(line.split()[:2] == ["·", "odd"] for line in lines)
    assert any("`kernel-bridge doctor --start-all`" in line for line in lines)


def test_kernelspecs_are_not_searched_in_the_current_folder(home: Home) -> None:
    write_spec(home.work / "kernels" / "odd", ["sh"])
    done = run_command(home, "specs", "--json", environment={"JUPYTER_PATH": ":relative"})
    assert "odd" not in {spec["name"] for spec in json.loads(done.stdout)["specs"]}
