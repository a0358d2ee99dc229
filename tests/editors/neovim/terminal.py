"""Neovim in a terminal that the test plays: a pty whose other end records what it receives."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pynvim

from tests.editors.neovim.neovim import BIN, HELPERS, PLUGIN, Neovim
from tests.home import Home

COLUMNS, ROWS, CELL = 80, 24, (10, 20)  # cell: pixels
BOUND_S = 30
XTVERSION = b"\x1b[>q"
INIT = r"""
vim.lsp.enable("kernel_bridge")
vim.o.termguicolors = true
local function ready() vim.api.nvim_chan_send(2, "\27_ready\27\\") end
vim.api.nvim_create_autocmd("VimEnter", { callback = ready })
"""

KITTY, OLD_KITTY, GHOSTTY = "kitty(0.41.1)", "kitty(0.26.5)", "ghostty 1.2.0"
"""What terminals answer to XTVERSION."""


class Terminal:
    """A terminal without graphics of its own. `received` is everything written to it; it answers `name`."""

    def __init__(self, descriptor: int, name: str) -> None:
        self.received = b""
        self.name = name
        self._descriptor = descriptor
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._descriptor, 65536)
            except OSError:  # the other end is closed (Linux: EIO)
                return
            if not data:
                return
            with self._news:
                asked = (self.received[1 - len(XTVERSION) :] + data).count(XTVERSION)
                self.received += data
                self._news.notify_all()
            if self.name:
                os.write(self._descriptor, asked * f"\x1bP>|{self.name}\x1b\\".encode())

    def until(self, part: bytes, count: int = 1) -> bytes:
        """Waits until `part` is received `count` times. Returns everything received."""
        with self._news:
            found = self._news.wait_for(lambda: self.received.count(part) >= count, timeout=BOUND_S)
            assert found, self.received[-2000:]
            return self.received

    def type(self, keys: bytes) -> None:
        os.write(self._descriptor, keys)

    def close(self) -> None:
        self._reader.join(timeout=BOUND_S)
        os.close(self._descriptor)


@contextmanager
def running(command: list[str], environment: dict[str, str], name: str) -> Iterator[Terminal]:
    """Runs a program in a terminal. Waits for its end, or kills it if the test has failed."""
    main, side = pty.openpty()
    size = struct.pack("HHHH", ROWS, COLUMNS, COLUMNS * CELL[0], ROWS * CELL[1])
    fcntl.ioctl(side, termios.TIOCSWINSZ, size)
    process = subprocess.Popen(
        command, stdin=side, stdout=side, stderr=side, env=environment, start_new_session=True
    )
    os.close(side)
    screen = Terminal(main, name)
    try:
        yield screen
        process.wait(timeout=BOUND_S)
    finally:
        process.kill()
        process.wait()
        screen.close()


def environment_of(home: Home, **variables: str) -> dict[str, str]:
    """The environment of a program in a terminal; of this one's terminal it contains nothing."""
    environment = {**home.environment, "PATH": f"{BIN}:{home.environment['PATH']}"}
    for name in ("NVIM", "TMUX", "TMUX_PANE", "KITTY_WINDOW_ID", "COLORTERM"):
        environment.pop(name, None)
    return environment | {"TERM": "xterm-256color"} | variables


def nvim(home: Home, init: str = INIT) -> list[str]:
    """The command line of a Neovim with the plugin, which listens on a socket in the home."""
    start = home.path / "init.lua"
    start.write_text(init)
    socket = str(home.path / "nvim.sock")
    return [
        *(str(BIN / "nvim"), "--clean", "--cmd", f"set rtp^={PLUGIN}"),
        *("-u", str(start), "--listen", socket),
    ]


@contextmanager
def attached(home: Home) -> Iterator[Neovim]:
    """The Neovim that listens in the home, with the tests' helpers; it quits at the end."""
    api = pynvim.attach("socket", path=str(home.path / "nvim.sock"))
    try:
        editor = Neovim(api, home)
        editor.until("vim.v.vim_did_enter == 1")
        editor.lua(HELPERS)
        yield editor
        editor.check_errors()
        with suppress(OSError, EOFError):
            api.command("silent! qall!")
    finally:
        _close(api)


def _close(api: pynvim.Nvim) -> None:
    """Closes the session. Runs its loop once more: pynvim closes it before it has released its socket."""
    events = api._session.loop
    if events._transport is not None:
        events._transport.abort()
        events._loop.call_soon(events._loop.stop)
        events._loop.run_forever()
    api.close()


@contextmanager
def terminal(home: Home, name: str, **variables: str) -> Iterator[tuple[Terminal, Neovim]]:
    """Starts a Neovim in a terminal that answers `name`, or nothing, with these environment variables."""
    with running(nvim(home), environment_of(home, **variables), name) as screen:
        screen.until(b"\x1b_ready")
        with attached(home) as editor:
            yield screen, editor
    home.check_clean()


def pictures(received: bytes) -> list[tuple[dict[str, str], bytes]]:
    """The graphics commands received, with the parts of each image joined."""
    commands: list[tuple[dict[str, str], bytes]] = []
    more = False
    for keys, payload in re.findall(rb"\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\", received):
        values = dict(pair.split("=") for pair in keys.decode().split(","))
        assert len(payload) <= 4096
        if more:
            commands[-1] = (commands[-1][0], commands[-1][1] + payload)
        else:
            commands.append((values, payload))
        more = values.get("m") == "1"
    return commands
