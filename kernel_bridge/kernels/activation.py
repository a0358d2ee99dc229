"""The environment variables of a kernel's process, as if its environment were activated.

`!pip`, `!python` and subprocesses then use the kernel's own environment. The scripts of environments, such as
conda's activate.d, are not run.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

NEAR = 5  # how many folders above a command its environment may be: R of conda is in PREFIX/lib/R/bin


def activated(environ: Mapping[str, str], command: str, language: str) -> dict[str, str]:
    """The variables for the kernel of a language, which `command` starts (reads files).

    A Python in a virtual environment: its bin folder leads PATH, and VIRTUAL_ENV names it. Any command in a
    conda environment (also of mamba and pixi): likewise, with CONDA_PREFIX and CONDA_DEFAULT_ENV. Another
    Python that PATH does not list (of pyenv or uv): its folder leads PATH. The virtual environment that was
    active before is left, as by `deactivate`. In an environment, PYTHONHOME is removed: it would redirect
    Python to other libraries.
    """
    variables = dict(environ)
    found = shutil.which(command, path=environ.get("PATH"))
    if found is None:
        return variables
    path = Path(os.path.abspath(found))
    prefix = _environment_of(path)
    is_conda = prefix is not None and _is_conda(prefix)
    if language.lower() != "python" and not is_conda:
        return variables
    paths = [one for one in variables.get("PATH", os.defpath).split(os.pathsep) if one]
    if before := variables.pop("VIRTUAL_ENV", None):
        variables.pop("VIRTUAL_ENV_PROMPT", None)
        paths = [one for one in paths if Path(one) not in _commands_of(Path(before))]
    if prefix is not None:
        variables.pop("PYTHONHOME", None)
        leading = [str(folder) for folder in _commands_of(prefix)]
        if is_conda:
            variables |= {"CONDA_PREFIX": str(prefix), "CONDA_DEFAULT_ENV": _conda_name(prefix)}
        else:
            variables["VIRTUAL_ENV"] = str(prefix)
    else:
        leading = [str(path.parent)] if str(path.parent) not in paths else []
    variables["PATH"] = os.pathsep.join([*leading, *(one for one in paths if one not in leading)])
    return variables


def _environment_of(command: Path) -> Path | None:
    """The innermost virtual or conda environment that the command lies in."""
    for folder in command.parents[:NEAR]:
        if os.path.isfile(folder / "pyvenv.cfg") or _is_conda(folder):
            return folder
    return None


def _is_conda(prefix: Path) -> bool:
    return os.path.isdir(prefix / "conda-meta")


def _conda_name(prefix: Path) -> str:
    """What conda calls it: a name in its folder of environments, base, or the whole path."""
    if prefix.parent.name == "envs":
        return prefix.name
    return "base" if os.path.isdir(prefix / "envs") else str(prefix)


def _commands_of(prefix: Path) -> list[Path]:
    """The folders of an environment's commands, in the order in which activation puts them on PATH."""
    if sys.platform != "win32":
        return [prefix / "bin"]
    if _is_conda(prefix):
        library = prefix / "Library"
        others = [library / "mingw-w64" / "bin", library / "usr" / "bin", library / "bin"]
        return [prefix, *others, prefix / "Scripts", prefix / "bin"]
    return [prefix / "Scripts"]
