"""A real kitty on an X server of its own (Xvfb), and screenshots of it.

Images among text need kitty 0.28. Where the system's kitty is older, `python -m tests.editors.neovim.kitty`
makes a Debian 13 with a newer one in the user's cache, once (debootstrap); that needs root rights.
"""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

ROOT = user_cache_path("kernel-bridge") / "trixie"  # as it is at import time: a test's home has another
SHOTS = Path(__file__).resolve().parents[3] / "build" / "test-kitty"  # of failures
BOUND_S = 30
OPTIONS = {
    "allow_remote_control": "yes",
    "enabled_layouts": "stack",
    "remember_window_size": "no",
    "cursor_blink_interval": "0",
    "update_check_interval": "0",
    "shell_integration": "disabled",
    "sync_to_monitor": "no",
}

Screenshot = np.ndarray


def version() -> tuple[int, int]:
    """The version of the system's kitty."""
    shown = subprocess.run(["kitty", "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = re.findall(r"\d+", shown)[:2]
    return int(major), int(minor)


def root_of_new_kitty() -> Path | None:
    """The root folder of a kitty that draws images among text; None is the system's."""
    return None if version() >= (0, 28) else ROOT


def install() -> None:
    """Makes a root folder with a new kitty, if one is needed and missing."""
    root = root_of_new_kitty()
    if not root or (root / "usr" / "bin" / "kitty").exists():
        return
    print(f"making a Debian 13 with kitty in {root}, once", flush=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    unfinished = root.with_name(f"{root.name}.{os.getpid()}")
    subprocess.run(
        ["debootstrap", "--variant=minbase", "trixie", unfinished], check=True, stdout=subprocess.DEVNULL
    )
    packages = "kitty libgl1 libegl1 libgl1-mesa-dri fonts-dejavu-core fonts-jetbrains-mono"
    script = f"apt-get update -qq && apt-get install -y -qq --no-install-recommends {packages}"
    subprocess.run(["chroot", unfinished, "sh", "-c", script], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(root, ignore_errors=True)
    unfinished.rename(root)


def listens(path: Path) -> bool:
    """Whether a process accepts connections at a socket."""
    with socket.socket(socket.AF_UNIX) as line:
        return path.exists() and line.connect_ex(str(path)) == 0


def until(look: Callable[[], bool], what: str) -> None:
    """Waits until `look` returns true."""
    end = time.monotonic() + BOUND_S
    while not look():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)


@contextmanager
def display(size: tuple[int, int]) -> Iterator[str]:
    """The name of a new X display."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size[0]}x{size[1]}x24"]
    process = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as number:
            yield f":{number.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


class Kitty:
    """One kitty. Each of its windows fills the screen."""

    def __init__(self, display: str, control: Path, prefix: list[str]) -> None:
        self.display = display
        self._control = control
        self._prefix = prefix

    def launch(self, command: list[str], environment: dict[str, str]) -> int:
        """Runs a program in a new window, in front. Returns the window's id."""
        assignments = [f"{name}={value}" for name, value in environment.items()]
        inner = [*self._prefix, "env", "-C", environment["HOME"], *assignments, *command]
        return int(self._send("launch", {"args": inner, "type": "window"}))

    def focus(self, window: int) -> None:
        self._send("focus-window", {"match": f"id:{window}"})

    def _send(self, name: str, payload: dict[str, object]) -> str:
        """A command of kitty's remote control protocol."""
        message = json.dumps({"cmd": name, "version": [0, 26, 0], "payload": payload})
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self._control))
            line.sendall(f"\x1bP@kitty-cmd{message}\x1b\\".encode())
            received = b""
            while not received.endswith(b"\x1b\\"):
                received += line.recv(65536)
        answer = json.loads(received.removeprefix(b"\x1bP@kitty-cmd").removesuffix(b"\x1b\\"))
        assert answer["ok"], answer
        return str(answer.get("data", ""))

    def screenshot(self) -> Screenshot:
        """The pixels of the screen: rows, columns, and red, green and blue."""
        command = ["import", "-display", self.display, "-window", "root", "-depth", "8", "ppm:-"]
        ppm = subprocess.run(command, capture_output=True, check=True).stdout
        header = re.match(rb"P6\s(\d+)\s(\d+)\s255\s", ppm)
        assert header
        columns, rows = int(header[1]), int(header[2])
        return np.frombuffer(ppm, np.uint8, offset=header.end()).reshape(rows, columns, 3)

    def save(self, file: Path) -> None:
        """Writes a screenshot."""
        subprocess.run(["import", "-display", self.display, "-window", "root", file], check=True)

    def until_seen(self, condition: Callable[[Screenshot], bool], what: str) -> Screenshot:
        """Waits until the screen meets a condition. Returns the screenshot."""

        shots: list[Screenshot] = [np.empty(0)]

        def look() -> bool:
            shots[0] = self.screenshot()
            return condition(shots[0])

        try:
            until(look, what)
        except AssertionError:
            SHOTS.mkdir(parents=True, exist_ok=True)
            self.save(SHOTS / f"{re.sub(r'[^a-z]+', '-', what.lower())}.png")
            raise
        return shots[0]


@contextmanager
def kitty(folder: Path, root: Path | None, size: tuple[int, int], **options: str) -> Iterator[Kitty]:
    """Starts a kitty from the root folder, with its socket in `folder`."""
    control = folder / "kitty.sock"
    chosen = {
        **OPTIONS,
        "initial_window_width": str(size[0]),
        "initial_window_height": str(size[1]),
        **options,
    }
    arguments = [argument for name, value in chosen.items() for argument in ("-o", f"{name}={value}")]
    command = ["kitty", "--config", "NONE", *arguments, "--listen-on", f"unix:{control}", "cat"]
    prefix = []
    if root:
        # kitty alone runs in the other root; its programs come back to this one
        bind = f"for f in proc sys dev tmp; do mount --rbind /$f {root}/$f; done"
        enter = f"exec chroot {shlex.quote(str(root))} {shlex.join(command)}"
        command = ["unshare", "--mount", "sh", "-c", f"mount --rbind / {root}/mnt && {bind} && {enter}"]
        prefix = ["chroot", "/mnt"]
    environment = {**os.environ, "LANG": "C.UTF-8", "LIBGL_ALWAYS_SOFTWARE": "1", "HOME": str(folder)}
    with display(size) as screen:
        process = subprocess.Popen(
            command, env={**environment, "DISPLAY": screen}, cwd="/", stderr=subprocess.DEVNULL
        )
        try:
            until(lambda: listens(control), "kitty listens")
            yield Kitty(screen, control, prefix)
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    install()
