"""Environments as their managers leave them on disk, found without running anything."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from kernel_bridge.bridge.application import Bridge
from kernel_bridge.kernels.environments import find_kernel_for, list_kernels_for
from kernel_bridge.kernels.installation import install_ipykernel
from kernel_bridge.kernels.specs import environment_spec, python_spec
from kernel_bridge.protocol.errors import InstallFailed, NoSuchKernelSpec
from kernel_bridge.protocol.objects import KernelInstall, KernelSpec
from kernel_bridge.protocol.settings import HistorySettings, Settings
from tests.home import Home


@pytest.fixture(autouse=True)
def bare(at_home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide this machine's own environments."""
    for name in os.environ:
        if name.startswith(
            ("VIRTUAL_ENV", "CONDA_", "MAMBA_", "PYENV_", "POETRY_", "UV_", "WORKON_", "XDG_")
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", "")


def make(environment: Path, *, ipykernel: bool = True, broken: bool = False, kind: str = "venv") -> Path:
    """A folder that looks like an environment; running its interpreter would fail the test."""
    packages = environment / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    (environment / "bin").mkdir()
    python = environment / "bin" / "python"
    if broken:
        python.symlink_to("/gone/python3.12")
    else:
        python.write_text(f"#!/bin/sh\ntouch {environment}/was-run\n")
        python.chmod(0o755)
    if kind == "conda":
        (environment / "conda-meta").mkdir()
    elif kind != "base":
        (environment / "pyvenv.cfg").write_text(
            "home = /gone\nversion = 3.12.1\n" + ("uv = 0.9\n" * (kind == "uv"))
        )
    if kind in ("venv", "base"):
        (packages / "pip").mkdir()
    if ipykernel:
        (packages / "ipykernel_launcher.py").touch()
    return environment


async def listed(folder: Path, root: Path) -> list[KernelSpec]:
    specs = await list_kernels_for(folder, root)
    for spec in specs:
        if spec.python is not None:
            assert not Path(spec.python).parent.parent.joinpath("was-run").exists()
    return specs


async def check_best(home: Home, environment: Path, reason: str, folder: Path | None = None) -> None:
    best = (await listed(folder or home.path / "work", home.path / "work"))[0]
    assert (best.python, best.usable, best.source) == (f"{environment}/bin/python", True, "environment")
    assert reason in (best.reason or "")
    assert best.display_name.startswith("Python 3.12 (")


@pytest.mark.parametrize("name", [".venv", "venv", ".conda", ".pixi/envs/default"])
async def test_the_environment_in_the_folder(home: Home, name: str) -> None:
    await check_best(home, make(home.path / "work" / name), str(home.path / "work"))


async def test_the_environment_of_a_parent_folder_up_to_the_root(home: Home) -> None:
    folder = home.path / "work" / "a" / "b"
    folder.mkdir(parents=True)
    make(home.path / ".venv")  # above the root
    environment = make(home.path / "work" / ".venv")
    await check_best(home, environment, "the environment .venv of", folder)
    nearer = make(home.path / "work" / "a" / ".venv")
    await check_best(home, nearer, "the environment .venv of", folder)
    assert str(home.path / ".venv") not in str(await listed(folder, home.path / "work"))


async def test_environments_that_managers_keep_elsewhere(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    work = home.path / "work"
    conda = make(home.path / "conda" / "envs" / "x", kind="conda")
    (home.path / ".conda").mkdir()
    (home.path / ".conda" / "environments.txt").write_text(f"{conda}\n/gone\n\n")
    pyenv = make(home.path / ".pyenv" / "versions" / "3.12.1")
    specs = {spec.python: spec for spec in await listed(work, work)}
    assert {f"{conda}/bin/python", f"{pyenv}/bin/python"} <= set(specs)

    monkeypatch.setenv("CONDA_PREFIX", str(conda))
    await check_best(home, conda, "active environment (CONDA_PREFIX)")
    (work / ".python-version").write_text("3.12.1\n")
    await check_best(home, pyenv, "that")
    (work / "Pipfile").touch()
    pipenv = make(home.path / ".local" / "share" / "virtualenvs" / "work-abc")
    (pipenv / ".project").write_text(str(work))
    await check_best(home, pipenv, "pipenv")


async def test_named_environments_of_conda_and_mamba(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    work = home.path / "work"
    made = {
        make(home.path / "miniforge", kind="conda"): "the base environment of conda",
        make(home.path / "miniforge" / "envs" / "data", kind="conda"): "the conda environment data",
        make(home.path / "micromamba" / "envs" / "geo", kind="conda"): "the conda environment geo",
        make(home.path / ".local/share/uv/python/cpython-3.13.1"): "the Python cpython-3.13.1 of uv",
    }
    monkeypatch.setenv("CONDA_EXE", str(home.path / "miniforge" / "bin" / "conda"))
    reasons = {spec.python: spec.reason for spec in await listed(work, work)}
    for environment, reason in made.items():
        assert reasons[f"{environment}/bin/python"] == reason


async def test_the_environment_folder_configured_for_uv(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", ".uv")
    await check_best(home, make(home.path / "work" / ".uv", kind="uv"), "the uv environment of")


async def test_a_poetry_environment_is_found_by_the_project_hash(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    work = home.path / "work"
    (work / "pyproject.toml").touch()
    mark = urlsafe_b64encode(sha256(str(work).encode()).digest()).decode()[:8]
    make(home.path / ".cache" / "pypoetry" / "virtualenvs" / "other-AAAAAAAA-py3.12")
    environment = make(home.path / ".cache" / "pypoetry" / "virtualenvs" / f"mine-{mark}-py3.12")
    await check_best(home, environment, "poetry")


INSTALLS = [
    # the environment, its kind, files of the project, tools on PATH, the command
    (".venv", "venv", [], ["uv"], "{python} -m pip install ipykernel"),
    (".venv", "uv", [], ["uv"], "uv pip install --python {python} ipykernel"),
    (".venv", "uv", [], [], "{python} -m ensurepip && {python} -m pip install ipykernel"),
    (".venv", "bare", [], ["uv"], "uv pip install --python {python} ipykernel"),
    (".venv", "bare", [], [], "{python} -m ensurepip && {python} -m pip install ipykernel"),
    (".venv", "uv", ["uv.lock"], ["uv"], "uv add --dev --project {work} ipykernel"),
    ("venv", "uv", ["uv.lock"], ["uv"], "uv pip install --python {python} ipykernel"),
    (".venv", "venv", ["poetry.lock"], ["poetry"], "poetry add --group dev --directory {work} ipykernel"),
    (".venv", "venv", ["poetry.lock"], [], "{python} -m pip install ipykernel"),
    (".venv", "venv", ["pdm.lock"], ["pdm"], "pdm add --dev --project {work} ipykernel"),
    (".conda", "conda", [], ["mamba"], "mamba install --yes -p {prefix} ipykernel"),
    (".conda", "conda", [], [], "conda install --yes -p {prefix} ipykernel"),
    (".pixi/envs/default", "conda", [], [], "pixi add --manifest-path {work} ipykernel"),
]


@pytest.mark.parametrize(("name", "kind", "files", "tools", "expected"), INSTALLS)
async def test_ipykernel_is_installed_by_the_tool_that_manages_the_environment(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    kind: str,
    files: list[str],
    tools: list[str],
    expected: str,
) -> None:
    prefix = make(home.work / name, ipykernel=False, kind=kind)
    for file in files:
        (home.work / file).touch()
    folder = home.path / "tools"
    folder.mkdir()
    for tool in tools:
        (folder / tool).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(folder))
    python = f"{prefix}/bin/python"
    spec = next(spec for spec in await listed(home.work, home.work) if spec.python == python)
    command = expected.format(python=python, prefix=prefix, work=home.work)
    assert (spec.usable, spec.install) == (False, KernelInstall(python=python, command=command))
    assert spec.problem == f"ipykernel is not installed; run {command}"


async def test_an_externally_managed_python_is_left_alone(home: Home) -> None:
    base = make(home.path / "usr", ipykernel=False, kind="base")
    (base / "lib" / "python3.12" / "EXTERNALLY-MANAGED").touch()
    python = base / "bin" / "python3.12"
    (base / "bin" / "python").rename(python)
    spec = python_spec(str(python))
    create = f"{python} -m venv .venv && .venv/bin/python -m pip install ipykernel"
    assert (spec.usable, spec.install) == (False, None)
    assert spec.problem == f"ipykernel is not installed; run {create}"
    with pytest.raises(InstallFailed, match="the system manages its packages") as caught:
        await install_ipykernel(str(python), print)
    assert (caught.value.command, caught.value.hint) == ([], create)


async def test_a_broken_environment_is_listed_last_with_its_problem(home: Home) -> None:
    work = home.path / "work"
    make(work / ".venv", broken=True)
    last = (await listed(work, work))[-1]
    assert (last.usable, "cannot be run" in (last.problem or "")) == (False, True)


async def test_an_environment_is_found_by_its_name(home: Home) -> None:
    work = home.path / "work"
    make(work / ".venv")
    best = (await listed(work, work))[0]
    assert await find_kernel_for(best.name, work, work) == best
    with pytest.raises(NoSuchKernelSpec, match=best.name):
        await find_kernel_for("absent", work, work)


def install(name: str, *argv: str, language: str = "python", data: Path | None = None) -> None:
    folder = (data or Path(os.environ["JUPYTER_DATA_DIR"])) / "kernels" / name
    folder.mkdir(parents=True)
    spec = {"argv": argv, "display_name": name.title(), "language": language}
    (folder / "kernel.json").write_text(json.dumps(spec))


async def test_an_installed_kernelspec_replaces_its_environment(home: Home) -> None:
    work = home.path / "work"
    python = f"{make(work / '.venv')}/bin/python"
    install("bash", python, "-m", "bash_kernel", language="bash")
    install("mine", python, "-m", "ipykernel_launcher")
    specs = await listed(work, work)
    assert (specs[0].name, specs[0].source) == ("mine", "kernelspec")
    assert "the environment .venv" in (specs[0].reason or "")
    assert [spec.name for spec in specs].count("mine") == 1
    assert not [spec for spec in specs if spec.python == python]


async def test_kernels_of_other_languages_in_an_environment(home: Home) -> None:
    work = home.path / "work"
    environment = make(work / ".venv")
    data = environment / "share" / "jupyter"
    install("python3", "python", "-m", "ipykernel_launcher", data=data)
    install("bash", "python", "-m", "bash_kernel", language="bash", data=data)
    install("bash", sys.executable, "-m", "bash_kernel", language="bash")
    make(work / "a" / ".venv", ipykernel=False)
    install("bash", "/gone", language="bash", data=work / "a" / ".venv" / "share" / "jupyter")
    own, bash, *rest = await listed(work, work)
    assert own.source == "environment"
    assert (bash.name, bash.argv[0]) == ("bash", f"{environment}/bin/python")
    assert (bash.usable, bash.reason) == (True, own.reason)
    assert "bash" not in [spec.name for spec in rest]
    assert await find_kernel_for("bash", work, work) == bash
    (problem,) = [spec.problem for spec in await listed(work / "a", work) if spec.name == "bash"]
    assert "the command '/gone' does not exist" in (problem or "")


async def test_the_usual_kernel_of_python_is_the_default(home: Home) -> None:
    work = home.path / "work"

    async def check(expected: str, **settings: Any) -> None:
        bridge = Bridge(Settings(history=HistorySettings(enabled=False), **settings), work)
        assert (await bridge.specs.default((work / "a.py").as_uri(), "python")).name == expected
        await bridge.close()

    install("async", sys.executable, "-m", "async_kernel", "-f", "{connection_file}")
    install(
        "own", sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"
    )
    await check("python3")
    await check("async", default_kernels={"python": "async"})
    assert [spec.name for spec in await listed(work, work)] == ["python3", "own", "async"]
    environment = environment_spec(f"{make(work / '.venv')}/bin/python", has_ipykernel=True)
    await check(environment.name)
    install("mine", *environment.argv)
    await check("mine")
