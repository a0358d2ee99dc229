"""Installed kernelspecs, and specs for interpreters that have none.

Reads kernel.json files directly; jupyter_client would import ipykernel and IPython to find them.
"""

import asyncio
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from ..escapes import one_line
from ..files import log_once, names_in, read_file, readable, reason
from ..protocol.errors import InvalidArgument, NoSuchKernelSpec
from ..protocol.objects import KernelInstall, KernelSpec
from ..source.json_text import TooDeep, check_depth
from .interpreters import (
    FORGET_FOLDER,
    LAUNCHER,
    holds_ipykernel,
    is_broken,
    prefix_of,
    unread_configuration,
    version_of,
)
from .package_managers import IPYKERNEL, in_shell, install_command, install_commands

NATIVE = "python3"
PROBE_S = 20.0
LARGEST_BYTES = 65_536  # for a kernel.json
MOST = 500  # kernelspecs per folder

_NAME = re.compile(r"[a-z0-9._-]+", re.IGNORECASE)  # jupyter_client's rule


class KernelJson(msgspec.Struct):
    """The fields of a kernel.json that we use (Jupyter: "Kernel specs")."""

    argv: list[str]
    display_name: str = ""
    language: str = ""
    interrupt_mode: str = "signal"
    env: dict[str, str] = {}
    metadata: dict[str, Any] = {}


async def list_specs() -> list[KernelSpec]:
    """The installed kernelspecs, the usual ones first. `problem` explains why one cannot be started."""
    return await asyncio.to_thread(_installed)


def find_spec(name: str) -> KernelSpec:
    """The installed kernelspec of that name, ignoring case (reads files; blocks).

    Raises NoSuchKernelSpec, whose data lists those that exist.
    """
    return pick(_installed(), name)


def pick(specs: list[KernelSpec], name: str) -> KernelSpec:
    """The spec of that name. Raises NoSuchKernelSpec."""
    for spec in specs:
        if spec.name == name.lower():
            return spec
    usable = ", ".join(spec.name for spec in specs if spec.usable)
    raise NoSuchKernelSpec(
        f"no kernelspec {name!r}; install the kernel"
        + (f", or use one of these: {usable}" if usable else ""),
        specs=specs,
    )


def _installed() -> list[KernelSpec]:
    found: dict[str, KernelSpec] = {}
    for folder in _folders():
        for spec in specs_in(Path(folder)):
            found.setdefault(spec.name, spec)
    if NATIVE not in found:
        found[NATIVE] = _native()
    return sorted(found.values(), key=_usual_first)


def _usual_first(spec: KernelSpec) -> tuple[bool, bool, str]:
    """Jupyter's own Python kernel, then other registered interpreters, then the rest, by name."""
    return spec.name != NATIVE, not runs_ipykernel(spec), spec.name


def runs_ipykernel(spec: KernelSpec) -> bool:
    """Whether it is a Python interpreter's own kernel, not just a kernel written in Python."""
    return any(pair in pairwise(spec.argv) for pair in (("-m", "ipykernel_launcher"), ("-m", "ipykernel")))


def is_generic(spec: KernelSpec) -> bool:
    """Whether it is the kernelspec that ipykernel installs under the same name in every environment.

    A document that names it says only that it runs Python.
    """
    return spec.name in ("python3", "python") and runs_ipykernel(spec) and interpreter_of(spec) is not None


def _folders() -> list[str]:
    from jupyter_core.paths import jupyter_path

    ipython = os.environ.get("IPYTHONDIR") or os.path.join(os.path.expanduser("~"), ".ipython")
    # An empty part of JUPYTER_PATH would be the current folder, which is not trusted.
    return list(filter(os.path.isabs, [*jupyter_path("kernels"), os.path.join(ipython, "kernels")]))


def specs_in(folder: Path, commands: Path | None = None) -> Iterator[KernelSpec]:
    """The kernelspecs in a folder. An unreadable one is included with its problem.

    `commands` is the folder in which their commands are searched first.
    """
    found = 0
    for name in names_in(folder):
        if not _NAME.fullmatch(name):
            continue
        spec = read_spec(folder / name, commands)
        if spec is None:
            continue
        found += 1
        if found > MOST:
            log_once(f"{readable(str(folder))} has more than {MOST} kernelspecs; the first ones are listed")
            return
        yield spec


def read_kernel_json(folder: Path) -> KernelJson:
    """The kernel.json in a folder.

    Raises OSError: it is missing or unreadable. ValueError: it describes nothing that can be run.
    """
    data = read_file(folder / "kernel.json", LARGEST_BYTES)
    try:
        described = msgspec.json.decode(data, type=KernelJson)
    except RecursionError:
        raise TooDeep from None
    check_depth(described.metadata)
    if any("\0" in text for text in (*described.argv, *described.env, *described.env.values())):
        raise ValueError("argv or env contains a zero byte")
    if wrong := [name for name in described.env if not name or "=" in name]:
        raise ValueError(f"env has {wrong[0]!r}, which is not a valid variable name")
    return described


def read_spec(folder: Path, commands: Path | None = None) -> KernelSpec | None:
    """The kernelspec in a folder; None: it has none. An unreadable one is returned with its problem.

    `commands` is the folder in which its command is searched first.
    """
    name = folder.name.lower()
    try:
        described = read_kernel_json(folder)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        described = KernelJson(argv=[])
        file = readable(str(folder / "kernel.json"))
        problem: str | None = one_line(f"{file} cannot be read: {reason(error)}")
    else:
        if commands is not None and described.argv:
            described.argv[0] = shutil.which(described.argv[0], path=str(commands)) or described.argv[0]
        problem = _problem(described.argv)
    return KernelSpec(
        name=name,
        display_name=one_line(described.display_name or name),
        language=one_line(described.language),
        argv=described.argv,
        interrupt_mode="message" if described.interrupt_mode == "message" else "signal",
        source="kernelspec",
        usable=problem is None,
        resource_dir=str(folder),
        metadata=described.metadata or None,
        problem=problem,
    )


def _native() -> KernelSpec:
    """The kernel of the bridge's own interpreter: always listed (Jupyter's rule), even if unusable."""
    return KernelSpec(
        name=NATIVE,
        display_name="Python 3 (ipykernel)",
        language="python",
        argv=["python", *LAUNCHER],
        interrupt_mode="signal",
        source="kernelspec",
        usable=(problem := _problem(["python", *LAUNCHER])) is None,
        problem=problem,
        install=None if problem is None else kernel_install(sys.executable),
    )


def interpreter_of(spec: KernelSpec) -> str | None:
    """The Python that runs the kernel, if its command names one."""
    if not spec.argv:
        return None
    command = command_of(spec.argv)
    return command if "python" in os.path.basename(command).lower() else None


def command_of(argv: list[str]) -> str:
    """argv[0] as it is run: like jupyter_client, we replace `python` with the bridge's own interpreter."""
    version = sys.version_info
    own = {"python", f"python{version[0]}", f"python{version[0]}.{version[1]}"}
    return sys.executable if argv[0] in own else os.path.expanduser(argv[0])


def _problem(argv: list[str]) -> str | None:
    """Why the command cannot be run, and how to fix that; None: it looks runnable."""
    if not argv:
        return "its kernel.json names no command (argv)"
    command = command_of(argv)
    if shutil.which(command) is None:
        return f"the command {command!r} does not exist; install it, or fix argv in its kernel.json"
    if (
        command == sys.executable
        and argv[1:3] == LAUNCHER[:2]
        and importlib.util.find_spec("ipykernel_launcher") is None
    ):
        installing = install_command(command, IPYKERNEL)
        return f"the Python that runs kernel-bridge has no ipykernel; install it: {installing}"
    return None


def launch_command(spec: KernelSpec) -> list[str]:
    """The argv that starts a kernelspec's kernel.

    `python -m` would first import runpy, ipykernel_launcher and their imports from the kernel's folder, which
    may hold files of the same names. This command imports nothing from it; ipykernel adds it to sys.path
    itself.
    """
    argv = list(spec.argv)
    for index, pair in enumerate(pairwise(argv)):
        if pair[0] == "-m" and pair[1] in ("ipykernel_launcher", "ipykernel") and interpreter_of(spec):
            code = f"{FORGET_FOLDER}; import runpy; runpy.run_module({pair[1]!r}, None, '__main__', True)"
            argv[index : index + 2] = ["-c", code]
            break
    return argv


def environment_spec(python: str, has_ipykernel: bool, why: str | None = None) -> KernelSpec:
    """A kernel for an interpreter without an installed kernelspec. Its name never changes.

    `why` is the reason to offer it.
    """
    prefix = prefix_of(python)
    problem, install = unread_configuration(prefix), None
    if is_broken(python):
        problem = f"its interpreter {readable(python)} cannot be run; create the environment again"
    elif problem is None and not has_ipykernel:
        install = kernel_install(python)
        command = install.command if install is not None else install_command(python, IPYKERNEL)
        problem = f"ipykernel is not installed; run {command}"
    digest = hashlib.sha256(os.fsencode(python)).hexdigest()[:8]
    version = version_of(python)
    place = readable(str(prefix))
    return KernelSpec(
        name=f"python-{re.sub(r'[^a-z0-9]+', '-', prefix.name.lower()).strip('-') or 'root'}-{digest}",
        display_name=one_line(f"Python {version} ({place})" if version else f"Python ({place})"),
        language="python",
        argv=[python, *LAUNCHER],
        interrupt_mode="signal",
        source="environment",
        usable=problem is None,
        python=python,
        problem=problem,
        install=install,
        reason=None if why is None else readable(why),
    )


def kernel_install(python: str) -> KernelInstall | None:
    """How to install ipykernel for the interpreter; None: it is externally managed."""
    commands = install_commands(python, IPYKERNEL)
    return KernelInstall(python=readable(python), command=in_shell(commands)) if commands else None


def python_spec(python: str) -> KernelSpec:
    """The kernel of an interpreter without an installed kernelspec (may run it once; blocks).

    `python` is a path, or a name that is looked up on PATH. Raises InvalidArgument: no such file.
    """
    path = shutil.which(os.path.expanduser(python))
    if path is None:
        raise InvalidArgument(f"no Python interpreter {python!r}; pass the path of one")
    path = os.path.abspath(path)
    return environment_spec(path, has_ipykernel=holds_ipykernel(path) or _imports_ipykernel(path))


def _imports_ipykernel(python: str) -> bool:
    """Ask the interpreter itself, which sees unusual places (user site, PYTHONPATH, .pth files)."""
    find = (
        f"{FORGET_FOLDER}; import importlib.util; "
        "sys.exit(importlib.util.find_spec('ipykernel_launcher') is None)"
    )
    try:
        asked = subprocess.run(
            [python, "-c", find],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_S,
            check=False,
            cwd=os.path.abspath(os.sep),  # an empty part of PYTHONPATH is the current folder, too
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return asked.returncode == 0
