"""Python environments that a user expects for a document without having registered a kernel.

Looks only at the files that environment managers leave on disk and runs nothing, so discovery is fast and a
broken interpreter does no harm. The order reflects which environment the user most likely wants.
"""

import asyncio
import base64
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Container, Iterator, Mapping
from itertools import islice, takewhile
from pathlib import Path

import msgspec

from ..files import log_once, log_skipped, names_in, read_text, readable
from ..protocol.objects import KernelSpec
from .interpreters import holds_ipykernel, is_python_2, prefix_of, python_of
from .specs import environment_spec, interpreter_of, list_specs, pick, runs_ipykernel, specs_in

INSTALLED = 2  # index of the group of installed kernelspecs, after the project's and the active environment
MOST = 300  # environments and their kernels in a project, and again in everything else
LARGEST_BYTES = 1_048_576  # for conda's list of environments; the other files have a few lines

_VERSION = re.compile(r"[\w+@-][\w.+:@-]*", re.ASCII)  # names that pyenv accepts for a folder

Candidate = tuple[Path, str]  # an environment, and the reason to offer it


async def list_kernels_for(folder: Path, root: Path) -> list[KernelSpec]:
    """Everything that can be started, best first for a document in `folder`; environments come with a reason.

    The search in parent folders ends at `root`. First the project's own environments, then the active one,
    then installed kernelspecs, then the rest. Unusable kernels follow all usable ones.
    """
    installed = await list_specs()
    return await asyncio.to_thread(_ranked, installed, folder, root, os.environ)


async def find_kernel_for(name: str, folder: Path, root: Path) -> KernelSpec:
    """The kernelspec or environment of that name.

    Raises NoSuchKernelSpec, whose data lists the known ones.
    """
    return pick(await list_kernels_for(folder, root), name)


def missed_environment(folder: Path, root: Path) -> KernelSpec | None:
    """The project's own environment, if it has one and none of its environments can run a kernel."""
    own = ((python_of(path), path, reason) for path, reason in _of_project(folder, root, os.environ))
    specs = [
        environment_spec(str(python), holds_ipykernel(str(python)), reason)
        for python, path, reason in own
        if python is not None and not is_python_2(path)
    ]
    return specs[0] if specs and not any(spec.usable for spec in specs) else None


def _ranked(
    installed: list[KernelSpec], folder: Path, root: Path, environ: Mapping[str, str]
) -> list[KernelSpec]:
    by_prefix: dict[str, KernelSpec] = {}
    for spec in installed:
        if runs_ipykernel(spec) and (command := interpreter_of(spec)):
            by_prefix.setdefault(os.path.realpath(prefix_of(command)), spec)
    groups: list[list[KernelSpec]] = []
    seen: set[str] = set()
    promoted: set[str] = set()
    folders = {os.path.realpath(spec.resource_dir) for spec in installed if spec.resource_dir}
    for candidates in (
        _of_project(folder, root, environ),
        _active(environ),
        iter(()),  # the installed kernelspecs
        _elsewhere(environ),
    ):
        group: list[KernelSpec] = []
        for environment, reason in islice(candidates, MOST):
            python = python_of(environment)
            prefix = os.path.realpath(environment)
            if prefix in seen:
                continue
            seen.add(prefix)
            others = []
            if len(groups) < INSTALLED:  # as in Jupyter, the first of a name hides the others
                found = islice(_kernelspecs_of(environment, reason, folders), max(0, MOST - len(group)))
                others = [spec for spec in found if spec.name not in promoted]
                promoted.update(spec.name for spec in others)
            if python is None or is_python_2(environment):
                group += others
                continue
            known = by_prefix.get(prefix)
            if known is None:
                group.append(environment_spec(str(python), holds_ipykernel(str(python)), reason))
            elif len(groups) < INSTALLED:
                promoted.add(known.name)
                group.append(msgspec.structs.replace(known, reason=reason))
            group += others
        groups.append(group)
    groups[INSTALLED] = [spec for spec in installed if spec.name not in promoted]
    return sorted((spec for group in groups for spec in group), key=lambda spec: not spec.usable)


def _kernelspecs_of(environment: Path, reason: str, known: Container[str]) -> Iterator[KernelSpec]:
    """The kernels in an environment other than its Python's own, without those in `known` folders."""
    commands = environment / ("Scripts" if os.name == "nt" else "bin")
    for spec in specs_in(environment / "share" / "jupyter" / "kernels", commands):
        if os.path.realpath(spec.resource_dir or "") not in known and not runs_ipykernel(spec):
            yield msgspec.structs.replace(spec, reason=readable(reason))


def _of_project(folder: Path, root: Path, environ: Mapping[str, str]) -> Iterator[Candidate]:
    for parent in _parents(folder, root):
        for name in (".venv", "venv", ".conda"):
            yield parent / name, f"the environment {name} of {parent}"
        if configured := environ.get("UV_PROJECT_ENVIRONMENT"):
            yield parent / configured, f"the uv environment of {parent}"
        for environment in _within(parent / ".pixi" / "envs"):
            yield environment, f"the pixi environment {environment.name} of {parent}"
        yield from _of_poetry(parent, environ)
        yield from _of_pipenv(parent, environ)
        yield from _of_pyenv(parent, environ)


def _parents(folder: Path, root: Path) -> list[Path]:
    """The folder and its parents up to the root, or only the folder if it is not below the root."""
    above = [folder, *folder.parents]
    if root not in above:
        return [folder]
    return [*takewhile(lambda parent: parent != root, above), root]


def _of_poetry(project: Path, environ: Mapping[str, str]) -> Iterator[Candidate]:
    """Poetry names an environment after the project and a hash of its path."""
    if not os.path.isfile(project / "pyproject.toml"):
        return
    digest = hashlib.sha256(os.path.normcase(os.path.realpath(project)).encode()).digest()
    mark = base64.urlsafe_b64encode(digest).decode()[:8]
    cache = Path(environ.get("POETRY_CACHE_DIR") or _cache(environ) / "pypoetry")
    folder = Path(environ.get("POETRY_VIRTUALENVS_PATH") or cache / "virtualenvs")
    for environment in _within(folder):
        if f"-{mark}-py" in environment.name:
            yield environment, f"the poetry environment of {project}"


def _of_pipenv(project: Path, environ: Mapping[str, str]) -> Iterator[Candidate]:
    """Pipenv writes the project's path into each environment."""
    if not os.path.isfile(project / "Pipfile"):
        return
    for environment in _within(Path(environ.get("WORKON_HOME") or _data(environ) / "virtualenvs")):
        if _text(environment / ".project").strip() == str(project):
            yield environment, f"the pipenv environment of {project}"


def _of_pyenv(project: Path, environ: Mapping[str, str]) -> Iterator[Candidate]:
    path = project / ".python-version"
    names = _text(path).split()
    for name in filter(_VERSION.fullmatch, islice(names, MOST)):
        yield _pyenv(environ) / "versions" / name, f"the Python {name} that {path} names"


def _active(environ: Mapping[str, str]) -> Iterator[Candidate]:
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if path := environ.get(variable):
            yield Path(path), f"the active environment ({variable})"


def _elsewhere(environ: Mapping[str, str]) -> Iterator[Candidate]:
    for name in ("python3", "python"):
        if path := shutil.which(name, path=environ.get("PATH")):
            yield prefix_of(path), f"{name} on PATH"
    for line in islice(_text(_home(environ) / ".conda" / "environments.txt").splitlines(), MOST):
        if os.path.isabs(line) and "\0" not in line:
            yield Path(line.strip()), "a conda environment"
    for root in _conda_roots(environ):
        yield root, "the base environment of conda"
        for environment in _within(root / "envs"):
            yield environment, f"the conda environment {environment.name}"
    for environment in _within(_pyenv(environ) / "versions"):
        yield environment, f"the Python {environment.name} of pyenv"
    for environment in _within(
        Path(environ.get("UV_PYTHON_INSTALL_DIR") or _data(environ) / "uv" / "python")
    ):
        yield environment, f"the Python {environment.name} of uv"


def _conda_roots(environ: Mapping[str, str]) -> Iterator[Path]:
    """The folders of conda, mamba and micromamba, which hold named environments."""
    if command := environ.get("CONDA_EXE"):
        yield Path(command).parent.parent
    yield Path(environ.get("MAMBA_ROOT_PREFIX") or _home(environ) / "micromamba")


def _within(folder: Path) -> list[Path]:
    """The subfolders of a folder."""
    found = (path for name in names_in(folder) if os.path.isdir(path := folder / name))
    folders = list(islice(found, MOST + 1))
    if len(folders) > MOST:
        log_once(f"{readable(str(folder))} has more than {MOST} environments; the first ones are listed")
    return folders[:MOST]


def _text(path: Path) -> str:
    """The text of a small file; empty if it is missing or unreadable."""
    try:
        return read_text(path, LARGEST_BYTES)
    except OSError as error:
        log_skipped(path, error)
        return ""


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())


def _pyenv(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("PYENV_ROOT") or _home(environ) / ".pyenv")


def _cache(environ: Mapping[str, str]) -> Path:
    if sys.platform == "darwin":
        return _home(environ) / "Library" / "Caches"
    return Path(environ.get("XDG_CACHE_HOME") or _home(environ) / ".cache")


def _data(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_DATA_HOME") or _home(environ) / ".local" / "share")
