"""`kernel-bridge doctor`: what is installed, where files are, which kernels start, and how to fix the others.

The project may be untrusted. Unless the user asks for more, only installed kernels are started, each in an
empty folder.
"""

import argparse
import asyncio
import os
import platform
import shlex
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .. import __version__
from ..bridge.application import Bridge
from ..escapes import one_line
from ..history.identity import default_path
from ..kernels import specs as kernelspecs
from ..kernels.package_managers import IPYKERNEL, install_command
from ..plurals import count
from ..protocol.commands import StartKernelParams
from ..protocol.errors import BridgeError
from ..protocol.objects import KernelSpec, Wire
from .exits import NO_KERNEL, OK
from .output import drawing
from .recorder import Recorder, described, examine
from .specs import WITHOUT_HISTORY, opened, print_json
from .terminal.mime import format_bytes
from .terminal.tables import Table, Text, print_fields, print_text, short_name

PACKAGES = (
    "pygls",
    "lsprotocol",
    "jupyter_client",
    "pyzmq",
    "nbformat",
    "msgspec",
    "rich",
    "ipykernel",
    "nbconvert",
)
START_TIMEOUT_S = 20.0
AT_ONCE = 2  # kernels that start at the same time


class Examined(Wire):
    """The result for one kernelspec."""

    name: str
    display_name: str
    language: str
    starts: bool | None = None  # None: not tested
    seconds: float | None = None  # from start to ready
    version: str | None = None  # of the kernel's implementation
    problem: str | None = None  # and how to fix it


class Diagnosis(Wire):
    """The whole report of `doctor`."""

    version: str
    python: str
    interpreter: str
    platform: str
    packages: dict[str, str | None]  # None: not installed
    files: dict[str, str]
    recorder: Recorder
    kernels: list[Examined]
    problems: list[str]  # of the installation, not of a kernel


async def doctor(options: argparse.Namespace) -> int:
    diagnosis = Diagnosis(
        version=__version__,
        python=platform.python_version(),
        interpreter=sys.executable,
        platform=platform.platform(terse=True),
        packages={name: _version(name) for name in PACKAGES},
        files=_files(),
        recorder=await examine(),
        kernels=[],
        problems=_problems(),
    )
    if not options.json:
        _print_installation(diagnosis)
    async with opened(WITHOUT_HISTORY) as bridge:
        installed = await kernelspecs.list_specs()
        same = {_identity(spec) for spec in installed}
        others = [spec for spec in await bridge.specs.list() if _identity(spec) not in same]
        tried = [] if options.no_start else [*installed, *others] if options.start_all else installed
        diagnosis.kernels = await _start(bridge, tried, options)
        diagnosis.kernels += map(_untried, [*installed, *others][len(tried) :])
    if options.json:
        print_json(diagnosis)
    else:
        _print_kernels(diagnosis)
    return OK if any(map(_may_start, diagnosis.kernels)) else NO_KERNEL


def _identity(spec: KernelSpec) -> tuple[str, str | None, tuple[str, ...]]:
    """Distinguishes kernelspecs of the same name."""
    return spec.name, spec.resource_dir, tuple(spec.argv)


def _may_start(kernel: Examined) -> bool:
    return not kernel.problem if kernel.starts is None else kernel.starts


async def _start(bridge: Bridge, specs: list[KernelSpec], options: argparse.Namespace) -> list[Examined]:
    """Start each kernel in an empty folder; return the results."""
    shows_progress = specs and sys.stderr.isatty() and not options.json and not options.start_all
    if shows_progress:
        print(f"starting {count(len(specs), 'kernel')} …", end="\r", file=drawing(sys.stderr), flush=True)
    slots = asyncio.Semaphore(AT_ONCE)
    with tempfile.TemporaryDirectory(prefix="kernel-bridge-doctor-", ignore_cleanup_errors=True) as folder:

        async def examine(spec: KernelSpec) -> Examined:
            async with slots:
                if options.start_all and spec.usable:
                    command = one_line(shlex.join(spec.argv))
                    print(f"kernel-bridge: running {command}", file=sys.stderr, flush=True)
                return await _examine(bridge, spec, folder)

        examined = await asyncio.gather(*map(examine, specs))
    if shows_progress:
        print("\x1b[K", end="", file=drawing(sys.stderr), flush=True)
    return examined


def _untried(spec: KernelSpec) -> Examined:
    return Examined(
        name=spec.name, display_name=spec.display_name, language=spec.language, problem=spec.problem
    )


async def _examine(bridge: Bridge, spec: KernelSpec, folder: str) -> Examined:
    examined = _untried(spec)
    if not spec.usable:
        examined.starts = False
        return examined
    began = time.monotonic()
    try:
        kernel = await bridge.start_listed(spec, StartKernelParams(cwd=folder, ready_timeout=START_TIMEOUT_S))
    except BridgeError as error:
        examined.starts = False
        examined.problem = error.message
        return examined
    examined.seconds = round(time.monotonic() - began, 3)
    examined.starts = True
    examined.version = kernel.to_wire().implementation_version
    await bridge.shutdown_kernel(kernel)
    return examined


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _files() -> dict[str, str]:
    from jupyter_core.paths import jupyter_path, jupyter_runtime_dir
    from platformdirs import user_cache_dir

    return {
        "history": str(default_path()),
        "pictures": user_cache_dir("kernel-bridge"),
        "connection files": jupyter_runtime_dir(),
        "kernelspecs": os.pathsep.join(jupyter_path("kernels")),
    }


def _problems() -> list[str]:
    problems = []
    folder = default_path().parent
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK):
        problems.append(
            f"the history cannot be written: {there} is read-only; "
            "make it writable, or set kernel-bridge.history.path to another file"
        )
    return problems


def _print_installation(diagnosis: Diagnosis) -> None:
    print_text(Text("Installation", "bold"))
    print_fields(
        {
            "kernel-bridge": Text(diagnosis.version),
            "Python": Text(f"{diagnosis.python}  {short_name(diagnosis.interpreter)}"),
            "platform": Text(diagnosis.platform),
        }
        | {name: _found(found) for name, found in diagnosis.packages.items()}
    )
    print_text(Text(), Text("Recorder of kept kernels", "bold"))
    print_fields({"state": described(diagnosis.recorder)})
    print_text(Text(), Text("Files", "bold"))
    print_fields(
        {
            name: Text("\n").join(map(_place, paths.split(os.pathsep)))
            for name, paths in diagnosis.files.items()
        }
        | {"log": Text("stderr, or the file of --log-file")}
    )
    for problem in diagnosis.problems:
        print_text(Text(f"  {problem}", "yellow"))
    print_text(Text(), Text("Kernels", "bold"))


def _found(version: str | None) -> Text:
    return Text(version) if version is not None else Text("not installed", "dim")


def _place(path: str) -> Text:
    text = Text(short_name(path))
    if not os.path.exists(path):
        text.append("  does not exist yet", "dim")
    elif os.path.isfile(path):
        text.append(f"  {format_bytes(Path(path).stat().st_size)}", "dim")
    return text


def _print_kernels(diagnosis: Diagnosis) -> None:
    table = Table("", "name", "kernel", "version", "starts in", right=("starts in",))
    for kernel in diagnosis.kernels:
        untried = kernel.starts is None and not kernel.problem
        table.add(
            Text(" ·", "dim") if untried else Text(" ✓", "green") if kernel.starts else Text(" ✗", "red"),
            Text(kernel.name, "bold"),
            kernel.display_name,
            Text(kernel.version or "", "dim"),
            f"{kernel.seconds:.1f} s" if kernel.seconds is not None else "",
        )
        if kernel.problem:
            table.add_note(Text(kernel.problem, "yellow"))
    if diagnosis.kernels:
        table.print()
    if any(kernel.starts is None and not kernel.problem for kernel in diagnosis.kernels):
        print_text(Text("· not started; `kernel-bridge doctor --start-all` starts these as well", "dim"))
    if not any(map(_may_start, diagnosis.kernels)):
        print_text(
            Text("No kernel starts. Install one, for example Python's:", "yellow"),
            Text(f"    {install_command(sys.executable, IPYKERNEL)}"),
        )
