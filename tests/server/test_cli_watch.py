"""`kernel-bridge watch`: the runs of other programs, live and from the history."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from tests.home import Home
from tests.server.command import (
    BOUND_S,
    CTRL_C,
    JUPYTER_CLIENT,
    open_terminal,
    run_command,
    start_command,
    write,
)

pytestmark = pytest.mark.slow

COUNT = """\
import itertools, os, time
for number in itertools.count():
    print(number, flush=True)
    if number % 10 == 0:
        time.sleep(.002)
        if os.path.exists("enough"):
            break
"""


def read(pipe: IO[bytes] | None, until: bytes) -> bytes:
    """What the pipe has up to the line that contains the text."""
    assert pipe is not None
    text = b""
    for line in pipe:
        text += line
        if until in line:
            return text
    raise AssertionError(f"{until!r} was not written, but {text[-2000:]!r}")


@contextmanager
def watching(home: Home, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    with start_command(home, "watch", *arguments) as process:
        try:
            yield process
        finally:
            process.kill()  # if the test failed


def rest(pipe: IO[bytes] | None) -> bytes:
    assert pipe is not None
    return pipe.read()


def test_a_run_that_began_earlier_is_shown_whole(home: Home) -> None:
    kernel = json.loads(run_command(home, "start", "--json").stdout)
    write(home, "count.py", COUNT)
    with start_command(home, "run", "count.py", "--attach", kernel["id"]) as run:
        begun = read(run.stdout, b"200\n")
        with watching(home) as watch, watching(home, kernel["id"]) as second:
            shown = [read(one.stdout, b"00\n") for one in (watch, second)]
            write(home, "enough", "")
            printed = begun + rest(run.stdout)
            assert run.wait(BOUND_S) == 0
            assert run_command(home, "kernels").stdout.splitlines()[1].endswith("the recorder")
            assert run_command(home, "stop").code == 0
            for before, process in zip(shown, (watch, second), strict=True):
                assert before + rest(process.stdout) == printed
                assert process.wait(BOUND_S) == 0
    assert [int(line) for line in printed.split()] == list(range(len(printed.split())))
    home.check_clean()


def test_the_runs_of_all_programs_are_shown_and_not_disturbed(home: Home) -> None:
    kernel = json.loads(run_command(home, "start", "--json").stdout)
    for source in ("print('older')", "print('newer')\n1 / 0"):
        run_command(home, "run", "-", "--attach", kernel["id"], stdin=source)
    refused = run_command(home, "watch", "--from", "zz")
    assert (refused.code, "no run 'zz'; `kernel-bridge history` lists" in refused.stderr) == (2, True)

    with open_terminal(home, "watch", "--from", "last") as terminal:
        terminal.see("✗ ZeroDivisionError after ")
        subprocess.run(
            [sys.executable, "-c", JUPYTER_CLIENT, kernel["connectionFile"], "print(6 * 7)"],
            env=home.environment,
            capture_output=True,
            timeout=BOUND_S,
            check=True,
        )
        terminal.see("\n42\n✓ ")
        assert run_command(home, "restart").code == 0
        terminal.see("the kernel was restarted")
        run_command(home, "run", "-", "--attach", kernel["id"], stdin="print(6 * 8)")
        terminal.see("\n48\n✓ ")
        assert "── print('newer') +1 line ──" in terminal.text
        assert "older" not in terminal.text
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert "lost" not in terminal.text

    write(home, "long.py", "print('go', flush=True)\nimport time; time.sleep(100)\n")
    with watching(home, "--json", "--from", "last") as watch:
        met = read(watch.stdout, b'"48')
        with start_command(home, "run", "long.py", "--attach", kernel["id"]) as run:
            met += read(watch.stdout, b'"go')
            os.kill(
                json.loads(run_command(home, "kernels", "--json").stdout)["kernels"][0]["pid"], signal.SIGKILL
            )
            assert watch.wait(BOUND_S) == 1
            assert run.wait(BOUND_S) == 1
    messages = [json.loads(line) for line in met.splitlines()]
    runs = [one["params"]["run"] for one in messages if one["method"] == "kernel-bridge/run"]
    assert [run["state"] for run in runs] == ["ok", "running"]
    assert [one["params"]["seq"] for one in messages if one["method"] == "kernel-bridge/output"] == [1, 1]
    home.check_clean()
