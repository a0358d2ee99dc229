"""Python interpreters, judged by the files around them; none is run.

An environment is the folder that sys.prefix would be; `python` is the path of its interpreter.
"""

import hashlib
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from ..escapes import one_line
from ..files import names_in, read_text, readable, reason
from ..protocol.objects import KernelSpec

LAUNCHER = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
LARGEST_BYTES = 65_536  # for a pyvenv.cfg

FORGET_FOLDER = "import sys; sys.path[:] = [folder for folder in sys.path if folder]"
"""Prefix for the code of `python -c`: import nothing from the current folder (-P is new in 3.11)."""


def python_of(environment: Path) -> Path | None:
    """The interpreter of an environment, even if it is a broken link; None: this is no environment."""
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
    """Whether it cannot run at all, often because an upgrade removed the Python that it links to."""
    return not (os.path.isfile(python) and os.access(python, os.X_OK))


def holds_ipykernel(python: str) -> bool:
    """Whether ipykernel is in a folder that the interpreter imports from."""
    return any(os.path.isfile(folder / "ipykernel_launcher.py") for folder in _import_folders(python))


def is_python_2(environment: Path) -> bool:
    names = names_in(environment / "lib")
    return any(name.startswith("python2") for name in names) and not any(
        name.startswith("python3") for name in names
    )


def _import_folders(python: str) -> Iterator[Path]:
    """Existing package folders of the interpreter, and of the one whose packages it can see."""
    yield from _own_folders(python)
    configuration = _pyvenv(prefix_of(python)) or {}
    home = configuration.get("home", "")
    sees_others = configuration.get("include-system-site-packages") == "true"
    # Python does not follow that interpreter's own pyvenv.cfg either, which may name itself. On Windows,
    # looking at a folder on another machine (\\host\share) would send it the user's password hash.
    if sees_others and os.path.isabs(home) and not home.startswith(("//", "\\\\")) and "\0" not in home:
        yield from _own_folders(os.path.join(home, "python3"))


def _own_folders(python: str) -> Iterator[Path]:
    prefix = prefix_of(python)
    version = re.search(r"python(3\.\d+)$", os.path.realpath(python))  # /usr may hold several
    patterns = ["Lib/site-packages"]
    for name in [f"python{version[1]}"] if version else _versions(prefix / "lib"):
        patterns += [f"lib/{name}/site-packages", f"local/lib/{name}/dist-packages"]  # the latter is Debian's
    patterns.append("lib/python3/dist-packages")  # Debian's, for all versions
    yield from (prefix / pattern for pattern in patterns if os.path.isdir(prefix / pattern))


def _versions(lib: Path) -> list[str]:
    """The folders of Python 3 in a lib folder, at most 20."""
    return [name for name in names_in(lib) if re.fullmatch(r"python3(\.\d{1,3})?t?", name)][:20]


def _pyvenv(prefix: Path) -> dict[str, str] | None:
    """The pyvenv.cfg of a virtual environment, empty if it cannot be read; None: it has none."""
    try:
        text = read_text(prefix / "pyvenv.cfg", LARGEST_BYTES)
    except OSError as error:
        return None if _is_missing(error) else {}
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _is_missing(error: OSError) -> bool:
    return isinstance(error, FileNotFoundError | NotADirectoryError)


def _unread_configuration(prefix: Path) -> str | None:
    """Why pyvenv.cfg, which the interpreter reads first, cannot be read; None: it can."""
    path = prefix / "pyvenv.cfg"
    try:
        read_text(path, LARGEST_BYTES)
    except OSError as error:
        if not _is_missing(error):
            return f"its {readable(str(path))} cannot be read: {reason(error)}; create the environment again"
    return None


def version_of(python: str) -> str | None:
    """A version such as "3.12", from pyvenv.cfg, conda's records or folder names."""
    prefix = prefix_of(python)
    configuration = _pyvenv(prefix) or {}
    for text in (configuration.get("version_info", ""), configuration.get("version", "")):
        if found := re.match(r"\d{1,2}\.\d{1,3}(?!\d)", text):
            return found[0]
    for folder, pattern in (
        ("conda-meta", r"python-(3\.\d{1,3})\b.*\.json"),
        ("lib", r"python(3\.\d{1,3})"),
    ):
        for name in names_in(prefix / folder):
            if found := re.fullmatch(pattern, name):
                return found[1]
    return None


def environment_spec(python: str, has_ipykernel: bool, why: str | None = None) -> KernelSpec:
    """A kernel for an interpreter without an installed kernelspec. Its name never changes.

    `why` is the reason to offer it.
    """
    prefix = prefix_of(python)
    problem = _unread_configuration(prefix)
    if is_broken(python):
        problem = f"its interpreter {readable(python)} cannot be run; create the environment again"
    elif problem is None and not has_ipykernel:
        problem = f"ipykernel is not installed; run {readable(install_ipykernel(python))}"
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
        reason=None if why is None else readable(why),
    )


def install_ipykernel(python: str) -> str:
    """The command that installs ipykernel for the interpreter."""
    return install_command(python, "ipykernel")


def install_command(python: str, package: str) -> str:
    """The command that installs a package for the interpreter, using the tool that made its environment."""
    prefix = prefix_of(python)
    quoted = shlex.quote(python)
    if python == sys.executable and "pipx" in prefix.parts:
        return f"pipx inject jupyter-kernel-bridge {package}"
    if python == sys.executable and {"uv", "tools"} <= set(prefix.parts):
        return f"uv tool install --with {package} jupyter-kernel-bridge"
    if ".pixi" in prefix.parts:
        project = Path(*prefix.parts[: prefix.parts.index(".pixi")])
        return f"pixi add --manifest-path {shlex.quote(str(project))} {package}"
    if os.path.isdir(prefix / "conda-meta"):
        return f"conda install -p {shlex.quote(str(prefix))} {package}"
    if any(os.path.isdir(folder / "pip") for folder in _import_folders(python)):
        return f"{quoted} -m pip install {package}"
    if "uv" in (_pyvenv(prefix) or {}):
        return f"uv pip install --python {quoted} {package}"
    return f"{quoted} -m ensurepip && {quoted} -m pip install {package}"
