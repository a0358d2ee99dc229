"""A kernel runs as if its environment were activated."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from kernel_bridge.kernels.activation import activated
from tests.home import Home
from tests.server.command import run_command, write

WHERE = """\
import os, subprocess, sys
print(sys.prefix)
!python -c "import sys; print(sys.prefix)"
code = "import sys; print(sys.prefix)"
print(subprocess.run(["python", "-c", code], capture_output=True, text=True).stdout, end="")
print(os.environ["VIRTUAL_ENV"])
print(os.environ["PATH"].split(os.pathsep)[0])
"""


def test_commands_in_a_kernel_use_its_own_environment(home: Home) -> None:
    environment = home.work / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (folder,) = environment.glob("lib/python*/site-packages")
    (folder / "ipykernel.pth").write_text(sysconfig.get_path("purelib"))
    script = write(home, "where.py", WHERE)
    other = {"VIRTUAL_ENV": sys.prefix, "PATH": f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}"}
    done = run_command(home, "run", script, "--python", "env/bin/python", environment=other)
    own = str(environment)
    assert done.stdout.splitlines() == [own, own, own, own, f"{own}/bin"], done.stderr
    home.check_clean()


def command_in(environment: Path, name: str) -> str:
    command = environment / name
    command.parent.mkdir(parents=True, exist_ok=True)
    command.touch(mode=0o755)
    return str(command)


@pytest.mark.parametrize(
    ("place", "mark", "name", "language", "expected"),
    [
        ("env", "pyvenv.cfg", "bin/python", "python", {"VIRTUAL_ENV": "env"}),
        ("env", "pyvenv.cfg", "bin/python", "bash", None),
        ("miniforge/envs/ml", "conda-meta/", "bin/python", "python", {"CONDA_DEFAULT_ENV": "ml"}),
        ("project/.conda", "conda-meta/", "bin/python", "python", {"CONDA_DEFAULT_ENV": "project/.conda"}),
        ("miniforge/envs/r", "conda-meta/", "lib/R/bin/R", "R", {"CONDA_DEFAULT_ENV": "r"}),
        ("versions/3.12", "lib/", "bin/python3.12", "python", {}),
        ("local", "lib/", "bin/deno", "typescript", None),
    ],
)
def test_activation(
    tmp_path: Path, place: str, mark: str, name: str, language: str, expected: dict[str, str] | None
) -> None:
    environment = tmp_path / place
    command = command_in(environment, name)
    (environment / mark).mkdir() if mark.endswith("/") else (environment / mark).touch()
    before = {
        "PATH": f"{tmp_path}/active/bin:/usr/bin",
        "VIRTUAL_ENV": f"{tmp_path}/active",
        "PYTHONHOME": "/elsewhere",
        "CONDA_DEFAULT_ENV": "base",
    }
    after = activated(before, command, language)
    if expected is None:
        assert after == before
        return
    assert after["PATH"] == f"{environment}/bin:/usr/bin"
    assert "PYTHONHOME" not in after or not expected
    assert after.get("VIRTUAL_ENV") == (str(environment) if "VIRTUAL_ENV" in expected else None)
    name = expected.get("CONDA_DEFAULT_ENV", "base")
    assert after["CONDA_DEFAULT_ENV"] == (str(tmp_path / name) if "/" in name else name)
    assert after.get("CONDA_PREFIX") == (str(environment) if "CONDA_DEFAULT_ENV" in expected else None)


def test_a_command_on_path_is_left_there(tmp_path: Path) -> None:
    command_in(tmp_path, "bin/python3")
    before = {"PATH": f"/first:{tmp_path}/bin", "PYTHONHOME": "/home"}
    assert activated(before, "python3", "python") == before
    assert activated(before, "no-such-command", "python") == before
