"""Python interpreters, judged by the files around them: nothing here runs one.

An environment is the folder that sys.prefix would be; `python` is the path of its interpreter.
"""

import hashlib
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from ..protocol.objects import KernelSpec

LAUNCHER = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]


def python_of(environment: Path) -> Path | None:
    """The interpreter of an environment, also where it is a link that leads nowhere; None: it is none."""
    for name in ("Scripts/python.exe", "python.exe") if os.name == "nt" else ("bin/python", "bin/python3"):
        path = environment / name
        if os.path.lexists(path):
            return path
    return None


def prefix_of(python: str) -> Path:
    """The environment of an interpreter."""
    folder = Path(python).parent
    return folder.parent if folder.name.lower() in ("bin", "scripts") else folder


def is_broken(python: str) -> bool:
    """Whether it cannot be run at all: often what it links to is gone, after an upgrade of that Python."""
    return not os.access(python, os.X_OK)


def holds_ipykernel(python: str) -> bool:
    """Whether ipykernel lies in a folder that the interpreter imports from."""
    return any((folder / "ipykernel_launcher.py").is_file() for folder in _import_folders(python))


def is_python_2(environment: Path) -> bool:
    return any(environment.glob("lib/python2*")) and not any(environment.glob("lib/python3*"))


def _import_folders(python: str) -> Iterator[Path]:
    prefix = prefix_of(python)
    version = re.search(r"python(3\.\d+)$", os.path.realpath(python))  # /usr may hold several
    name = f"python{version[1]}" if version else "python3*"
    for pattern in (f"lib/{name}/site-packages", "Lib/site-packages"):
        yield from prefix.glob(pattern)
    configuration = _pyvenv(prefix)
    if configuration is None:  # Debian's, which has one folder for all versions
        for pattern in ("lib/python3/dist-packages", f"local/lib/{name}/dist-packages"):
            yield from prefix.glob(pattern)
    elif configuration.get("include-system-site-packages") == "true" and "home" in configuration:
        yield from _import_folders(os.path.join(configuration["home"], "python3"))


def _pyvenv(prefix: Path) -> dict[str, str] | None:
    """The pyvenv.cfg of a virtual environment; None: it is none."""
    try:
        text = (prefix / "pyvenv.cfg").read_text("utf-8", "replace")
    except OSError:
        return None
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def version_of(python: str) -> str | None:
    """As "3.12", from pyvenv.cfg, conda's records or the names of folders."""
    prefix = prefix_of(python)
    configuration = _pyvenv(prefix) or {}
    for text in (configuration.get("version_info", ""), configuration.get("version", "")):
        if found := re.match(r"\d+\.\d+", text):
            return found[0]
    for pattern, where in (
        ("conda-meta/python-3*.json", r"python-(\d+\.\d+)"),
        ("lib/python3.*", r"python(\d+\.\d+)$"),
    ):
        for path in sorted(prefix.glob(pattern)):
            if found := re.search(where, path.stem if path.suffix == ".json" else path.name):
                return found[1]
    return None


def environment_spec(python: str, has_ipykernel: bool, reason: str | None = None) -> KernelSpec:
    """The kernel of an interpreter that needs no installed kernelspec; its name is the same every time."""
    prefix = prefix_of(python)
    problem = None
    if is_broken(python):
        problem = f"its interpreter {python} cannot be run; make the environment anew"
    elif not has_ipykernel:
        problem = f"it has no ipykernel; install it: {install_ipykernel(python)}"
    digest = hashlib.sha256(python.encode()).hexdigest()[:8]
    version = version_of(python)
    return KernelSpec(
        name=f"python-{re.sub(r'[^a-z0-9]+', '-', prefix.name.lower()).strip('-') or 'root'}-{digest}",
        display_name=f"Python {version} ({prefix})" if version else f"Python ({prefix})",
        language="python",
        argv=[python, *LAUNCHER],
        interrupt_mode="signal",
        source="environment",
        usable=problem is None,
        python=python,
        problem=problem,
        reason=reason,
    )


def install_ipykernel(python: str) -> str:
    """The command that lets the interpreter run as a kernel, by the tool that made its environment."""
    prefix = prefix_of(python)
    quoted = shlex.quote(python)
    if python == sys.executable and "pipx" in prefix.parts:
        return "pipx inject jupyter-kernel-bridge ipykernel"
    if python == sys.executable and {"uv", "tools"} <= set(prefix.parts):
        return "uv tool install --with ipykernel jupyter-kernel-bridge"
    if ".pixi" in prefix.parts:
        project = Path(*prefix.parts[: prefix.parts.index(".pixi")])
        return f"pixi add --manifest-path {shlex.quote(str(project))} ipykernel"
    if (prefix / "conda-meta").is_dir():
        return f"conda install -p {shlex.quote(str(prefix))} ipykernel"
    if any((folder / "pip").is_dir() for folder in _import_folders(python)):
        return f"{quoted} -m pip install ipykernel"
    if "uv" in (_pyvenv(prefix) or {}):
        return f"uv pip install --python {quoted} ipykernel"
    return f"{quoted} -m ensurepip && {quoted} -m pip install ipykernel"
