"""Real kernels from other projects, installed once for all checkouts in a folder of the user's cache.

    python -m tests.compatibility.install [NAME ...]

They come from PyPI, Debian and npm, and are found only if JUPYTER_PATH is set to `kernelspecs()`: neither
other tests nor the user's own Jupyter see them.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable
from pathlib import Path

from platformdirs import user_cache_path

from tests.compatibility.kernels import KERNELS, Kernel

# as it is at import time: a test's own home has another cache
ROOT = user_cache_path("kernel-bridge") / "test-kernels"
VENV = ROOT / "venv"
NPM = ROOT / "npm"
DEBIAN = ROOT / "debian"
PYTHON = VENV / "bin" / "python"


def kernelspecs() -> Path:
    """The value of JUPYTER_PATH with which the kernels are found."""
    return VENV / "share" / "jupyter"


def install(names: Iterable[str]) -> None:
    """Install the kernels whose current recipe is not installed yet.

    Raises RuntimeError: a command of the recipe failed, or needs manual help.
    """
    ROOT.mkdir(parents=True, exist_ok=True)
    with (ROOT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        for name in names:
            kernel = KERNELS[name]
            stamp, recipe = ROOT / f"{name}.installed", repr(kernel.recipe)
            if kernel.recipe.empty or (stamp.is_file() and stamp.read_text() == recipe):
                continue
            print(f"installing {name} into {ROOT}", file=sys.stderr)
            _install(kernel)
            stamp.write_text(recipe)


def _install(kernel: Kernel) -> None:
    recipe = kernel.recipe
    missing = [
        package for file, package in recipe.debian if shutil.which(file) is None and not Path(file).exists()
    ]
    if missing:
        _install_debian(missing)
    for package in recipe.unpack:
        _unpack_debian(package)
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    if recipe.pip:
        _run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *recipe.pip)
    if recipe.npm:
        _run("npm", "install", "--global", "--prefix", NPM, "--no-audit", "--no-fund", *recipe.npm)
    if recipe.setup:
        _run(*(part.format(python=PYTHON, venv=VENV, npm=NPM) for part in recipe.setup))
    for file in kernelspecs().glob("kernels/*/kernel.json"):
        _mend(file)


def _install_debian(packages: list[str]) -> None:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise RuntimeError(f"install these first, as root: apt-get install {' '.join(packages)}")
    apt = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=600")
    _run(*apt, "update")
    _run(*apt, "install", "--yes", "--no-install-recommends", *packages)


def _unpack_debian(package: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _run("sh", "-c", f"cd {folder} && apt-get -qq download {package} && dpkg -x *.deb {DEBIAN}")
    shutil.copytree(DEBIAN / "usr" / "share" / "jupyter", kernelspecs(), dirs_exist_ok=True)


def _mend(file: Path) -> None:
    """Replace `python`, Jupyter's name for the interpreter that starts the kernel, with the full path."""
    spec = json.loads(file.read_text())
    if file.parent.name not in KERNELS:
        shutil.rmtree(file.parent)  # installed as a dependency: another python3
        return
    if spec["argv"][0].startswith("python"):
        spec["argv"][0] = str(PYTHON)
    spec["env"] = spec.get("env", {}) | KERNELS[file.parent.name].recipe.environment(DEBIAN)
    file.write_text(json.dumps(spec))


def _run(*command: str | Path) -> None:
    """Run a command with the kernels' environment first on PATH, and a home that is not the user's."""
    environment = os.environ | {
        "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_DATA_DIR": str(kernelspecs()),
        "XDG_DATA_HOME": str(VENV / "share"),
    }
    done = subprocess.run(
        [str(part) for part in command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}")


if __name__ == "__main__":
    install(sys.argv[1:] or KERNELS)
