"""`kernel-bridge specs`, `kernels`, `history`, `export` and `doctor`, on pipes."""

import json
import venv
from pathlib import Path

import pytest

from tests.home import Home
from tests.server.command import run_command, write

pytestmark = pytest.mark.slow


def add_spec(home: Home, name: str, argv: list[str]) -> None:
    folder = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / name
    folder.mkdir(parents=True)
    spec = {"argv": argv, "display_name": name.title(), "language": name}
    (folder / "kernel.json").write_text(json.dumps(spec))


def test_specs_marks_the_usable_kernels(home: Home) -> None:
    add_spec(home, "broken", ["/no/such/program"])
    done = run_command(home, "specs")
    assert done.code == 0
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["name", "language", "kernel", "where"]
    assert any(line.split()[:3] == ["✗", "broken", "broken"] for line in lines)
    assert any("'/no/such/program' does not exist" in line for line in lines)
    assert any(line.startswith("●  python3") for line in lines)
    specs = json.loads(run_command(home, "specs", "--json").stdout)["specs"]
    installed = [(spec["name"], spec["usable"]) for spec in specs if spec["source"] == "kernelspec"]
    assert installed == [("python3", True), ("broken", False)]


def test_no_kernels_are_running(home: Home) -> None:
    assert run_command(home, "kernels").stdout == "No kernels are running.\n"
    assert json.loads(run_command(home, "kernels", "--json").stdout) == {"kernels": []}


def test_history_and_export_start_nothing(home: Home) -> None:
    write(home, "a.py", "# %%\nalpha = 1\n\n# %%\nbeta = alpha + 1\nbeta\n")
    write(home, "b.py", "gamma = 1 / 0\n")
    assert run_command(home, "history").stdout == "No runs yet.\n"
    assert run_command(home, "run", "a.py").code == 0
    assert run_command(home, "run", "b.py").code == 1

    codes = [line.split("  ")[-1] for line in run_command(home, "history").stdout.splitlines()[1:]]
    assert codes == ["ZeroDivisionError", "+1 line", "alpha = 1"]
    for filters, expected in (
        (["--text", "BETA"], ["beta = alpha + 1\nbeta"]),
        (["--file", "b.py"], ["gamma = 1 / 0"]),
        (["--limit", "1"], ["gamma = 1 / 0"]),
        (["--text", "nothing"], []),
    ):
        runs = json.loads(run_command(home, "history", "--json", *filters).stdout)["runs"]
        assert [run["source"] for run in runs] == expected
    assert run_command(home, "history", "--text", "nothing").stdout == "No runs match.\n"

    done = run_command(home, "export", "out.ipynb", "--file", "a.py")
    assert (done.code, done.stdout) == (0, "wrote out.ipynb (2 cells)\n")
    refused = run_command(home, "export", "out.ipynb")
    assert refused.code == 2
    assert "out.ipynb exists" in refused.stderr
    newest = json.loads(run_command(home, "history", "--json").stdout)["runs"][0]["id"]
    done = run_command(home, "export", "one.py", "--run", newest[:8], "--json")
    assert json.loads(done.stdout) == {"path": str(home.work / "one.py"), "cells": 1, "format": "py"}
    missing = run_command(home, "export", "none.ipynb", "--run", "zzz")
    assert (missing.code, "no run 'zzz'" in missing.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "starts", "code"), [([], {"python3": True, "broken": False}, 0), (["--no-start"], {}, 0)]
)
def test_doctor_starts_the_kernels_it_finds(
    home: Home, arguments: list[str], starts: dict[str, bool], code: int
) -> None:
    add_spec(home, "broken", ["python", "-c", "raise SystemExit('it broke here')"])
    done = run_command(home, "doctor", "--json", *arguments)
    found = json.loads(done.stdout)
    assert done.code == code
    tried = {kernel["name"]: kernel["starts"] for kernel in found["kernels"] if "starts" in kernel}
    assert {name: tried[name] for name in ("python3", "broken") if name in tried} == starts
    assert found["files"]["history"] == str(home.path / "data" / "kernel-bridge" / "history.db")
    home.check_clean()


def test_doctor_explains_a_failure(home: Home) -> None:
    add_spec(home, "python3", ["/no/such/python"])
    done = run_command(home, "doctor", environment={"JUPYTER_PATH": home.environment["JUPYTER_DATA_DIR"]})
    assert done.code == 3
    assert "✗  python3" in done.stdout
    assert "'/no/such/python' does not exist" in done.stdout
    assert "No kernel starts." in done.stdout


def test_an_environment_without_ipykernel_is_listed_with_the_command_to_install_it(home: Home) -> None:
    environment = home.work / ".venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    command = f"{python} -m ensurepip && {python} -m pip install ipykernel"
    specs = json.loads(run_command(home, "specs", "--json").stdout)["specs"]
    (listed,) = [spec for spec in specs if spec.get("python") == str(python)]
    assert not listed["usable"]
    assert command in listed["problem"]
    assert f"the environment .venv of {home.work}" in listed["reason"]
    examined = json.loads(run_command(home, "doctor", "--json", "--no-start").stdout)["kernels"]
    (same,) = [kernel for kernel in examined if kernel["name"] == listed["name"]]
    assert same["problem"] == listed["problem"]
