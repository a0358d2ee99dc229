"""Runs `kernel-bridge` like a user or a script: as a real process, on pipes or in a terminal."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import pyte

from tests.home import Home

BOUND_S = 60
COMMAND = [sys.executable, "-m", "kernel_bridge"]
CTRL_C, CTRL_D = "\x03", "\x04"

JUPYTER_CLIENT = """
import sys
from jupyter_client import BlockingKernelClient

client = BlockingKernelClient(connection_file=sys.argv[1])
client.load_connection_file()
client.start_channels()
client.wait_for_ready(timeout=30)
client.execute_interactive(sys.argv[2], timeout=30)
client.stop_channels()
"""
"""A different client: runs code (its second argument) on the kernel of a connection file."""


@dataclass(frozen=True)
class Completed:
    code: int
    stdout: str
    stderr: str


def run_command(
    home: Home,
    *arguments: str,
    stdin: str = "",
    environment: dict[str, str] | None = None,
    prefix: list[str] | None = None,
) -> Completed:
    """Run the command on pipes, in the home's work folder. `prefix` is a command that runs it."""
    done = subprocess.run(
        [*(prefix or ()), *COMMAND, *arguments],
        input=stdin.encode(),
        capture_output=True,
        cwd=home.work,
        env=home.environment | (environment or {}),
        timeout=BOUND_S,
        check=False,
    )
    return Completed(done.returncode, done.stdout.decode(), done.stderr.decode())


def write(home: Home, name: str, text: str) -> str:
    """Write a file to the home's work folder. Return its name."""
    (home.work / name).write_text(text, encoding="utf-8")
    return name


class Display:
    """The visible content of a terminal: its master end, read into an emulator."""

    def __init__(self, master: int, columns: int, rows: int) -> None:
        self.raw = b""
        self._master = master
        self._screen = pyte.HistoryScreen(columns, rows, history=10_000, ratio=1)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def lines(self) -> list[str]:
        """All lines that were shown and not erased, without trailing spaces."""
        width = self._screen.columns
        above = ["".join(line[x].data for x in range(width)) for line in self._screen.history.top]
        lines = [line.rstrip() for line in [*above, *self._screen.display]]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def cursor_hidden(self) -> bool:
        return bool(self._screen.cursor.hidden)

    def read(self, timeout_s: float) -> bool:
        """Read the pending output. Return False if none arrives in time or the other end is closed."""
        if not select.select([self._master], [], [], timeout_s)[0]:
            return False
        try:
            chunk = os.read(self._master, 65536)
        except OSError:  # Linux: the other end is closed
            return False
        self.raw += chunk
        self._stream.feed(chunk)
        return bool(chunk)


class Terminal(Display):
    """A command in its own terminal."""

    def __init__(self, process: "subprocess.Popen[bytes]", master: int, columns: int, rows: int) -> None:
        super().__init__(master, columns, rows)
        self._process = process

    def press(self, text: str) -> None:
        os.write(self._master, text.encode())

    def see(self, text: str) -> None:
        """Wait until the text is on the screen."""
        end = time.monotonic() + BOUND_S
        while text not in self.text:
            if not self.read(0.2):
                assert self._process.poll() is None, (
                    f"the command ended without showing {text!r}:\n{self.text}"
                )
                assert time.monotonic() < end, f"{text!r} was not shown within {BOUND_S} s:\n{self.text}"

    def end(self) -> int:
        """Wait until the command has ended and all of its output is read. Return its exit code."""
        end = time.monotonic() + BOUND_S
        while self.read(0.2) or self._process.poll() is None:
            assert time.monotonic() < end, f"the command did not end within {BOUND_S} s:\n{self.text}"
        return self._process.wait()

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)


def open_terminal(
    home: Home,
    *arguments: str,
    columns: int = 80,
    rows: int = 24,
    environment: dict[str, str] | None = None,
    command: list[str] = COMMAND,
) -> Terminal:
    """Start the command in a terminal, which becomes its controlling terminal."""
    with pseudo_terminal(columns, rows) as (master, slave):
        process = subprocess.Popen(
            [*command, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=home.work,
            env=home.environment | {"TERM": "xterm-256color"} | (environment or {}),
            start_new_session=True,
            preexec_fn=_control_terminal,  # noqa: PLW1509  # only two system calls
        )
        return Terminal(process, os.dup(master), columns, rows)


def _control_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def pseudo_terminal(columns: int, rows: int) -> Iterator[tuple[int, int]]:
    """(master, slave) of a new terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    try:
        yield master, slave
    finally:
        os.close(slave)
        os.close(master)


class _Started(subprocess.Popen[bytes]):
    """Ends with a test that fails, which would otherwise wait for it."""

    def __exit__(self, kind: type[BaseException] | None, *more: Any) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, *more)


def start_command(home: Home, *arguments: str) -> "subprocess.Popen[bytes]":
    """Start the command on pipes, in the home's work folder. Its stderr is discarded."""
    return _Started(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=home.work,
        env=home.environment,
    )
