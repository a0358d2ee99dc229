"""The tool that manages an interpreter's environment, and the commands with which it installs a package.

Judged by the files that the tools leave; nothing is run. If a project has a lock file, the tool that wrote it
adds the package: it would remove any other at the next sync.
"""

import os
import shlex
import shutil
import sys
from pathlib import Path

from ..files import readable
from .interpreters import import_folders, prefix_of, pyvenv

IPYKERNEL = "ipykernel"
MARKER = "EXTERNALLY-MANAGED"

# Lock file -> the command that adds a package, its options for a development dependency and for the folder.
_PROJECTS = {
    "uv.lock": (["uv", "add"], ["--dev"], "--project"),
    "poetry.lock": (["poetry", "add"], ["--group", "dev"], "--directory"),
    "pdm.lock": (["pdm", "add"], ["--dev"], "--project"),
}
_CONDAS = ("conda", "mamba", "micromamba")
_USUAL = ("~/.local/bin", "~/.cargo/bin", "~/.pixi/bin", "/opt/homebrew/bin", "/usr/local/bin")
"""Where these tools are installed. Programs started from a desktop often do not have them on PATH."""


def install_commands(python: str, package: str) -> list[list[str]]:
    """The commands that install a package for the interpreter, one after the other.

    Empty: the interpreter is externally managed (PEP 668), and a package needs an environment.
    """
    prefix = prefix_of(python)
    if python == sys.executable and "pipx" in prefix.parts:
        return [[_program("pipx") or "pipx", "inject", "jupyter-kernel-bridge", package]]
    if python == sys.executable and {"uv", "tools"} <= set(prefix.parts):
        return [[_program("uv") or "uv", "tool", "install", "--with", package, "jupyter-kernel-bridge"]]
    if ".pixi" in prefix.parts:
        project = Path(*prefix.parts[: prefix.parts.index(".pixi")])
        return [[_program("pixi") or "pixi", "add", "--manifest-path", str(project), package]]
    if os.path.isdir(prefix / "conda-meta"):
        return [[_conda(prefix), "install", "--yes", "-p", str(prefix), package]]
    if is_externally_managed(python):
        return []
    if (adding := _project_command(prefix, package)) is not None:
        return [adding]
    uv = _program("uv")
    by_uv = [uv or "uv", "pip", "install", "--python", python, package]
    by_pip = [python, "-m", "pip", "install", package]
    if uv and "uv" in (pyvenv(prefix) or {}):
        return [by_uv]
    if any(os.path.isdir(folder / "pip") for folder in import_folders(python)):
        return [by_pip]
    return [by_uv] if uv else [[python, "-m", "ensurepip"], by_pip]


def install_command(python: str, package: str) -> str:
    """The same for a shell. If the interpreter is externally managed, the command makes an environment."""
    return in_shell(install_commands(python, package) or _making_environment(python, package))


def in_shell(commands: list[list[str]]) -> str:
    """The commands as one line for a shell."""
    return readable(" && ".join(map(shlex.join, commands)))


def _making_environment(python: str, package: str) -> list[list[str]]:
    inside = os.path.join(".venv", "Scripts" if os.name == "nt" else "bin", "python")
    return [[python, "-m", "venv", ".venv"], [inside, "-m", "pip", "install", package]]


def is_externally_managed(python: str) -> bool:
    """PEP 668: whether the packages of this Python are its distributor's. An environment's are the user's."""
    if pyvenv(prefix_of(python)) is not None:
        return False
    real = os.path.realpath(python)
    libraries = (
        "Lib",
        f"lib/{os.path.basename(real)}",
    )  # of Windows and of all others, for example lib/python3.12
    places = (prefix_of(one) / library / MARKER for one in (python, real) for library in libraries)
    return any(map(os.path.lexists, places))


def _project_command(prefix: Path, package: str) -> list[str] | None:
    """The command of the tool that locks the project of this environment; None: no such tool does."""
    if prefix.name != ".venv":  # the only name that these tools give an environment in the project
        return None
    for lock, (adding, development, folder) in _PROJECTS.items():
        if os.path.isfile(prefix.parent / lock) and (program := _program(adding[0])):
            group = development if package == IPYKERNEL else []
            return [program, *adding[1:], *group, folder, str(prefix.parent), package]
    return None


def _program(name: str) -> str | None:
    """A tool: its name if PATH has it, or the path of one in a usual place."""
    if shutil.which(name):
        return name
    return shutil.which(name, path=os.pathsep.join(map(os.path.expanduser, _USUAL)))


def _conda(prefix: Path) -> str:
    """A tool that can change conda's environment: on PATH, the active one's, or the one that made it."""
    for name in _CONDAS:
        if program := _program(name):
            return program
    root = prefix.parent.parent if prefix.parent.name == "envs" else prefix
    own = shutil.which("conda", path=str(root / ("Scripts" if os.name == "nt" else "bin")))
    return own or os.environ.get("CONDA_EXE") or os.environ.get("MAMBA_EXE") or "conda"
