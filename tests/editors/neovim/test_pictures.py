"""Images in Neovim: the escape codes that a terminal receives, and the placeholders in the text."""

import base64
import fcntl
import os
import pty
import re
import struct
import termios
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pynvim
import pytest

from tests.editors.neovim.neovim import BIN, HELPERS, PLUGIN, Neovim
from tests.home import Home

pytestmark = pytest.mark.slow

COLUMNS, ROWS, CELL = 80, 24, (10, 20)  # cell: pixels
PICTURE = (
    "import struct, zlib\n"
    "def part(name, data):\n"
    "    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))\n"
    "head = part(b'IHDR', struct.pack('>IIBBBBB', 200, 100, 8, 0, 0, 0, 0))\n"
    "body = part(b'IDAT', zlib.compress(bytes(201 * 100), 0))\n"
    "png = b'\\x89PNG\\r\\n\\x1a\\n' + head + body + part(b'IEND', b'')\n"
    "from IPython.display import Image\n"
    "Image(png)\n"
)
INIT = r"""
vim.lsp.enable("kernel_bridge")
vim.o.termguicolors = true
local function ready() vim.api.nvim_chan_send(2, "\27_ready\27\\") end
vim.api.nvim_create_autocmd("VimEnter", { callback = ready })
"""
PLACEHOLDER = "\U0010eeee"


class Terminal:
    """A pty with a Neovim in it; `received` is everything written to it."""

    def __init__(self, descriptor: int) -> None:
        self.received = b""
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
                self.received += data
                self._news.notify_all()

    def until(self, part: bytes) -> bytes:
        """Waits until `part` is received. Returns everything received."""
        with self._news:
            assert self._news.wait_for(lambda: part in self.received, timeout=30), self.received[-2000:]
            return self.received

    def join(self) -> None:
        self._reader.join(timeout=10)


@contextmanager
def terminal(home: Home, **variables: str) -> Iterator[tuple[Terminal, Neovim]]:
    """Starts a Neovim in a terminal with these environment variables."""
    start = home.path / "init.lua"
    start.write_text(INIT)
    socket = str(home.path / "nvim.sock")
    environment = {**home.environment, "PATH": f"{BIN}:{home.environment['PATH']}"}
    for name in ("NVIM", "TMUX", "KITTY_WINDOW_ID"):
        environment.pop(name, None)
    environment |= {"TERM": "xterm-256color", **variables}
    command = [
        str(BIN / "nvim"),
        "--clean",
        "--cmd",
        f"set rtp^={PLUGIN}",
        "-u",
        str(start),
        "--listen",
        socket,
    ]
    main, side = pty.openpty()
    fcntl.ioctl(
        side, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, COLUMNS * CELL[0], ROWS * CELL[1])
    )
    process = os.posix_spawn(
        command[0],
        command,
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, side, n) for n in (0, 1, 2)] + [(os.POSIX_SPAWN_CLOSE, main)],
        setsid=True,
    )
    os.close(side)
    screen = Terminal(main)
    screen.until(b"\x1b_ready")
    api = pynvim.attach("socket", path=socket)
    editor = Neovim(api, home)
    try:
        editor.until("vim.v.vim_did_enter == 1")
        editor.lua(HELPERS)
        yield screen, editor
        editor.check_errors()
        api.command("silent! qall!", async_=True)
    finally:
        os.waitpid(process, 0)
        screen.join()
        os.close(main)
        _close(api)
    home.check_clean()


def _close(api: pynvim.Nvim) -> None:
    """Closes the session. Runs its loop once more: pynvim closes it before it has released its socket."""
    events = api._session.loop
    if events._transport is not None:
        events._transport.abort()
        events._loop.call_soon(events._loop.stop)
        events._loop.run_forever()
    api.close()


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


def show(editor: Neovim) -> None:
    editor.open(PICTURE)
    editor.command("run_cell")
    editor.until_ended()


@pytest.mark.parametrize("variables", [{"TERM": "xterm-kitty"}, {"TERM_PROGRAM": "ghostty"}])
def test_an_image_is_sent_once_and_placed_in_the_text(home: Home, variables: dict[str, str]) -> None:
    with terminal(home, **variables) as (screen, editor):
        show(editor)
        received = screen.until(b"a=p,U=1")
        (sent, payload), (placed, _) = pictures(received)
        assert (sent["a"], sent["f"], sent["t"], sent["q"]) == ("t", "100", "d", "2")
        png = base64.b64decode(payload)
        assert png.startswith(b"\x89PNG")
        assert png.endswith(b"IEND\xaeB`\x82")
        # 200 x 100 pixels take 20 x 5 cells
        assert (placed["i"], placed["c"], placed["r"]) == (sent["i"], "20", "5")
        number = int(sent["i"])
        screen.until(PLACEHOLDER.encode())
        colour = f"38;2;{number >> 16};{number >> 8 & 255};{number & 255}"
        assert colour.encode() in screen.until(colour.encode())
        lines = editor.results()[0]["lines"]
        first, second = lines[0].removeprefix("│ "), lines[1].removeprefix("│ ")
        assert first.startswith(PLACEHOLDER + "\u0305\u0305" + PLACEHOLDER + "\u0305\u030d")
        assert second.startswith(PLACEHOLDER + "\u030d\u0305")
        assert (len(lines), first.count(PLACEHOLDER)) == (5, 20)
        editor.keys("ggOx = 1<Esc>")
        editor.settle()
    after = pictures(screen.received)
    assert [keys["a"] for keys, _ in after] == ["t", "p", "d"], "sent once, and deleted at the end"


def test_tmux_passes_images_through(home: Home) -> None:
    with terminal(home, TERM="tmux-256color", TMUX="/nowhere,1,0", KITTY_WINDOW_ID="1") as (screen, editor):
        show(editor)
        received = screen.until(b"a=p,U=1")
        wrapped = re.findall(rb"\x1bPtmux;((?:[^\x1b]|\x1b\x1b)*)\x1b\\", received)
        inner = b"".join(part.replace(b"\x1b\x1b", b"\x1b") for part in wrapped)
        assert [keys["a"] for keys, _ in pictures(inner)] == ["t", "p"]


def test_other_terminals_show_a_line_of_text(home: Home) -> None:
    with terminal(home) as (screen, editor):
        show(editor)
        (line,) = editor.results()[0]["lines"]
        assert line.startswith("│ ▣ image/png 200×100, ")
        assert b"\x1b_G" not in screen.received


# The parts of other plugins' APIs that are used. Each records the requests that it receives.
SNACKS = r"""
local terminal = { asked = {} }
function terminal.detect(found) vim.schedule(found) end
function terminal.env() return { placeholders = PLACEHOLDERS } end
function terminal.request(command) table.insert(terminal.asked, command) end
local image = { new = function(path)
  return { id = 77, file = path, sent = false, place = function(self, placement)
    placement.id = 5
    vim.schedule(function() self.sent = true placement.update(placement) end)
  end }
end }
Snacks = {
  config = { image = { enabled = true } },
  image = { terminal = terminal, image = image, util = {} },
}
function Snacks.image.util.dim() return { width = 200, height = 100 } end
package.loaded.snacks = Snacks
"""


def test_snacks_image_sends_images_for_placeholders(home: Home) -> None:
    with terminal(home) as (screen, editor):
        editor.lua(SNACKS.replace("PLACEHOLDERS", "true"))
        show(editor)
        editor.until("#test.results(vim.api.nvim_get_current_buf())[1].lines == 5")
        (asked,) = editor.lua("return Snacks.image.terminal.asked")
        assert asked == {"a": "p", "U": 1, "C": 1, "i": 77, "p": 5, "c": 20, "r": 5}
        assert editor.lua("return vim.api.nvim_get_hl(0, { name = 'KernelBridgeImage77' }).fg") == 77
        assert b"\x1b_G" not in screen.received


def test_a_terminal_without_placeholders_shows_a_line_with_snacks_image(home: Home) -> None:
    with terminal(home) as (_, editor):
        editor.lua(SNACKS.replace("PLACEHOLDERS", "false"))
        show(editor)
        editor.until("test.results(vim.api.nvim_get_current_buf())[1].lines[1]:find('200×100', 1, true)")


IMAGE_NVIM = r"""
drawn = {}
package.loaded.image = {
  is_enabled = function() return true end,
  from_file = function(path, options)
    local one = { path = path, options = options, shown = false }
    function one:render() self.shown = true end
    function one:clear() self.shown = false end
    table.insert(drawn, one)
    return one
  end,
}
"""
SHOWN = "vim.iter(drawn):map(function(one) return one.shown and one.options or nil end):totable()"


def test_image_nvim_draws_over_reserved_lines(home: Home) -> None:
    with terminal(home) as (_, editor):
        editor.lua(IMAGE_NVIM)
        editor.open("print('x')\n" + PICTURE)
        editor.command("run_cell")
        editor.until_ended()
        editor.until("#test.results(vim.api.nvim_get_current_buf())[1].lines == 6")
        (where,) = editor.until(SHOWN)
        assert {n: where[n] for n in ("x", "y", "width", "height", "render_offset_top")} == {
            "x": 2, "y": 8, "width": 20, "height": 5, "render_offset_top": 1,
        }  # fmt: skip
        editor.command("clear")
        assert editor.lua(f"return {SHOWN}") == []


def test_svg_is_converted(home: Home) -> None:
    tools = home.path / "tools"
    tools.mkdir()
    png = base64.b64encode(_png()).decode()
    (tools / "rsvg-convert").write_text(f"#!/bin/sh\necho {png} | base64 -d\n")
    (tools / "rsvg-convert").chmod(0o755)
    with terminal(home, TERM="xterm-kitty", PATH=f"{tools}:{BIN}:{os.environ['PATH']}") as (screen, editor):
        editor.open("from IPython.display import SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')\n")
        editor.command("run_cell")
        (sent, payload), (placed, _) = pictures(screen.until(b"a=p,U=1"))
        assert base64.b64decode(payload) == _png()
        assert (placed["i"], placed["c"], placed["r"]) == (sent["i"], "20", "5")


@pytest.mark.parametrize(("format", "mime"), [("jpeg", "image/jpeg"), ("gif", "image/gif")])
def test_imagemagick_gets_the_format(home: Home, format: str, mime: str) -> None:
    """Without a format, ImageMagick would accept MVG and MSL, which can read and write files."""
    tools = home.path / "tools"
    tools.mkdir()
    png = base64.b64encode(_png()).decode()
    (tools / "magick").write_text(
        f"#!/bin/sh\ncase $1 in {format}:/*) echo {png} | base64 -d;; *) exit 1;; esac\n"
    )
    (tools / "magick").chmod(0o755)
    with terminal(home, TERM="xterm-kitty", PATH=f"{tools}:{BIN}:{os.environ['PATH']}") as (screen, editor):
        source = f"from IPython.display import display\ndisplay({{{mime!r}: 'cHVzaA=='}}, raw=True)\n"
        editor.open(source)
        editor.command("run_cell")
        editor.until_ended()
        (_, payload), _ = pictures(screen.until(b"a=p,U=1"))
        assert base64.b64decode(payload) == _png()


def test_concurrent_images_are_not_interleaved(home: Home) -> None:
    with terminal(home, TERM="xterm-kitty") as (screen, editor):
        editor.open(PICTURE + "from IPython.display import display\ndisplay(Image(png), Image(png))\n")
        editor.command("run_cell")
        editor.until_ended()
        placed = re.search(rb"a=p,U=1,q=2,i=(\d+)", screen.until(b"a=p,U=1"))
        assert placed
        screen.until(b"a=p,U=1,q=2,i=%d" % (int(placed[1]) + 1))
    sent = [payload for keys, payload in pictures(screen.received) if keys["a"] == "t"]
    assert len(sent) == 2
    assert {base64.b64decode(payload)[-8:] for payload in sent} == {b"IEND\xaeB`\x82"}


def _png() -> bytes:
    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = part(b"IHDR", struct.pack(">IIBBBBB", 200, 100, 8, 0, 0, 0, 0))
    body = part(b"IDAT", zlib.compress(bytes(201 * 100)))
    return b"\x89PNG\r\n\x1a\n" + head + body + part(b"IEND", b"")
