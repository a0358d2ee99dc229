"""Which kernels can be started: installed kernelspecs, and interpreters that have none.

Reads kernel.json files itself where jupyter_client would import ipykernel and IPython to find them.
"""

import asyncio
import importlib.util
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from ..protocol.errors import InvalidArgument, NoSuchKernelSpec
from ..protocol.objects import KernelSpec
from .interpreters import LAUNCHER, environment_spec, holds_ipykernel, install_ipykernel

NATIVE = "python3"
PROBE_S = 20.0


class _KernelJson(msgspec.Struct):
    """A kernel.json, as far as it concerns us (Jupyter: "Kernel specs")."""

    argv: list[str]
    display_name: str = ""
    language: str = ""
    interrupt_mode: str = "signal"
    env: dict[str, str] = {}
    metadata: dict[str, Any] = {}


async def list_specs() -> list[KernelSpec]:
    """The installed kernelspecs, the usual ones first. Those that cannot be started say why in `problem`."""
    return await asyncio.to_thread(_installed)


def find_spec(name: str) -> KernelSpec:
    """The installed kernelspec of that name, in any case (reads files; blocks).

    Raises NoSuchKernelSpec; its data lists those there are.
    """
    return pick(_installed(), name)


def pick(specs: list[KernelSpec], name: str) -> KernelSpec:
    """The one of that name; raises NoSuchKernelSpec."""
    for spec in specs:
        if spec.name == name.lower():
            return spec
    names = [spec.name for spec in specs]
    raise NoSuchKernelSpec(
        f"no kernelspec {name!r}; there are: {', '.join(names) or 'none'}. "
        "Install the kernel, or give one of these names",
        specs=msgspec.to_builtins(specs),
    )


def _installed() -> list[KernelSpec]:
    found: dict[str, KernelSpec] = {}
    for folder in _folders():
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for entry in names:
            if entry.lower() in found:
                continue
            spec = read_spec(Path(folder, entry))
            if spec is not None:
                found[spec.name] = spec
    if NATIVE not in found:
        found[NATIVE] = _native()
    return sorted(found.values(), key=_usual_first)


def _usual_first(spec: KernelSpec) -> tuple[bool, bool, str]:
    """Jupyter's own kernel for Python, other interpreters that were registered, then all else, by name."""
    return spec.name != NATIVE, not runs_ipykernel(spec), spec.name


def runs_ipykernel(spec: KernelSpec) -> bool:
    """Whether it is an interpreter's own kernel, and none that merely is written in Python."""
    return any(pair in pairwise(spec.argv) for pair in (("-m", "ipykernel_launcher"), ("-m", "ipykernel")))


def _folders() -> list[str]:
    from jupyter_core.paths import jupyter_path

    ipython = os.environ.get("IPYTHONDIR") or os.path.join(os.path.expanduser("~"), ".ipython")
    return [*jupyter_path("kernels"), os.path.join(ipython, "kernels")]


def read_spec(folder: Path, commands: Path | None = None) -> KernelSpec | None:
    """The kernelspec in a folder; None: there is none. A broken one is listed with its problem.

    `commands`: the folder where its command is looked for first.
    """
    name = folder.name.lower()
    try:
        data = (folder / "kernel.json").read_bytes()
    except OSError:
        return None
    try:
        described = msgspec.json.decode(data, type=_KernelJson)
    except ValueError as error:
        described = _KernelJson(argv=[])
        problem: str | None = f"{folder / 'kernel.json'} cannot be read: {error}"
    else:
        if commands is not None and described.argv:
            described.argv[0] = shutil.which(described.argv[0], path=str(commands)) or described.argv[0]
        problem = _problem(described.argv)
    return KernelSpec(
        name=name,
        display_name=described.display_name or name,
        language=described.language,
        argv=described.argv,
        interrupt_mode="message" if described.interrupt_mode == "message" else "signal",
        source="kernelspec",
        usable=problem is None,
        resource_dir=str(folder),
        metadata=described.metadata or None,
        problem=problem,
    )


def _native() -> KernelSpec:
    """The kernel of the bridge's own interpreter: always listed (Jupyter's rule), if only to say why not."""
    return KernelSpec(
        name=NATIVE,
        display_name="Python 3 (ipykernel)",
        language="python",
        argv=["python", *LAUNCHER],
        interrupt_mode="signal",
        source="kernelspec",
        usable=(problem := _problem(["python", *LAUNCHER])) is None,
        problem=problem,
    )


def interpreter_of(spec: KernelSpec) -> str | None:
    """The Python that runs the kernel, where its command says so; else None."""
    if not spec.argv:
        return None
    command = _command(spec.argv)
    return command if "python" in os.path.basename(command).lower() else None


def _command(argv: list[str]) -> str:
    """argv[0] as it is run: python becomes the bridge's own interpreter (jupyter_client does the same)."""
    version = sys.version_info
    own = {"python", f"python{version[0]}", f"python{version[0]}.{version[1]}"}
    return sys.executable if argv[0] in own else os.path.expanduser(argv[0])


def _problem(argv: list[str]) -> str | None:
    """Why that command cannot be run, and what to do; None: as far as one can see it can."""
    if not argv:
        return "its kernel.json names no command (argv)"
    command = _command(argv)
    if shutil.which(command) is None:
        return f"the command {command!r} is not there; install it, or correct argv in its kernel.json"
    if (
        command == sys.executable
        and argv[1:3] == LAUNCHER[:2]
        and importlib.util.find_spec("ipykernel_launcher") is None
    ):
        return (
            f"the Python that runs kernel-bridge has no ipykernel; install it: {install_ipykernel(command)}"
        )
    return None


def python_spec(python: str) -> KernelSpec:
    """The kernel of an interpreter that needs no installed kernelspec (may run it once; blocks).

    `python` is a path, or a name that is looked up on PATH. Raises InvalidArgument: there is no such file.
    """
    path = shutil.which(os.path.expanduser(python))
    if path is None:
        raise InvalidArgument(f"field python: no interpreter {python!r}; give the path of a Python to run")
    path = os.path.abspath(path)
    return environment_spec(path, has_ipykernel=holds_ipykernel(path) or _imports_ipykernel(path))


def _imports_ipykernel(python: str) -> bool:
    """Asks the interpreter, for what is not installed where one looks (user site, PYTHONPATH, .pth files)."""
    find = "import importlib.util as u, sys; sys.exit(u.find_spec('ipykernel_launcher') is None)"
    try:
        asked = subprocess.run(
            [python, "-c", find], stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return asked.returncode == 0
