"""`kernel-bridge run FILE -- ARGUMENTS` prints and returns what `python FILE ARGUMENTS` does."""

import json
import re
import subprocess
import sys

import pytest

from tests.home import Home
from tests.server.command import BOUND_S, CTRL_C, Completed, open_terminal, run_command, write

pytestmark = pytest.mark.slow

LIKE_A_PROGRAM = '''\
"""A program in cells."""
import argparse
import atexit
import sys
import threading
import time

# %%
print(__file__.rsplit("/", 1)[-1], sys.argv[1:], __name__, __doc__)
parser = argparse.ArgumentParser()
parser.add_argument("--n", type=int, default=2)
print(parser.parse_args().n)

# %%
def late():
    for n in range(3):
        time.sleep(0.2)
        print("late", n)
threading.Thread(target=late).start()
atexit.register(print, "at exit")

# %%
sys.exit(0)

# %%
print("never")
'''
PROGRAMS = {
    "the case": (LIKE_A_PROGRAM, ["--n", "7"]),
    "a usage error": (LIKE_A_PROGRAM, ["--n", "seven"]),
    "where it is": (
        "import os, sys\nprint(sys.argv, os.path.abspath(__file__) == __file__, sys.path[0], os.getcwd())\n"
        "print(open('data.txt').read())",
        ["--", "-x", "a b", "", "ä"],
    ),
    "a message": ("import sys\nprint('a', end='')\nsys.exit('what failed')", []),
    "an exit in nested code": (
        "import warnings\nwarnings.simplefilter('error')\n"
        "def stop(code):\n    raise SystemExit(code)\ntry:\n    stop(125)\nfinally:\n    print('finally')",
        [],
    ),
    "exit()": ("if True:\n    exit(4)\n    print('never')", []),
    "an exit in a module": ("import module_that_quits", []),
    "os._exit": ("import os\nos._exit(3)", []),
    "executors": (
        "import concurrent.futures, time\npool = concurrent.futures.ThreadPoolExecutor(2)\n"
        "def work(n):\n    time.sleep(n / 5)\n    print(n)\nfor n in range(3):\n    _ = pool.submit(work, n)",
        [],
    ),
    "a busy thread": (  # it prints while the last cell ends, too
        "import threading, time\ndef late():\n    for n in range(2000):\n"
        "        print(n); time.sleep(0.0005)\n"
        "threading.Thread(target=late).start()",
        [],
    ),
    "atexit": (
        "import atexit, sys\ndef bad(): print('bad'); sys.exit(9)\natexit.register(print, 'first')\n"
        "atexit.register(bad); atexit.register(print, 'dropped'); atexit.unregister(print)\n"
        "@atexit.register\ndef last(): print('last', file=sys.stderr)\n",
        [],
    ),
    "processes": (
        "import multiprocessing\ndef work(n):\n    return n * n\n"
        "if __name__ == '__main__':\n    spawn = multiprocessing.get_context('spawn')\n"
        "    with spawn.Pool(1) as pool:\n        print(pool.map(work, [1, 2]))",
        [],
    ),
    "logging": (
        "import logging\nlogging.basicConfig(level='INFO')\nlogging.info('info')\n"
        "from logging.handlers import MemoryHandler\n"
        "kept = MemoryHandler(9, target=logging.StreamHandler())\nlogging.getLogger('x').addHandler(kept)\n"
        "logging.getLogger('x').warning('kept until the end')",
        [],
    ),
    "input": ("name = input('Name? ')\nprint('Hello', name)\nprint(input())", []),
    "the end of input": (
        "try:\n    while True:\n        print(input('> '))\nexcept EOFError:\n    print('the end')",
        [],
    ),
    "a warning": ("import warnings\nwarnings.warn('careful')", []),
    "an exception": ("print('before')\ndef fail():\n    return [][1]\nfail()", []),
}
STDIN = "Ada\nB\n"


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_runs_as_in_python(home: Home, name: str) -> None:
    source, arguments = PROGRAMS[name]
    (home.work / "code").mkdir()
    write(home, "code/prog.py", source)
    write(home, "code/module_that_quits.py", "quit(6)")
    write(home, "data.txt", "read")
    done = subprocess.run(
        [sys.executable, "code/prog.py", *arguments],
        input=STDIN,
        capture_output=True,
        text=True,
        cwd=home.work,
        env=home.environment,
        timeout=BOUND_S,
        check=False,
    )
    wanted = Completed(done.returncode, done.stdout, done.stderr)
    got = run_command(home, "run", "code/prog.py", "--", *arguments, stdin=STDIN)
    assert (got.code, got.stdout) == (wanted.code, wanted.stdout), got.stderr
    assert messages(got.stderr) == messages(wanted.stderr)
    home.check_clean()


def messages(stderr: str) -> list[str]:
    """What a program wrote to stderr, without tracebacks, places in files, and our own notes."""
    if "Traceback (most recent call last)" in stderr:
        return re.findall(r"^\w+(?:Error|Exit): .*$", stderr, re.MULTILINE)[-1:]
    text = re.sub(r"^\S+?:(\d+): ", r"FILE:\1: ", stderr, flags=re.MULTILINE)
    return [line for line in text.splitlines() if not line.startswith("DeadKernelError: ")]


def test_nothing_of_it_is_seen_but_what_the_program_printed(home: Home) -> None:
    source = (
        "print(len(In), Out, sorted(name for name in globals() if 'bridge' in name))\n"
        "import atexit, threading, time, sys\n"
        "threading.Thread(target=lambda: (time.sleep(1), print('late'))).start()\n"
        "atexit.register(print, 'at exit')\n"
        "# %%\nsys.exit('done')\n# %%\nprint('never')\n"
    )
    done = run_command(home, "run", write(home, "prog.py", source), "--export", "out.ipynb", "--", "--n", "7")
    assert (done.code, done.stderr) == (1, "done\n")
    cells = json.loads((home.work / "out.ipynb").read_text())["cells"]
    assert [cell["execution_count"] for cell in cells] == [1, 2, None]
    assert "".join(cells[0]["outputs"][0]["text"]) == "2 {} []\n"
    kinds = [
        (output["output_type"], output.get("name", output.get("ename"))) for output in cells[1]["outputs"]
    ]
    assert kinds == [("error", "SystemExit"), ("stream", "stderr"), ("stream", "stdout")]
    assert "".join(cells[1]["outputs"][2]["text"]) == "late\nat exit\n"
    runs = json.loads(run_command(home, "history", "--json").stdout)["runs"]
    assert [run["state"] for run in runs] == ["aborted", "error", "ok"]
    home.check_clean()


def test_the_wait_for_threads_is_bounded_and_can_be_interrupted(home: Home) -> None:
    source = (
        "import atexit, threading, time\nthreading.Thread(target=time.sleep, args=[100]).start()\n"
        "atexit.register(print, 'at exit')\nprint('started')\n"
    )
    write(home, "prog.py", source)
    bounded = run_command(home, "run", "prog.py", "--timeout", "2")
    assert (bounded.code, bounded.stdout) == (1, "started\n")
    assert "its threads or atexit handlers ran for more than 2 s (--timeout)" in bounded.stderr
    with open_terminal(home, "run", "prog.py") as terminal:
        terminal.see("waiting for threads")
        terminal.press(CTRL_C)
        terminal.see("at exit")
        assert terminal.end() == 130
    home.check_clean()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prog.jl", "--", "x"], "arguments after -- are for Python, and prog.jl is julia"),
        (["prog.py", "--attach", "1f", "--", "x"], "the arguments after -- can only be set for a new kernel"),
        (["prog.py", "--attach", "1f", "--cwd", "."], "--cwd can only be set for a new kernel"),
        (["prog.py", "--cwd", "none"], "--cwd: the folder none does not exist"),
    ],
)
def test_arguments_that_cannot_be_set(home: Home, arguments: list[str], message: str) -> None:
    write(home, "prog.py", "1")
    write(home, "prog.jl", "1")
    done = run_command(home, "run", *arguments)
    assert done.code == 2
    assert message in done.stderr


def test_a_notebook_runs_in_its_own_folder_and_takes_arguments(home: Home) -> None:
    (home.work / "books").mkdir()
    source = "import os, sys\nprint(os.path.basename(os.getcwd()), sys.argv, '__file__' in globals())"
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    python = {"kernelspec": {"name": "python3", "display_name": "Python", "language": "python"}}
    book = {"cells": [cell], "metadata": python, "nbformat": 4, "nbformat_minor": 4}
    write(home, "books/book.ipynb", json.dumps(book))
    done = run_command(home, "run", "books/book.ipynb", "--", "x")
    assert done.stdout == "books ['books/book.ipynb', 'x'] False\n"
    there = run_command(home, "run", "books/book.ipynb", "--cwd", ".")
    assert there.stdout == f"{home.work.name} ['books/book.ipynb'] False\n"
