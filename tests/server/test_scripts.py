"""Scripts as other tools write them run, on the command line and in an editor."""

import pytest

from tests.home import Home
from tests.server.client import Client
from tests.server.command import run_command, write
from tests.server.wire import ResponseError

MARKER_IN_STRING = """\
t = '''
# %% this is text
'''
print(t)
# %% the second cell
print("second")
"""

JUPYTEXT = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %%
# !echo shell

# %% language="bash"
# x=5
# echo "from bash $x"

# %%
# %env CASE_X=5
import os
print(os.environ.get("CASE_X"))

# %%
# %%time
print("timed")

# %%
# a line
1 / 0
"""

LATIN = '# -*- coding: latin-1 -*-\nprint("é")\n# %%\nx = """abc\n# %%\nprint(2)\n'


def test_scripts_run_as_other_tools_read_them(home: Home) -> None:
    done = run_command(home, "run", write(home, "strings.py", MARKER_IN_STRING))
    assert (done.code, done.stdout) == (0, "\n# %% this is text\n\nsecond\n")
    done = run_command(home, "run", write(home, "jupytext.py", JUPYTEXT))
    assert done.code == 1
    lines = done.stdout.splitlines()
    assert lines[:5] == ["shell", "from bash 5", "env: CASE_X=5", "5", "timed"]
    assert lines[5].startswith("CPU times"), done.stdout
    assert "jupytext.py:31: ZeroDivisionError" in done.stderr


def test_a_broken_script_is_reported_with_its_line(home: Home) -> None:
    (home.work / "latin.py").write_text(LATIN, encoding="latin-1")
    done = run_command(home, "run", "latin.py")
    assert (done.code, done.stdout) == (1, "é\n")
    assert "latin.py: line 4: a string begins here and is never closed" in done.stderr
    done = run_command(home, "run", write(home, "klingon.py", "# coding: klingon\n1\n"))
    assert (done.code, done.stdout) == (2, "")
    assert "line 1 names the encoding 'klingon', which Python does not know" in done.stderr


@pytest.mark.asyncio(loop_scope="module")
async def test_units_of_a_script_run_as_other_tools_read_them(shared: Client) -> None:
    async def outputs(name: str, text: str, unit: str, line: int) -> tuple[int, str]:
        document = shared.open(text, name=name)
        position = {"line": line, "character": 0}
        run = (await shared.runs(textDocument=document.identifier, unit=unit, position=position))[0]
        shared.close_document(document)
        error = run.get("error", {})
        return error.get("line", run["range"]["start"]["line"]), "".join(
            output.get("text", output.get("ename", "")) for output in run["outputs"]
        )

    assert await outputs("a.py", MARKER_IN_STRING, "cell", 1) == (0, "\n# %% this is text\n\n")
    assert await outputs("a.py", MARKER_IN_STRING, "cell", 4) == (5, "second\n")
    assert await outputs("b.py", JUPYTEXT, "cell", 13) == (13, "shell\n")
    assert await outputs("b.py", JUPYTEXT, "statement", 13) == (13, "shell\n")
    assert await outputs("b.py", JUPYTEXT, "cell", 16) == (15, "from bash 5\n")
    assert await outputs("b.py", JUPYTEXT, "line", 20) == (20, "env: CASE_X=5\n")
    assert await outputs("b.py", JUPYTEXT, "cell", 29) == (30, "ZeroDivisionError")
    with pytest.raises(ResponseError, match="no code to run"):
        await outputs("b.py", JUPYTEXT, "line", 15)
