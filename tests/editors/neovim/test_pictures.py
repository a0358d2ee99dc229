"""Images in Neovim: the escape codes that a terminal receives, and the placeholders in the text."""

import base64
import os
import struct
import subprocess
import zlib

import pytest

from tests.editors.neovim.neovim import BIN, Neovim
from tests.editors.neovim.terminal import (
    GHOSTTY,
    INIT,
    KITTY,
    OLD_KITTY,
    attached,
    environment_of,
    nvim,
    pictures,
    running,
    terminal,
)
from tests.home import Home

pytestmark = pytest.mark.slow

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
LINE = "test.results(vim.api.nvim_get_current_buf())[1].lines[1]"
PLACEHOLDER = "\U0010eeee"


def show(editor: Neovim) -> None:
    editor.open(PICTURE)
    editor.command("run_cell")
    editor.until_ended()


@pytest.mark.parametrize("name", [KITTY, GHOSTTY])
def test_an_image_is_sent_once_and_placed_in_the_text(home: Home, name: str) -> None:
    with terminal(home, name) as (screen, editor):
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
        group = f"KernelBridgeImage{number}"
        assert editor.lua("return vim.api.nvim_get_hl(0, { name = ... }).fg", group) == number
        lines = editor.results()[0]["lines"]
        first, second = lines[0].removeprefix("│ "), lines[1].removeprefix("│ ")
        assert first.startswith(PLACEHOLDER + "\u0305\u0305" + PLACEHOLDER + "\u0305\u030d")
        assert second.startswith(PLACEHOLDER + "\u030d\u0305")
        assert (len(lines), first.count(PLACEHOLDER)) == (5, 20)
        editor.keys("ggOx = 1<Esc>")
        editor.settle()
    after = pictures(screen.received)
    assert [keys["a"] for keys, _ in after] == ["t", "p", "d"], "sent once, and deleted at the end"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (OLD_KITTY, "kitty(0.26.5) cannot draw pictures among text; kitty 0.28 can"),
        (
            "WezTerm 20240203-110809",
            "WezTerm 20240203-110809 cannot draw pictures among text",
        ),
        ("", "this terminal cannot draw pictures among text"),
    ],
)
def test_other_terminals_show_a_line_of_text_and_say_why_once(home: Home, name: str, reason: str) -> None:
    # the environment of a terminal that was started in kitty
    with terminal(home, name, TERM_PROGRAM="kitty", KITTY_WINDOW_ID="1") as (screen, editor):
        show(editor)
        editor.until_message("pictures are shown as text")
        show(editor)
        editor.until(f"vim.startswith({LINE}, '│ ▣ image/png 200×100, ')")
        assert editor.messages().count(f"kernel-bridge: pictures are shown as text: {reason}") == 1
        assert b"\x1b_G" not in screen.received
        assert editor.lua("return vim.api.nvim_get_mode().mode") == "n", "no answer was taken for keys"


def test_checkhealth_tells_what_the_terminal_can(home: Home) -> None:
    with terminal(home, OLD_KITTY) as (_, editor):
        editor.api.command("checkhealth kernel_bridge")
        report = "\n".join(editor.lines())
        assert "WARNING images are shown as text, because kitty(0.26.5) cannot draw pictures among" in report
        assert "kitty 0.28 can" in report


def test_a_late_answer_counts(home: Home) -> None:
    with terminal(home, "") as (screen, editor):
        show(editor)
        editor.until_message("pictures are shown as text")
        screen.type(f"\x1bP>|{KITTY}\x1b\\".encode())
        screen.until(b"a=p,U=1")


def test_a_redraw_sends_images_again(home: Home) -> None:
    with terminal(home, KITTY) as (screen, editor):
        show(editor)
        screen.until(b"a=p,U=1")
        editor.command("redraw")
        screen.until(b"a=p,U=1", 2)
        screen.type(b"\x0c")  # CTRL-L
        received = screen.until(b"a=p,U=1", 3)
        sent = [(keys["a"], keys["i"], payload) for keys, payload in pictures(received)]
        assert sent == 3 * sent[:2], "the same images and placements"


@pytest.mark.kitty
def test_tmux_is_asked_what_it_passes_and_who_is_attached(home: Home) -> None:
    tmux = ["tmux", "-f", "/dev/null", "-S", str(home.path / "tmux.sock")]
    environment = environment_of(home, TERM="xterm-kitty", LANG="C.UTF-8")

    def control(*arguments: str) -> None:
        subprocess.run([*tmux, *arguments], env=environment, check=True)

    command = [*tmux, "new-session", *nvim(home, INIT + "vim.o.statusline = 'now ready'")]
    with running(command, environment, KITTY) as first:
        first.until(b"now ready")
        with attached(home) as editor:
            show(editor)
            editor.until(f"vim.startswith({LINE}, '│ ▣ image/png 200×100, ')")
            editor.until_message("tmux blocks pictures; tmux set -g allow-passthrough on")
            assert b"\x1b_G" not in first.received
            control("set", "-g", "allow-passthrough", "on")
            editor.command("redraw")
            sent = pictures(first.until(b"a=p,U=1"))
            assert [keys["a"] for keys, _ in sent] == ["t", "p"]
            control("detach-client")
            with running([*tmux, "attach"], environment, OLD_KITTY):
                editor.until(f"{LINE}:find('200×100', 1, true)")
                control("detach-client")
            with running([*tmux, "attach"], environment, GHOSTTY) as other:
                again = pictures(other.until(b"a=p,U=1"))
                assert [payload for _, payload in again] == [payload for _, payload in sent]
                editor.until(f"not {LINE}:find('200×100', 1, true)")
                control("detach-client")
    (home.path / "tmux.sock").unlink()  # tmux leaves it
    home.check_clean()


def test_svg_is_converted(home: Home) -> None:
    tools = home.path / "tools"
    tools.mkdir()
    png = base64.b64encode(_png()).decode()
    (tools / "rsvg-convert").write_text(f"#!/bin/sh\necho {png} | base64 -d\n")
    (tools / "rsvg-convert").chmod(0o755)
    with terminal(home, KITTY, PATH=f"{tools}:{BIN}:{os.environ['PATH']}") as (screen, editor):
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
    with terminal(home, KITTY, PATH=f"{tools}:{BIN}:{os.environ['PATH']}") as (screen, editor):
        source = f"from IPython.display import display\ndisplay({{{mime!r}: 'cHVzaA=='}}, raw=True)\n"
        editor.open(source)
        editor.command("run_cell")
        editor.until_ended()
        (_, payload), _ = pictures(screen.until(b"a=p,U=1"))
        assert base64.b64decode(payload) == _png()


def test_concurrent_images_are_not_interleaved(home: Home) -> None:
    with terminal(home, KITTY) as (screen, editor):
        editor.open(PICTURE + "from IPython.display import display\ndisplay(Image(png), Image(png))\n")
        editor.command("run_cell")
        editor.until_ended()
        screen.until(b"a=p,U=1", count=2)
    sent = [payload for keys, payload in pictures(screen.received) if keys["a"] == "t"]
    assert len(sent) == 2
    assert {base64.b64decode(payload)[-8:] for payload in sent} == {b"IEND\xaeB`\x82"}


def _png() -> bytes:
    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = part(b"IHDR", struct.pack(">IIBBBBB", 200, 100, 8, 0, 0, 0, 0))
    body = part(b"IDAT", zlib.compress(bytes(201 * 100)))
    return b"\x89PNG\r\n\x1a\n" + head + body + part(b"IEND", b"")
