"""Python interpreters, judged by the files around them; none is run.

An environment is the folder that sys.prefix would be; `python` is the path of its interpreter.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ..files import names_in, read_text, readable, reason

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
    return any(os.path.isfile(folder / "ipykernel_launcher.py") for folder in import_folders(python))


def is_python_2(environment: Path) -> bool:
    names = names_in(environment / "lib")
    return any(name.startswith("python2") for name in names) and not any(
        name.startswith("python3") for name in names
    )


def import_folders(python: str) -> Iterator[Path]:
    """Existing package folders of the interpreter, and of the one whose packages it can see."""
    yield from _own_folders(python)
    configuration = pyvenv(prefix_of(python)) or {}
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


def pyvenv(prefix: Path) -> dict[str, str] | None:
    """The pyvenv.cfg of a virtual environment, empty if it cannot be read; None: it has none."""
    try:
        text = read_text(prefix / "pyvenv.cfg", LARGEST_BYTES)
    except OSError as error:
        return None if _is_missing(error) else {}
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _is_missing(error: OSError) -> bool:
    return isinstance(error, FileNotFoundError | NotADirectoryError)


def unread_configuration(prefix: Path) -> str | None:
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
    configuration = pyvenv(prefix) or {}
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
