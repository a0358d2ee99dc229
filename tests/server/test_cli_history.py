"""`kernel-bridge history`: past runs are listed, shown, run again, exported and deleted."""

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest

from tests.home import Home, private_home
from tests.server.command import BOUND_S, Terminal, open_terminal, run_command, write

pytestmark = pytest.mark.slow

SCRIPT = """\
# %% Table
import pandas as pd
pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
# %%
print("\\x1b[31mred\\x1b[0m")
1 / 0
"""
PICTURE = """\
from IPython.display import Image
import base64
png = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAB4AAAAoAQMAAADT3dhRAAAAA1BMVEUAAACnej3aAAAAFElEQVR42mP8z8Dwl4mBgY"
    "FhaBMAqAQCTKYs7zoAAAAASUVORK5CYII="
)
Image(png, format="png")
"""


@pytest.fixture(scope="module")
def ran() -> Iterator[Home]:
    """A home in which SCRIPT was run. Only the last test that uses it deletes runs."""
    with private_home() as home:
        write(home, "script.py", SCRIPT)
        assert run_command(home, "run", "script.py").code == 1
        yield home


def ids(home: Home, *arguments: str) -> list[str]:
    done = run_command(home, "history", "--json", *arguments)
    assert done.code == 0, done.stderr
    return [run["id"] for run in json.loads(done.stdout)["runs"]]


def test_runs_are_found(ran: Home) -> None:
    second, first = ids(ran)
    assert ids(ran, "--state", "error") == [second]
    assert ids(ran, "--state", "ok", "--state", "lost") == [first]
    assert ids(ran, "--since", "1h", "--file", "script.py") == [second, first]
    assert ids(ran, "--until", "yesterday") == []
    assert ids(ran, "--text", "PANDAS") == [first]
    kernel = json.loads(run_command(ran, "history", "--json").stdout)["runs"][0]["kernelId"]
    assert ids(ran, "--kernel", kernel[:8]) == [second, first]
    assert ids(ran, "--kernel", "none-such") == []
    done = run_command(ran, "history", "--until", "1h")
    assert done.stdout == "No runs match.\n"


def test_a_run_is_shown_with_its_output(ran: Home) -> None:
    second, first = ids(ran)
    newest = run_command(ran, "history", "show")
    assert (newest.code, newest.stderr) == (0, "")
    assert re.match(r"✗  error  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  .* m?s  script.py:5  Python 3", newest.stdout)
    assert 'print("\\x1b[31mred\\x1b[0m")\n1 / 0\n\nred\n' in newest.stdout
    assert "ZeroDivisionError: division by zero" in newest.stdout
    both = run_command(ran, "history", "show", first[:8], second)
    assert "   a  b\n0  1  x\n1  2  y\n" in both.stdout
    assert both.stdout.endswith(newest.stdout)
    (shown,) = json.loads(run_command(ran, "history", "show", first, "--json").stdout)["runs"]
    assert "text/html" in shown["outputs"][0]["data"]


def test_a_run_is_shown_in_colour_on_a_terminal(ran: Home) -> None:
    with open_terminal(ran, "history", "show") as terminal:
        assert terminal.end() == 0
        assert "\x1b[31mred" in terminal.raw.decode()
        assert "ZeroDivisionError" in terminal.text


def draw(terminal: Terminal) -> str:
    assert terminal.end() == 0
    return terminal.raw.decode(errors="replace")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"KITTY_WINDOW_ID": "1"}, "\x1b_Ga=T,f=100,q=2,m=0;iVBORw0KGgo"),
        ({"TERM_PROGRAM": "ghostty"}, "\x1b_Ga=T"),
        ({"TERM_PROGRAM": "iTerm.app"}, "\x1b]1337;File=inline=1;size=92:iVBORw0KGgo"),
        ({"TERM_PROGRAM": "iTerm.app", "TMUX": "x"}, "[image/png 30x40, 92 bytes]"),
        ({"KITTY_WINDOW_ID": "1", "NO_COLOR": "1"}, "[image/png 30x40, 92 bytes]"),
    ],
)
def test_images_use_the_terminals_own_protocol(
    home: Home, environment: dict[str, str], expected: str
) -> None:
    write(home, "picture.py", PICTURE + "# %%\nprint('after')")
    with open_terminal(home, "run", "picture.py", environment=environment) as terminal:
        drawn = draw(terminal)
        assert expected in drawn
        assert drawn.index(expected) < drawn.rindex("after")
    with open_terminal(home, "history", "show", ids(home)[1], environment=environment) as terminal:
        assert expected in draw(terminal)


@pytest.mark.parametrize(
    ("answer", "expected"), [("\x1b[?62;4;22c", "\x1bP"), ("\x1b[?62;22c", "[image/png 30x40")]
)
def test_a_terminal_that_reports_sixel_receives_it(home: Home, answer: str, expected: str) -> None:
    assert run_command(home, "run", write(home, "picture.py", PICTURE)).code == 0
    answers = {b"\x1b[c": answer, b"\x1b[16t": "\x1b[6;20;10t"}
    answered = dict.fromkeys(answers, 0)
    with open_terminal(home, "history", "show") as terminal:
        while terminal.read(BOUND_S):
            for question, reply in answers.items():
                while answered[question] < terminal.raw.count(question):
                    answered[question] += 1
                    terminal.press(reply)
        assert expected in draw(terminal)


def test_a_replaced_image_is_drawn_again_at_the_end(home: Home) -> None:
    source = (
        PICTURE.replace(
            "Image(png, format", "from IPython.display import display\nh = display(Image(png, format"
        )
        + ", display_id=True)\n"
    ).replace('"png")\n, ', '"png"), ')
    source += "for _ in range(3): h.update(Image(png + bytes([_]), format='png'))\nprint('end')"
    write(home, "picture.py", source)
    with open_terminal(home, "run", "picture.py", environment={"KITTY_WINDOW_ID": "1"}) as terminal:
        assert draw(terminal).count("\x1b_Ga=T") == 2


def test_a_run_is_run_again_on_its_kernel(home: Home) -> None:
    assert run_command(home, "start").code == 0
    write(home, "count.py", "n = globals().get('n', 0) + 1\nprint(n)\n")
    assert run_command(home, "run", "count.py", "--attach", "").code == 2
    kernel = json.loads(run_command(home, "kernels", "--json").stdout)["kernels"][0]["id"]
    assert run_command(home, "run", "count.py", "--attach", kernel).stdout == "1\n"
    (first,) = ids(home)
    again = run_command(home, "history", "rerun", first[:6])
    assert (again.code, again.stdout, again.stderr) == (0, "2\n", "")
    new = run_command(home, "history", "rerun", first, "--kernel", "python3", "--export", "out.ipynb")
    assert (new.code, new.stdout) == (0, "1\n")
    assert nbformat.read(home.work / "out.ipynb", as_version=4).cells[0].outputs[0].text == "1\n"
    assert len(ids(home, "--file", "count.py")) == 3
    assert run_command(home, "stop").code == 0
    home.check_clean()
    gone = run_command(home, "history", "rerun", first)
    assert (gone.code, gone.stdout) == (0, "1\n")


def test_runs_are_exported_from_the_history(ran: Home) -> None:
    second, _ = ids(ran)
    done = run_command(ran, "history", "export", "out.ipynb", "--run", second[:8])
    assert (done.code, done.stdout) == (0, "wrote out.ipynb (1 cell)\n")


def count(home: Home, table: str) -> Any:
    (path,) = home.path.glob("data/kernel-bridge/history.db")
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    finally:
        connection.close()


def test_runs_are_deleted(ran: Home) -> None:
    second, first = ids(ran)
    refused = run_command(ran, "history", "prune")
    assert (refused.code, "choose the runs to delete" in refused.stderr) == (2, True)
    refused = run_command(ran, "history", "prune", "--all")
    assert (refused.code, "confirm with --yes" in refused.stderr) == (2, True)
    with open_terminal(ran, "history", "prune", "--all") as terminal:
        terminal.see("permanently delete all runs? [y/N]")
        terminal.press("\r")
        assert terminal.end() == 0
    before = run_command(ran, "history", "--file", "other.py", "prune", "--all", "--yes")
    assert before.code == 2
    assert "--file must come after prune" in before.stderr
    for option in ("--until", "1h"), ("--since", "2099-01-01"):
        assert run_command(ran, "history", "prune", *option, "--yes").stdout == "deleted 0 runs\n"
    assert run_command(ran, "history", "prune", "--run", first[:8], "--yes").stdout == "deleted 1 run\n"
    assert ids(ran) == [second]
    assert run_command(ran, "history", "prune", "--all", "--yes").stdout == "deleted 1 run\n"
    assert [count(ran, table) for table in ("runs", "outputs", "chunks", "kernels")] == [0, 0, 0, 0]
    assert run_command(ran, "history").stdout == "No runs yet.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "zzzz"], "no run 'zzzz'; `kernel-bridge history` lists all runs"),
        (["rerun", "zzzz"], "no run 'zzzz'"),
        (["show"], "the history has no runs yet"),
        (["dance"], "invalid choice: 'dance'"),
        (["--state", "fine"], "invalid choice: 'fine'"),
        (["--since", "soon"], "expected a date or time"),
    ],
)
def test_a_failure_reports_its_reason(home: Home, arguments: list[str], message: str) -> None:
    done = run_command(home, "history", *arguments)
    assert done.code == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
