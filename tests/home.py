"""A private home for one test: its own folders, and checks of what a bridge leaves behind in them."""

import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

INHERITED_BY_NONE = ("JUPYTER", "JPY_", "IPY", "XDG_", "KERNEL_BRIDGE", "COV_", "VIRTUAL_ENV", "CONDA_")
"""Prefixes of variables that would lead a test to the user's own Jupyter and environments."""


@dataclass(frozen=True)
class Home:
    """`environment` is that of a user who logs in for the first time."""

    path: Path
    environment: dict[str, str]

    @property
    def runtime(self) -> Path:
        """The folder of connection files (JUPYTER_RUNTIME_DIR)."""
        return Path(self.environment["JUPYTER_RUNTIME_DIR"])

    @property
    def work(self) -> Path:
        """An empty folder for documents and exports."""
        return self.path / "work"

    def processes(self) -> list[psutil.Process]:
        """All processes started with this home, including reparented ones."""
        return [process for process in psutil.process_iter() if _home_of(process) == str(self.path)]

    def running(self, part: str) -> list[psutil.Process]:
        """The processes whose command line contains `part`."""
        return [process for process in self.processes() if part in _running(process)]

    def left(self, gone_within_s: float = 5, but: str | None = None) -> list[str]:
        """Remaining processes as `pid command`, except those with `but`.

        They may take `gone_within_s` to end.
        """
        found = [process for process in self.processes() if but is None or but not in _running(process)]
        _, alive = psutil.wait_procs(found, timeout=gone_within_s)
        return [line for process in alive if (line := _running(process))]

    def connection_files(self) -> list[Path]:
        return sorted(self.runtime.glob("*.json"))

    def sockets(self) -> list[Path]:
        return [path for path in self.path.rglob("*") if stat.S_ISSOCK(path.lstat().st_mode)]

    def made(self) -> list[Path]:
        """Socket folders, and the records of kernels."""
        folders = (self.environment["TMPDIR"], self.environment["XDG_RUNTIME_DIR"])
        sockets = [path for folder in folders for path in Path(folder).glob("kb-*")]
        return sorted([*sockets, *self.runtime.glob("kernel-bridge/*")])

    def check_clean(self, gone_within_s: float = 5, may_be_logged: tuple[str, ...] = ()) -> None:
        """Assert that no process, connection file, record, socket or socket folder is left.

        Processes may take `gone_within_s` to end. `may_be_logged`: ends of warnings that a recorder may give.
        """
        assert not (left := self.left(gone_within_s)), f"processes left: {left}"
        assert not self.connection_files(), f"connection files left: {self.connection_files()}"
        assert not self.sockets(), f"sockets left: {self.sockets()}"
        log = self.runtime / "kernel-bridge" / "recorder.log"
        logged = log.read_text().splitlines() if log.exists() else []
        unexpected = [line for line in logged if not line.endswith(may_be_logged)]
        assert not unexpected, f"the recorder has logged: {unexpected}"
        log.unlink(missing_ok=True)
        assert not self.made(), f"folders and records left: {self.made()}"


def _running(process: psutil.Process) -> str:
    """Its id and command line; empty for a process that has ended, even if its parent has not reaped it."""
    try:
        return f"{process.pid} {' '.join(process.cmdline())}"
    except psutil.NoSuchProcess:  # including zombies
        return ""


@contextmanager
def private_home() -> Iterator[Home]:
    """A home that is removed at the end, with everything that still runs in it.

    Its path is short, because an ipc socket's path has at most 107 bytes.
    """
    path = Path(tempfile.mkdtemp(prefix="kb-")).resolve()
    folders = {
        "HOME": path,
        "TMPDIR": path / "tmp",
        "XDG_CACHE_HOME": path / "cache",
        "XDG_CONFIG_HOME": path / "config",
        "XDG_DATA_HOME": path / "data",
        "XDG_RUNTIME_DIR": path / "run",
        "XDG_STATE_HOME": path / "state",
        "JUPYTER_CONFIG_DIR": path / "jupyter" / "config",
        "JUPYTER_DATA_DIR": path / "jupyter",
        "JUPYTER_RUNTIME_DIR": path / "jupyter" / "runtime",
        "IPYTHONDIR": path / "ipython",
    }
    for folder in (*folders.values(), path / "work"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(INHERITED_BY_NONE)}
    home = Home(path, inherited | {name: str(folder) for name, folder in folders.items()})
    try:
        yield home
    finally:
        for process in home.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        shutil.rmtree(path, ignore_errors=True)


def install_fake_kernel(home: Home, *options: str) -> None:
    """Install the kernelspec `fake`: tests/kernel/fake_kernel.py with these options."""
    folder = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / "fake"
    folder.mkdir(parents=True, exist_ok=True)
    program = Path(__file__).parent / "kernel" / "fake_kernel.py"
    spec = {
        "argv": [sys.executable, str(program), "-f", "{connection_file}", *options],
        "display_name": "Fake",
        "language": "fake",
        "interrupt_mode": "message",
    }
    (folder / "kernel.json").write_text(json.dumps(spec))


def install_bash_kernel(home: Home) -> None:
    """Install the kernelspec `bash`: bash_kernel."""
    folder = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / "bash"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    (folder / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Bash", "language": "bash"})
    )


def let_kernels_drop_nothing(home: Home) -> None:
    """Configure ipykernel, which otherwise drops what exceeds 1000 messages while the processors are busy.

    Then whatever is missing, a bridge or a recorder has lost.
    """
    folder = Path(home.environment["IPYTHONDIR"]) / "profile_default"
    folder.mkdir(parents=True)
    (folder / "ipython_kernel_config.py").write_text(
        "import zmq\n"
        "from ipykernel.kernelapp import IPKernelApp\n"
        "init_iopub = IPKernelApp.init_iopub\n"
        "def init(self, context):\n"
        "    context.setsockopt(zmq.SNDHWM, 0)\n"
        "    init_iopub(self, context)\n"
        "IPKernelApp.init_iopub = init\n"
    )


def _home_of(process: psutil.Process) -> str | None:
    try:
        environment: dict[str, str] = process.environ()
        return environment.get("HOME")
    except psutil.Error:
        return None
