"""The source archives of other projects, unpacked once for all checkouts in a folder of the user's cache."""

import fcntl
import os
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

ROOT = user_cache_path("kernel-bridge") / "test-sources"  # as it is at import time, like install.ROOT

# pip computes an archive's metadata with the build backend that the archive names, which may need compilers.
# A module of that name takes the metadata that is in the archive.
BACKEND = """
import shutil
from email.parser import HeaderParser
from pathlib import Path

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = HeaderParser().parsestr(Path("PKG-INFO").read_text(encoding="utf-8"))
    made = Path(folder, f"{info['Name']}-{info['Version']}.dist-info")
    made.mkdir()
    shutil.copy("PKG-INFO", made / "METADATA")
    return made.name

build_wheel = None
"""
BACKENDS = ("mesonpy", "hatchling.build", "flit_core.buildapi")


def unpacked(package: str) -> Path:
    """The unpacked source archive of the installed version of a package."""
    name = f"{package}-{version(package)}"
    ROOT.mkdir(parents=True, exist_ok=True)
    with (ROOT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not (ROOT / name).is_dir():
            _download(name)
    return ROOT / name


def _download(name: str) -> None:
    backends = ROOT / "backends"
    for backend in BACKENDS:
        file = backends.joinpath(*backend.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(BACKEND)
    package, _, release = name.rpartition("-")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--no-binary", ":all:", "--no-build-isolation", f"--dest={ROOT}", f"{package}=={release}"],
        env=os.environ | {"PYTHONPATH": str(backends)},
        check=True,
    )  # fmt: skip
    archive = ROOT / f"{name}.tar.gz"
    with tarfile.open(archive) as members:
        members.extractall(ROOT, filter="data")
    archive.unlink()


def notebooks() -> list[Path]:
    """nbclient's own test notebooks."""
    return sorted((unpacked("nbclient") / "tests" / "files").glob("*.ipynb"))


def scripts() -> list[Path]:
    """The examples of matplotlib and seaborn that need no window and no data from the network."""
    galleries = unpacked("matplotlib") / "galleries"
    windows = {"animation", "event_handling", "user_interfaces", "widgets"}
    found = [file for file in galleries.rglob("*.py") if not windows.intersection(file.parts)]
    found += (unpacked("seaborn") / "examples").glob("*.py")
    return sorted(file for file in found if "load_dataset(" not in file.read_text(encoding="utf-8"))
