"""`kernel-bridge run --detach`, and the commands on kernels that the recorder follows."""

import json
import time
from typing import Any

import pytest

from tests.home import Home
from tests.server.command import BOUND_S, open_terminal, run_command, write

pytestmark = pytest.mark.slow

STEPS = """\
# %% tags=["parameters"]
who = ""
# %%
import os, time
print("begun by", who, flush=True)
while not os.path.exists("on"): time.sleep(.01)
# %%
print("hi", input("Name? "))
# %%
print("end")
"""
FOREVER = "# %%\nprint('go')\nwhile True: pass\n# %%\nprint('never')\n"


def see(home: Home, *parts: str) -> list[str]:
    """The lines of `kernel-bridge kernels`, once they contain these texts."""
    until = time.monotonic() + BOUND_S
    while True:
        shown = run_command(home, "kernels").stdout
        if all(part in shown for part in parts):
            return shown.splitlines()
        assert time.monotonic() < until, shown


def recorder(home: Home) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(run_command(home, "doctor", "--no-start", "--json").stdout)
    found: dict[str, Any] = report["recorder"]
    return found


def states(home: Home) -> list[str]:
    """The states of all runs, oldest first."""
    runs = json.loads(run_command(home, "history", "--json").stdout)["runs"]
    return [run["state"] for run in reversed(runs)]


def test_a_detached_run_continues_without_the_command(home: Home) -> None:
    write(home, "steps.py", STEPS)
    done = run_command(home, "run", "steps.py", "--detach", "-p", "who", "us")
    assert (done.code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("running steps.py (5 cells) on kernel ")
    kernel = lines[0].split()[6]
    assert f"kernel-bridge watch {kernel} --from " in lines[1]
    lines = see(home, "runs steps.py:4 import os, time +2 lines for ", " · 2 queued")
    assert lines[1].endswith("the recorder")
    found = recorder(home)
    assert (found["supported"], len(found["kernels"])) == (True, 1)
    assert 1e6 < found["memoryBytes"] < 60e6

    write(home, "on", "")
    see(home, "waits for input: Name?")
    write(home, "tail.py", "print('tail')")
    with open_terminal(home, "run", "tail.py", "--attach", kernel) as terminal:
        terminal.see("Name?")
        terminal.press("Ada\n")
        assert terminal.end() == 0
        assert terminal.lines[:2] == ["Name? Ada", "tail"]
    assert states(home) == ["ok"] * 6
    shown = run_command(home, "export", "all.md", "--kernel", kernel)
    assert shown.code == 0
    text = (home.work / "all.md").read_text(encoding="utf-8")
    assert [part for part in ("begun by us", "hi Ada", "end", "tail") if part not in text] == []
    assert run_command(home, "stop").code == 0
    assert "pid" not in recorder(home)
    home.check_clean()


def test_commands_leave_a_recorded_kernel_recorded(home: Home) -> None:
    kernel = json.loads(run_command(home, "start", "--json").stdout)
    write(home, "forever.py", FOREVER)
    for command, ended in (("interrupt", ["error", "cancelled"]), ("restart", ["lost", "cancelled"])):
        done = run_command(home, "run", "forever.py", "--detach", "--json", "--attach", kernel["id"])
        runs = json.loads(done.stdout)["runs"]
        assert [run["kernelId"] for run in runs] == [kernel["id"]] * 2
        see(home, "runs forever.py:2 print('go') +1 line", "1 queued")
        assert run_command(home, command).code == 0
        assert states(home)[-2:] == ended
        assert see(home)[1].endswith("the recorder")
        record = json.loads((home.runtime / "kernel-bridge" / f"{kernel['id']}.json").read_text())
        assert (record["recorded"], record["keep_alive"]) == (True, True)
        assert record["history"] is not None
    assert run_command(home, "stop").code == 0
    home.check_clean()


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--timeout", "3"], "--timeout needs; `kernel-bridge interrupt` interrupts it"),
        (["--export", "out.md"], "--export needs; once it has run, `kernel-bridge export OUT"),
    ],
)
def test_options_that_wait_are_refused(home: Home, options: list[str], part: str) -> None:
    write(home, "one.py", "1")
    done = run_command(home, "run", "one.py", "--detach", *options)
    assert (done.code, done.stdout) == (2, "")
    assert part in done.stderr
