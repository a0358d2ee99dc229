"""Real environments without ipykernel, and a uv that installs packages from a cache that all tests share."""

import json
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import ipykernel_launcher

from tests.home import Home

ROOT = Path(__file__).parents[1]
CACHE = ROOT / "build" / "uv"
UV = Path(sys.executable).parent / "uv"


def uv(*arguments: str | Path) -> None:
    subprocess.run([UV, "-q", "--cache-dir", CACHE, *arguments], check=True)


def provide_uv(home: Home, **settings: object) -> None:
    """Install uv where its installer does, with the shared cache and these settings of uv."""
    commands = home.path / ".local" / "bin"
    commands.mkdir(parents=True, exist_ok=True)
    (commands / "uv").symlink_to(UV)
    configuration = Path(home.environment["XDG_CONFIG_HOME"]) / "uv"
    configuration.mkdir(parents=True)
    lines = [
        f"{name} = {json.dumps(value)}\n" for name, value in {"cache-dir": str(CACHE), **settings}.items()
    ]
    (configuration / "uv.toml").write_text("".join(lines))


def make_environment(folder: Path) -> str:
    """Make an environment without packages; return its interpreter."""
    uv("venv", "--python", sys.executable, folder)
    return str(folder / "bin" / "python")


@cache
def fill_cache(*packages: str | Path) -> None:
    """Download ipykernel and these packages, so that a test that installs them waits for no download."""
    with tempfile.TemporaryDirectory() as folder:
        uv("pip", "install", "--python", sys.executable, "--target", folder, "ipykernel", *packages)


@cache
def built() -> Path:
    """The wheel of kernel-bridge, as a package index would have it."""
    folder = ROOT / "build" / "wheels"
    shutil.rmtree(folder, ignore_errors=True)
    uv("build", "--wheel", "--out-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


def lend_ipykernel(python: str) -> None:
    """Give an environment the packages of this one, without installing anything."""
    own = Path(ipykernel_launcher.__file__)
    (packages,) = Path(python).parents[1].glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text(f"{own.parent}\n")
    (packages / own.name).symlink_to(own)
