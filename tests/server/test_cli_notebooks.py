"""`kernel-bridge run --export`: the file during the run, with parameters, and resumed."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from tests.environments import lend_ipykernel, make_environment
from tests.home import Home
from tests.server.command import BOUND_S, run_command, start_command, write

pytestmark = pytest.mark.slow

Json = dict[str, Any]

SCRIPT = """\
# %% [markdown]
# # A *title*
# %% tags=["parameters"]
size = 2
name = "none"
# %%
print(name, size * 2)
# %%
{"a": size}
"""


def notebook(*sources: str, **cells: Json) -> str:
    """An .ipynb of code cells. Each keyword adds fields to the cell with that id."""
    raw = [
        {"cell_type": "code", "id": f"c{number}", "metadata": {}, "source": source, "outputs": [],
         "execution_count": None, **cells.get(f"c{number}", {})}
        for number, source in enumerate(sources)
    ]  # fmt: skip
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": raw})


def read(home: Home, name: str) -> Any:
    found = nbformat.read(home.work / name, as_version=4)
    nbformat.validate(found)
    return found


def texts(found: Any) -> list[str]:
    """The text that the code cells printed or returned."""
    return [
        "".join(
            output.get("text") or output.get("ename") or output["data"]["text/plain"]
            for output in cell.outputs
        )
        for cell in found.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.parametrize("name", ["a.ipynb", "a.py"])
def test_the_kernelspec_of_every_environment_means_that_of_the_project(home: Home, name: str) -> None:
    lend_ipykernel(make_environment(home.work / ".venv"))
    source = "import sys; print(sys.prefix)"
    header = "# ---\n# jupyter:\n#   kernelspec:\n#     name: python3\n# ---\n"
    write(home, name, notebook(source) if name.endswith(".ipynb") else header + source)
    assert run_command(home, "run", name).stdout == f"{home.work / '.venv'}\n"


@pytest.mark.parametrize("source", ["script.py", "in.ipynb"])
def test_parameters_are_set_after_their_defaults(home: Home, source: str) -> None:
    write(home, "script.py", SCRIPT)
    parameters = {"c0": {"metadata": {"tags": ["parameters"]}}}
    write(
        home,
        "in.ipynb",
        notebook('size = 2\nname = "none"', "print(name, size * 2)", '{"a": size}', **parameters),
    )
    done = run_command(
        home, "run", source, "-p", "size", "21", "-p", "name", "O'Neil", "--export", "out.ipynb"
    )
    assert (done.code, done.stdout, done.stderr) == (0, "O'Neil 42\n{'a': 21}\n", "")
    found = read(home, "out.ipynb")
    code = [cell for cell in found.cells if cell.cell_type == "code"]
    assert code[1].source == '# Parameters\nsize = 21\nname = "O\'Neil"'
    assert code[1].metadata.tags == ["injected-parameters"]
    assert found.metadata.papermill.parameters == {"size": 21, "name": "O'Neil"}
    write(home, "sizes.yaml", "# sizes\nsize: [1]\n")
    again = run_command(home, "run", "out.ipynb", "-f", "sizes.yaml", "--export", "out.ipynb", "--overwrite")
    assert again.stdout == "none [1, 1]\n{'a': [1]}\n"
    assert len(read(home, "out.ipynb").cells) == len(found.cells)


@pytest.mark.parametrize(
    ("arguments", "printed", "warning"),
    [
        (["-p", "name", "-eu", "-p", "size", "-Infinity"], "-eu -inf", ""),
        (
            ["--cell", "2", "-f", "p.json", "-y", "{size: 7}", "-b", "bmFtZTogYg==", "-r", "size", "-1"],
            "f -1-1",
            "",
        ),
        (["--lines", "7:7", "-y", "{size: 4, name: x}"], "x 8", ""),
        (["-p", "sise", "4"], "none 4", "the parameter sise is unknown: the cell tagged `parameters` does"),
    ],
)
def test_parameters_are_read_as_papermill_reads_them(
    home: Home, arguments: list[str], printed: str, warning: str
) -> None:
    write(home, "script.py", SCRIPT)
    write(home, "p.json", '{"name": "f", "size": 1}')
    done = run_command(home, "run", "script.py", *arguments)
    assert (done.code, done.stdout.splitlines()[0]) == (0, printed)
    assert warning in done.stderr if warning else done.stderr == ""


def test_a_notebook_that_names_nothing_runs_on_the_only_language(home: Home) -> None:
    write(home, "in.ipynb", '{"cells": [{"cell_type": "code", "source": "print(x)"}], "metadata": {}}')
    done = run_command(home, "run", "in.ipynb", "-p", "x", "True")
    assert (done.code, done.stdout) == (0, "True\n")
    assert done.stderr.splitlines() == [
        "warning: in.ipynb names no kernel; running it as python, the only language with a kernel",
        "warning: in.ipynb: no cell is tagged `parameters`, so the parameters are set before the first cell",
    ]
    spec = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / "other"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["other"], "display_name": "Other", "language": "other"}')
    refused = run_command(home, "run", "in.ipynb", "-p", "x", "True")
    assert (refused.code, refused.stdout) == (2, "")
    assert "in.ipynb names no kernel and no language; choose a kernel with --kernel" in refused.stderr


def test_the_markdown_of_a_script_is_kept(home: Home) -> None:
    write(home, "script.py", SCRIPT)
    assert run_command(home, "run", "script.py", "--export", "out.ipynb").code == 0
    found = read(home, "out.ipynb")
    assert (found.cells[0].cell_type, found.cells[0].source) == ("markdown", "# A *title*")
    assert texts(found) == ["", "none 4\n", "{'a': 2}"]


def test_running_an_exported_file_produces_the_same_export(home: Home) -> None:
    write(
        home,
        "script.py",
        SCRIPT + "# %%\nfrom IPython.display import display, HTML, JSON\n"
        "display(HTML('<b>x</b>'), JSON([1, 2]))\nimport sys\nprint('err', file=sys.stderr)\n"
        "# %%\nimport pandas as pd\npd.DataFrame({'a': [1, 2]})\n",
    )
    assert run_command(home, "run", "script.py", "--export", "out.ipynb").code == 0
    ours, again = read(home, "out.ipynb"), read(home, "out.ipynb")
    environment = os.environ.copy()
    os.environ.update(home.environment)
    try:
        nbclient.execute(again, cwd=str(home.work), kernel_name="python3", timeout=BOUND_S)
    finally:
        os.environ.clear()
        os.environ.update(environment)
    for mine, theirs in zip(ours.cells, again.cells, strict=True):
        assert mine.get("outputs") == theirs.get("outputs")
        assert mine.get("execution_count") == theirs.get("execution_count")
        assert set(mine.metadata.get("execution", {})) == set(theirs.metadata.get("execution", {}))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("out.py", ["# # A *title*", '# %% tags=["parameters"]', "print(name, size * 2)"]),
        ("out.md", ["# A *title*\n\n```python", "```\nnone 4\n```"]),
        ("out.html", ["<em>title</em>", "none 4"]),
    ],
)
def test_other_formats(home: Home, name: str, expected: list[str]) -> None:
    write(home, "script.py", SCRIPT)
    assert run_command(home, "run", "script.py", "--export", name).code == 0
    text = (home.work / name).read_text(encoding="utf-8")
    for part in expected:
        assert part in text


def test_a_skipped_cell_keeps_its_outputs(home: Home) -> None:
    had = {"output_type": "stream", "name": "stdout", "text": ["of\n", "old\n"]}
    metadata = {"tags": ["skip-execution"], "execution": {"timeout": 3}}
    skipped: Json = {"metadata": metadata, "outputs": [had, 3], "execution_count": 7}
    write(home, "in.ipynb", notebook("broken(", "print('new')", c0=skipped, c1={"outputs": "none"}))
    done = run_command(home, "run", "in.ipynb", "--export", "out.ipynb")
    assert (done.code, done.stdout) == (0, "new\n")
    found = read(home, "out.ipynb")
    assert texts(found) == ["of\nold\n", "new\n"]
    assert [cell.execution_count for cell in found.cells] == [7, 1]


def test_auto_chooses_the_extension_of_the_language(home: Home) -> None:
    write(home, "in.ipynb", notebook("print('ran')"))
    done = run_command(home, "run", "in.ipynb", "--export", "out.auto")
    assert (done.code, done.stdout) == (0, "ran\n")
    assert (home.work / "out.py").read_text().endswith("# %%\nprint('ran')\n")
    assert not (home.work / "out.auto").exists()
    for arguments in (["run", "in.ipynb", "--export", "out.auto"], ["export", "out.auto"]):
        refused = run_command(home, *arguments)
        assert (refused.code, refused.stdout) == (2, "")
        assert "out.py exists; --overwrite replaces it" in refused.stderr


def test_a_killed_run_keeps_its_output_so_far(home: Home) -> None:
    going = "import time\nfor i in range(1000): print(i, flush=True); time.sleep(.1)"
    write(home, "in.ipynb", notebook("print('first')", going, "print('never')"))
    out = home.work / "out.ipynb"
    with start_command(home, "run", "in.ipynb", "--export", "out.ipynb") as process:
        assert process.stdout is not None
        while not (out.exists() and '"3\\n"' in out.read_text()):
            assert process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    found = texts(read(home, "out.ipynb"))
    assert found[0] == "first\n"
    assert found[1].startswith("0\n1\n2\n3\n")
    assert found[2] == ""
    assert [path.name for path in home.work.iterdir() if path.suffix == ".tmp"] == []


def test_a_terminated_run_writes_its_output_so_far(home: Home) -> None:
    write(home, "in.ipynb", notebook("print('first', flush=True)\nwhile True: pass"))
    with start_command(home, "run", "in.ipynb", "--export", "out.ipynb") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"first\n"
        process.terminate()
        assert process.wait(BOUND_S) == 143
    assert texts(read(home, "out.ipynb")) == ["first\n"]
    home.check_clean()


def test_a_cell_that_takes_too_long_is_interrupted(home: Home) -> None:
    write(home, "in.ipynb", notebook("while True: pass", "print('after')"))
    done = run_command(home, "run", "in.ipynb", "--timeout", "1", "--export", "out.ipynb")
    assert (done.code, done.stdout) == (1, "")
    assert "interrupting cell: it ran for more than 1 s (--timeout)" in done.stderr
    assert texts(read(home, "out.ipynb")) == ["KeyboardInterrupt", ""]
    done = run_command(home, "run", "in.ipynb", "--timeout", "1", "--allow-errors")
    assert (done.code, done.stdout) == (0, "after\n")


def test_a_cell_that_ignores_the_interrupt_ends_the_run(home: Home) -> None:
    stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('go')\nwhile True: pass"
    write(home, "in.ipynb", notebook(stubborn, "print('after')"))
    done = run_command(home, "run", "in.ipynb", "--timeout", "1", "--export", "out.ipynb")
    assert (done.code, done.stdout) == (1, "go\n")
    assert done.stderr.splitlines() == [
        "warning: interrupting cell: it ran for more than 1 s (--timeout)",
        "warning: the kernel ignored the interrupt; stopping here",
        "the run is lost: the kernel was shut down",
    ]
    assert texts(read(home, "out.ipynb")) == ["go\n", ""]
    home.check_clean()


def test_a_failed_run_resumes_at_the_failed_cell(home: Home) -> None:
    cells = ("import os\nx = os.getpid()\nprint('once')", "print(y)", "print(os.getpid() == x)")
    write(home, "in.ipynb", notebook(*cells))
    failed = run_command(home, "run", "in.ipynb", "--export", "out.ipynb", "--keep-alive")
    assert (failed.code, failed.stdout) == (1, "once\n")
    write(home, "in.ipynb", notebook(cells[0], "y = 5; print(y)", cells[2]))
    resumed = run_command(home, "run", "in.ipynb", "--export", "out.ipynb", "--resume")
    assert (resumed.code, resumed.stdout, resumed.stderr) == (0, "5\nTrue\n", "")
    found = read(home, "out.ipynb")
    assert texts(found) == ["once\n", "5\n", "True\n"]
    assert [cell.execution_count for cell in found.cells] == [1, 3, 4]
    assert "kernel-bridge" not in found.metadata
    again = run_command(home, "run", "in.ipynb", "--export", "out.ipynb", "--resume")
    assert again.code == 2
    assert "names no kernel to resume on" in again.stderr
    new = run_command(home, "run", "in.ipynb", "--export", "out.ipynb", "--resume", "--kernel", "python3")
    assert (new.code, new.stdout) == (0, "")
    assert run_command(home, "stop").code == 0
    home.check_clean()


def test_a_run_cannot_resume_without_its_kernel(home: Home) -> None:
    write(home, "in.ipynb", notebook("print('once')", "1 / 0"))
    assert run_command(home, "run", "in.ipynb", "--export", "out.ipynb", "--keep-alive").code == 1
    before = (home.work / "out.ipynb").read_bytes()
    assert run_command(home, "stop").code == 0
    done = run_command(home, "run", "in.ipynb", "--export", "out.ipynb", "--resume")
    assert done.code == 2
    assert "the kernel that ran out.ipynb is gone" in done.stderr
    assert (home.work / "out.ipynb").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["in.ipynb", "--export", "folder"], "folder is a folder; name a file in it"),
        (["in.ipynb", "--resume"], "name the file that it wrote with --export OUT"),
        (["in.ipynb", "--export", "new.ipynb", "--resume"], "cannot resume new.ipynb: it does not exist"),
        (["in.ipynb", "--export", "bad.ipynb", "--resume"], "cannot resume bad.ipynb: not JSON"),
        (
            ["in.ipynb", "--export", "out.md", "--resume"],
            "--resume needs an .ipynb file, and out.md is not one",
        ),
        (["in.ipynb", "-p", "a b", "1"], "'a b' is not a valid parameter name"),
        (["in.ipynb", "-p", "-x", "1"], "'-x' is not a valid parameter name"),
        (["in.ipynb", "-f", "none.yaml"], "cannot read the parameters of none.yaml: No such file"),
        (["in.ipynb", "-f", "bad.ipynb"], "cannot read the parameters of bad.ipynb: line 1: expected"),
        (["in.ipynb", "-y", "[1]"], "expected names with values, such as `alpha: 0.5`, got '[1]'"),
        (["in.ipynb", "-b", "?"], "cannot read the parameters of -b: "),
        (["in.ipynb", "--timeout", "soon"], "expected a number of seconds above 0, got 'soon'"),
        (["bad.ipynb"], "cannot run bad.ipynb: not JSON: the file was cut off at line 1"),
        (["conflict.ipynb"], "line 2 is of a merge conflict, <<<<<<< HEAD"),
        (["old.ipynb"], "not a valid notebook of nbformat 3"),
        (["odd.ipynb"], "cell 2 at line 1 has a source that is neither text nor a list of lines"),
        (["main.sql", "--kernel", "python3", "-p", "a", "1"], "parameters are not supported in sql"),
    ],
)
def test_a_failure_reports_its_reason(home: Home, arguments: list[str], message: str) -> None:
    (home.work / "folder").mkdir()
    write(home, "in.ipynb", notebook("1"))
    write(home, "bad.ipynb", '{"cells": [{}')
    write(home, "conflict.ipynb", '{"cells": [\n<<<<<<< HEAD\n]}')
    write(home, "old.ipynb", '{"nbformat": 3, "worksheets": []}')
    write(
        home,
        "odd.ipynb",
        '{"cells": [{"cell_type": "code", "source": "1"}, {"cell_type": "code", "source": 1}]}',
    )
    write(home, "main.sql", "select 1")
    done = run_command(home, "run", *arguments)
    assert done.code == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_leaves_the_old_file(home: Home) -> None:
    write(home, "in.ipynb", notebook("print('x' * 3_000_000)"))
    write(home, "out.ipynb", "old")
    script = 'ulimit -f 1000; exec "$@"'
    done = run_command(
        home, "run", "in.ipynb", "--export", "out.ipynb", "--overwrite", prefix=["bash", "-c", script, "-"]
    )
    assert done.code == 2
    assert "could not be written" in done.stderr
    assert (home.work / "out.ipynb").read_text() == "old"
    assert not list(home.work.glob(".*.tmp"))


def test_the_history_restores_the_document(home: Home) -> None:
    write(home, "script.py", SCRIPT)
    assert run_command(home, "run", "script.py").code == 0
    for arguments in (["--file", "script.py", "--document"], ["--since", "1h"]):
        done = run_command(home, "export", "out.ipynb", "--overwrite", *arguments)
        assert (done.code, done.stderr) == (0, "")
    assert len(read(home, "out.ipynb").cells) == 3
    done = run_command(home, "export", "out.auto", "--file", "script.py", "--document", "--overwrite")
    assert done.stdout == "wrote out.py (4 cells)\n"
    assert Path(home.work / "out.py").read_text().endswith('# %%\n{"a": size}\n')
    refused = run_command(home, "export", "x.ipynb", "--document")
    assert (refused.code, "name it with --file" in refused.stderr) == (2, True)
    refused = run_command(home, "export", "x.ipynb", "--since", "soon")
    assert (refused.code, "expected a date or time" in refused.stderr) == (2, True)
