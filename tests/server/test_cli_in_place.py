"""`kernel-bridge run --in-place`: outputs are written into the notebook, and nothing else in it changes."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.home import Home
from tests.server.command import run_command, start_command, write

pytestmark = pytest.mark.slow

Json = dict[str, Any]

OLD = {"output_type": "stream", "name": "stdout", "text": ["old\n"]}


def cell(source: str, **members: Any) -> Json:
    return {
        "metadata": {"é": 1, "execution": {"iopub.status.idle": "then"}},
        "cell_type": "code",
        "outputs": [OLD],
        "execution_count": None,
        "source": [source],
    } | members


def notebook(*cells: Json) -> Json:
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"vendor": [1, {}], "kernelspec": spec}
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": [*cells]}


def text_of(output: Json) -> str:
    return "".join(output.get("text") or output.get("ename") or output["data"]["text/plain"])


def texts(path: Path) -> list[list[str]]:
    """The texts of the outputs of each code cell in a valid notebook."""
    read = json.loads(path.read_bytes().decode("utf-8-sig"))
    nbformat.validate(read)
    return [list(map(text_of, cell["outputs"])) for cell in read["cells"] if cell["cell_type"] == "code"]


def git(home: Home, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@b", "-c", "core.autocrlf=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=home.work, capture_output=True, check=True)
    return done.stdout.decode()


@pytest.mark.parametrize(
    ("style", "mark", "newline"),
    [
        ({"indent": 1, "ensure_ascii": False}, "", "\n"),
        ({"indent": "\t", "separators": (",", ":")}, "\ufeff", "\r\n"),
    ],
)
def test_a_diff_shows_only_outputs(home: Home, style: Json, mark: str, newline: str) -> None:
    before = notebook(
        {"cell_type": "markdown", "source": "![a](attachment:a)", "attachments": {"a": {"image/png": "eA=="}},
         "metadata": {}},
        cell("print('é')\n2 * 3", outputs=[]),
        cell("", metadata={}),
        cell("import missing", outputs=[]),
        cell("print('never')", execution_count=7),
    )  # fmt: skip
    path = home.work / "a.ipynb"
    path.write_bytes((mark + json.dumps(before, **style).replace("\n", newline)).encode())
    git(home, "init", "-q")
    git(home, "add", "a.ipynb")
    git(home, "commit", "-qm", "before")
    done = run_command(home, "run", "a.ipynb", "--in-place")
    assert (done.code, done.stdout) == (1, "é\n6\n")
    assert texts(path) == [["é\n", "6"], ["old\n"], ["ModuleNotFoundError"], ["old\n"]]
    removed = [
        line[1:].strip().replace(" ", "")
        for line in git(home, "diff", "-U0").splitlines()
        if line.startswith("-")
    ]
    assert removed == ["--a/a.ipynb", *['"outputs":[],', '"execution_count":null,'] * 2]
    after = path.read_bytes().decode()
    assert after == mark + json.dumps(json.loads(after.removeprefix(mark)), **style).replace("\n", newline)
    once = path.read_bytes()
    done = run_command(home, "run", "a.ipynb", "--in-place", "--cell", "1")
    assert (done.code, path.read_bytes()) == (0, once)
    git(home, "checkout", "-q", "a.ipynb")
    restored = run_command(home, "export", "a.ipynb", "--file", "a.ipynb", "--document")
    assert (restored.code, path.read_bytes()) == (0, once)
    assert restored.stdout == "wrote a.ipynb (2 cells)\n"


def test_a_notebook_that_another_program_changed_is_kept(home: Home) -> None:
    changing = "import pathlib\na = pathlib.Path('a.ipynb')\nprint(a.write_text(a.read_text() + ' '))"
    write(home, "a.ipynb", json.dumps(notebook(cell(changing))))
    before = (home.work / "a.ipynb").read_text()
    done = run_command(home, "run", "a.ipynb", "--in-place")
    assert done.code == 2
    assert "a.ipynb was changed by another program meanwhile, so nothing was written" in done.stderr
    assert "`kernel-bridge export FILE --file FILE --document` writes them" in done.stderr
    assert (home.work / "a.ipynb").read_text() == before + " "
    assert run_command(home, "export", "a.ipynb", "--file", "a.ipynb", "--document").code == 0
    assert texts(home.work / "a.ipynb") == [[done.stdout]]


def test_a_killed_run_leaves_the_outputs_so_far(home: Home) -> None:
    going = "import time\nfor i in range(1000): print(i, flush=True); time.sleep(.1)"
    path = home.work / "a.ipynb"
    write(home, "a.ipynb", json.dumps(notebook(cell("print('first')"), cell(going), cell("print('never')"))))
    with start_command(home, "run", "a.ipynb", "--in-place") as process:
        assert process.stdout is not None
        while '"3\\n"' not in path.read_text():
            assert process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    first, second, third = texts(path)
    assert (first, third) == (["first\n"], ["old\n"])
    assert second[0].startswith("0\n1\n2\n3\n")


def test_what_cannot_be_written_in_place_does_not_run(home: Home) -> None:
    write(home, "a.ipynb", json.dumps(notebook(cell("print('ran')"))))
    write(home, "old.ipynb", json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": []}]}))
    write(home, "bad.ipynb", '{"cells": [\n{]}')
    refusals = {
        ("-",): "stdin is none; use --export OUT",
        ("a.py",): "a.py holds no outputs; use --export OUT",
        ("a.qmd",): "a.qmd holds no outputs; use --export OUT",
        ("a.ipynb", "--export", "b.ipynb"): "choose one of them",
        ("a.ipynb", "--resume"): "name the file that it wrote with --export OUT",
        ("a.ipynb", "-p", "x", "1"): "write a copy with --export OUT",
        ("old.ipynb",): "it is nbformat 3; write a new file, or save it in Jupyter first",
        ("bad.ipynb",): "not JSON: Expecting property name enclosed in double quotes at line 2",
        ("none.ipynb",): "No such file",
    }
    for arguments, message in refusals.items():
        done = run_command(home, "run", *arguments, "--in-place")
        assert (done.code, done.stdout) == (2, "")
        assert message in done.stderr
