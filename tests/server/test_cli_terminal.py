"""`kernel-bridge` in a terminal: what the user sees, types and interrupts."""

import fcntl
import os
import sys
import termios
import time

import pytest

from tests.home import Home
from tests.server.command import BOUND_S, COMMAND, CTRL_C, CTRL_D, open_terminal, run_command, write

pytestmark = pytest.mark.slow


def test_cells_have_headers_and_the_status_line_is_erased(home: Home) -> None:
    source = "# %% Load\nprint('a', end='')\n# %%\nimport time; time.sleep(.3)\n'b'\n"
    with open_terminal(home, "run", write(home, "cells.py", source), columns=40) as terminal:
        assert terminal.end() == 0
        lines = terminal.lines
        assert [line.rstrip("─ ") for line in lines[:4]] == ["── 1/2 Load", "a", "── 2/2", "'b'"]
        assert lines[4].startswith("✓ 2 cells in ")
        assert len(lines) == 5
        assert all(len(line) < 40 for line in lines)
        assert "⠋ 2/2".encode() in terminal.raw
        assert not terminal.cursor_hidden


def test_a_progress_bar_stays_on_its_line(home: Home) -> None:
    source = (
        "import sys, time\n"
        "for i in range(4):\n"
        "    print(f'\\r{i + 1}/4 ' + '#' * 12 * i, end='', flush=True, file=sys.stderr)\n"
        "    time.sleep(.15)\n"
        "print()\n"
    )
    with open_terminal(home, "run", write(home, "bar.py", source), columns=30) as terminal:
        assert terminal.end() == 0
        assert "".join(terminal.lines[:-1]) == "4/4 " + "#" * 36


def test_a_traceback_has_colours_unless_disabled(home: Home) -> None:
    write(home, "broken.py", "1 / 0\n")
    for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with open_terminal(home, "run", "broken.py", environment=environment) as terminal:
            assert terminal.end() == 1
            assert (b"\x1b[31m" in terminal.raw or b"\x1b[0;31m" in terminal.raw) == coloured
            assert "broken.py:1: ZeroDivisionError: division by zero" in terminal.text
            assert "✗ ZeroDivisionError after" in terminal.text


def test_input_is_typed_and_passwords_are_not_shown(home: Home) -> None:
    source = "import getpass\nprint('hi', input('Name? '))\nprint(len(getpass.getpass()))\n"
    with open_terminal(home, "run", write(home, "ask.py", source), "--export", "out.md") as terminal:
        terminal.see("Name?")
        terminal.press("Ada\n")
        terminal.see("Password:")
        terminal.press("hidden\n")
        assert terminal.end() == 0
        assert terminal.lines[:4] == ["Name? Ada", "hi Ada", "Password:", "6"]
        assert b"hidden" not in terminal.raw
    assert "```\nName? Ada\nhi Ada\n6\n```" in (home.work / "out.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("keys", "code", "said"),
    [
        (CTRL_D, 1, "the code asked for input ('Name? '), but got the end of it (Ctrl-D)"),
        (CTRL_C, 130, "KeyboardInterrupt"),
    ],
)
def test_input_can_be_refused(home: Home, keys: str, code: int, said: str) -> None:
    with open_terminal(home, "run", write(home, "ask.py", "input('Name? ')")) as terminal:
        terminal.see("Name?")
        terminal.press(keys)
        assert terminal.end() == code
        assert said in terminal.text
    home.check_clean()


def test_ctrl_c_interrupts_the_kernel(home: Home) -> None:
    source = "# %%\nprint('going')\nwhile True: pass\n# %%\nprint('never')\n"
    with open_terminal(home, "run", write(home, "loop.py", source), "--export", "out.ipynb") as terminal:
        terminal.see("going")
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert "loop.py:3: KeyboardInterrupt" in terminal.text
        assert "1 not run" in terminal.text
        assert "wrote out.ipynb (2 cells)" in terminal.text
        assert "Traceback" in terminal.text
    home.check_clean()


def test_ctrl_c_twice_ends_everything(home: Home) -> None:
    source = (
        "import signal, time\n"
        "signal.signal(signal.SIGINT, lambda *_: print('no', flush=True))\n"
        "print('going', flush=True)\n"
        "while True: time.sleep(.1)\n"
    )
    with open_terminal(home, "run", write(home, "stubborn.py", source)) as terminal:
        terminal.see("going")
        terminal.press(CTRL_C)
        terminal.see("\nno")
        began = time.monotonic()
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert time.monotonic() - began < 10
    home.check_clean()


def test_ctrl_c_while_the_kernel_starts(home: Home) -> None:
    with open_terminal(home, "run", write(home, "one.py", "1")) as terminal:
        terminal.see("starting")
        terminal.press(CTRL_C)
        assert terminal.end() == 130
    home.check_clean()


def test_tables_fit_a_narrow_terminal(home: Home) -> None:
    for command in ("specs", "doctor"):
        with open_terminal(home, command, columns=38, rows=80) as terminal:
            assert terminal.end() == 0
            assert all(len(line) <= 38 for line in terminal.lines)
            assert b"\x1b[" in terminal.raw


def until_read(pipe: int) -> None:
    """Wait until the other end has read everything written to the pipe."""
    end = time.monotonic() + BOUND_S
    while int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder):
        assert time.monotonic() < end, "nothing was read"
        time.sleep(0.01)


def test_ctrl_c_ends_waiting_for_the_user_or_a_pipe(home: Home) -> None:
    os.mkfifo(home.work / "slow.py")
    refused = run_command(home, "run", "slow.py")
    assert (refused.code, "not a regular file; name a file, or pipe" in refused.stderr) == (2, True)
    piped = ["sh", "-c", 'exec "$@" < slow.py', "sh", *COMMAND]
    with (
        open_terminal(home, "run", "-", command=piped) as terminal,
        (home.work / "slow.py").open("wb", 0) as pipe,
    ):
        pipe.write(b"1")
        until_read(pipe.fileno())
        terminal.press(CTRL_C)  # it waits for more
        assert terminal.end() == 130
    assert run_command(home, "run", "-", stdin="1").code == 0
    for key, code in (CTRL_C, 130), (CTRL_D, 0):
        with open_terminal(home, "history", "prune", "--all") as terminal:
            terminal.see("[y/N]")
            terminal.press(key)
            assert terminal.end() == code
            assert "Traceback" not in terminal.text
    assert "1" in run_command(home, "history").stdout
    home.check_clean()
