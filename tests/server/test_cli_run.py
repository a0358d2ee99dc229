"""`kernel-bridge run` on pipes: its stdout, stderr and exit codes."""

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.home import Home
from tests.server.command import BOUND_S, run_command, start_command, write

CELLS = """\
# %% Numbers
print("one")
1 + 1
# %% [markdown]
# nothing to run
# %% Complaint
import sys
print("oops", file=sys.stderr)
# %%
print("three")
"""
GONE = "kernel-bridge: error: kernel 'gone' could not be started: the command '/no/python' was not found;"
BROKEN = """\
# %%
print("before")

1 / 0
# %%
print("after")
"""
NOTEBOOK: dict[str, Any] = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Title\n"]},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "source": ["x = 20\n", "x + 1"],
            "outputs": [],
            "execution_count": None,
        },
        {
            "cell_type": "code",
            "id": "c",
            "metadata": {"tags": ["raises-exception"]},
            "source": "1 / 0",
            "outputs": [],
            "execution_count": None,
        },
        {
            "cell_type": "code",
            "id": "d",
            "metadata": {},
            "source": "x + 2",
            "outputs": [],
            "execution_count": None,
        },
    ],
}


@pytest.mark.parametrize(
    ("arguments", "stdout", "stderr"),
    [
        ([], "one\n2\nthree\n", "oops\n"),
        (["--cell", "2"], "", "oops\n"),
        (["--lines", "2:3"], "one\n2\n", ""),
        (["--lines", "10"], "three\n", ""),
    ],
)
def test_the_chosen_code_runs(home: Home, arguments: list[str], stdout: str, stderr: str) -> None:
    done = run_command(home, "run", write(home, "cells.py", CELLS), *arguments)
    assert (done.code, done.stdout, done.stderr) == (0, stdout, stderr)
    home.check_clean()


def test_an_error_names_its_line_and_ends_the_run(home: Home) -> None:
    done = run_command(home, "run", write(home, "broken.py", BROKEN), "--export", "out.ipynb")
    assert (done.code, done.stdout) == (1, "before\n")
    assert "ZeroDivisionError" in done.stderr
    assert "broken.py:4: ZeroDivisionError: division by zero\n" in done.stderr
    assert "\x1b" not in done.stderr
    first, second = json.loads((home.work / "out.ipynb").read_text())["cells"]
    assert [output["output_type"] for output in first["outputs"]] == ["stream", "error"]
    assert (second["source"], second["outputs"], second["metadata"]) == (['print("after")'], [], {})


def test_an_error_that_only_kernels_raise_has_a_hint(home: Home) -> None:
    script = "import asyncio\nasync def main(): ...\nasyncio.run(main())\n"
    done = run_command(home, "run", write(home, "loop.py", script))
    assert done.code == 1
    assert done.stderr.splitlines()[-1].startswith(
        "hint: a kernel already runs an event loop; use `await main()`"
    )


def test_errors_can_be_allowed(home: Home) -> None:
    done = run_command(home, "run", write(home, "broken.py", BROKEN), "--allow-errors")
    assert (done.code, done.stdout) == (0, "before\nafter\n")


def test_a_notebook_runs_and_is_written(home: Home) -> None:
    write(home, "in.ipynb", json.dumps(NOTEBOOK))
    done = run_command(home, "run", "in.ipynb", "--export", "out.ipynb")
    assert (done.code, done.stdout) == (0, "21\n22\n")
    written = nbformat.read(home.work / "out.ipynb", as_version=4)
    nbformat.validate(written)
    assert [(cell.id, cell.source) for cell in written.cells] == [
        ("a", "# Title\n"),
        ("b", "x = 20\nx + 1"),
        ("c", "1 / 0"),
        ("d", "x + 2"),
    ]
    assert written.cells[1].outputs[0].data == {"text/plain": "21"}
    assert [cell.execution_count for cell in written.cells[1:]] == [1, 2, 3]
    assert written.cells[2].metadata.tags == ["raises-exception"]
    assert "iopub.status.busy" in written.cells[3].metadata.execution
    assert set(written.metadata) == {"kernelspec", "language_info"}


def test_code_comes_from_stdin(home: Home) -> None:
    done = run_command(home, "run", "-", stdin="import os\nos.getcwd()")
    assert (done.code, done.stdout) == (0, f"'{home.work}'\n")


@pytest.mark.parametrize(
    ("stdin", "code", "stdout"),
    [("Ada\nsecret\n", 0, "Name? Ada secret\n"), ("Ada\n", 1, "Name? "), ("", 1, "Name? ")],
)
def test_input_is_read_from_a_pipe(home: Home, stdin: str, code: int, stdout: str) -> None:
    script = "import getpass\nname = input('Name? ')\nprint(name, getpass.getpass())\n"
    done = run_command(home, "run", write(home, "ask.py", script), stdin=stdin)
    assert (done.code, done.stdout) == (code, stdout)
    if code != 0:
        asked = "" if stdin else " ('Name? ')"
        assert done.stderr == (
            f"ask.py:{3 if stdin else 2}: the code asked for input{asked}, but stdin has no more lines; "
            "pipe the answers in, or run this in a terminal\n"
        )


def test_what_the_kernel_proposes_is_printed(home: Home) -> None:
    long = write(home, "long.py", "\n".join(f"x = {number}" for number in range(60)))
    proposing = write(
        home, "proposing.py", f"# %%\nprint('shown')\n# %%\n%recall 1\n# %%\n%load {long}\n# %%\nprint?"
    )
    done = run_command(home, "run", proposing)
    head = "the kernel proposes as next input:\n"
    _, recalled, loaded = done.stderr.split(head)
    assert (done.code, recalled) == (0, "    print('shown')\n")
    assert loaded.splitlines()[0] == "    # %load long.py"
    assert loaded.splitlines()[-2:] == ["    x = 48", "    … and 11 more lines"]
    assert done.stdout.startswith("shown\n")
    assert "Prints the values to a stream" in done.stdout


@pytest.mark.parametrize(
    ("source", "stdout", "stderr"),
    [
        ("for i in range(3): print(f'\\r{i}', end='', flush=True)\nprint()", "2\n", ""),
        ("print('\\x1b[31mred\\x1b[0m')", "red\n", ""),
        (
            "from IPython.display import display\nh = display('a', display_id=True)\nh.update('b')",
            "'a'\n'b'\n",
            "",
        ),
        (
            "from IPython.display import Image\n"
            "png = b'\\x89PNG\\r\\n\\x1a\\n' + bytes(8) + (640).to_bytes(4) + (480).to_bytes(4)\n"
            "Image(png, format='png')",
            "[image/png 640x480, 24 bytes]\n",
            "",
        ),
        ("for i in range(200_000): print('x' * 9)", "xxxxxxxxx\n" * 200_000, ""),
    ],
)
def test_outputs_in_a_pipe_are_plain_and_complete(home: Home, source: str, stdout: str, stderr: str) -> None:
    done = run_command(home, "run", "-", stdin=source)
    assert (done.code, done.stderr) == (0, stderr)
    assert done.stdout == stdout


def test_json_lines_are_the_protocols_notifications(home: Home) -> None:
    done = run_command(home, "run", write(home, "cells.py", CELLS), "--json", "--cell", "1")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert {message["method"] for message in messages} == {
        "kernel-bridge/kernel",
        "kernel-bridge/run",
        "kernel-bridge/output",
    }
    states = [m["params"]["run"]["state"] for m in messages if m["method"] == "kernel-bridge/run"]
    assert states == ["queued", "running", "ok"]
    outputs = [m["params"] for m in messages if m["method"] == "kernel-bridge/output"]
    assert [output["seq"] for output in outputs] == list(range(1, len(outputs) + 1))
    assert outputs[-1]["changes"][0]["output"]["data"] == {"text/plain": "2"}
    assert done.code == 0


def broken_kernel(home: Home, name: str, argv: list[str]) -> None:
    folder = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / name
    folder.mkdir(parents=True)
    spec = {"argv": argv, "display_name": name, "language": "none"}
    (folder / "kernel.json").write_text(json.dumps(spec))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "missing.py"], 2, "missing.py does not exist"),
        (
            ["run", "cells.py", "--cell", "9"],
            2,
            "cells.py has no cell 9; it has 3 cells with code: 1 Numbers",
        ),
        (["run", "cells.py", "--cell", "0"], 2, "expected a whole number of at least 1, got '0'"),
        (["run", "cells.py", "--lines", "5:70"], 2, "cells.py has 11 lines; --lines 5:70 is past its end"),
        (["run", "cells.py", "--lines", "b:a"], 2, "expected A:B, two line numbers, got 'b:a'"),
        (["run", "cells.py", "--lines", "4"], 2, "cells.py has no code in lines 4:4"),
        (["run", "cells.py", "--kernel", "nope"], 2, "no kernelspec 'nope'; install the kernel"),
        (["run", "cells.txt"], 2, "cannot tell the language of cells.txt from its name; choose a kernel"),
        (["run", "bad.ipynb"], 2, "cannot run bad.ipynb: not JSON"),
        (["run", "cells.py", "--export", "cells.jl"], 2, "cells.jl exists; --overwrite replaces it"),
        (["run", "cells.py", "--export", "out.xyz"], 2, "the name 'out.xyz' has no known format; end it in"),
        (["export", "out"], 2, "the name 'out' has no known format"),
        (
            ["export", "out.pdf"],
            2,
            "export to out.ipynb, and convert that with `quarto render out.ipynb --to pdf`",
        ),
        (["run", "cells.py", "--export", "no/out.ipynb"], 2, "the folder no does not exist"),
        (["run", "cells.py", "--kernel", "ends"], 3, "it broke here"),
        (["run", "cells.py", "--kernel", "gone"], 3, GONE),
        (["run", "cells.jl"], 3, "no kernel for 'julia' is installed"),
        (["run", "cells.jl"], 3, "install one, or choose another kernel with --kernel"),
        (["run"], 2, "the following arguments are required: FILE"),
        (["dance"], 2, "invalid choice: 'dance'"),
        (["--stdio", "run", "x"], 2, "--stdio serves an editor and takes no command"),
    ],
)
def test_a_failure_reports_its_reason(home: Home, arguments: list[str], code: int, message: str) -> None:
    broken_kernel(home, "ends", ["python", "-c", "import sys; sys.exit('it broke here')"])
    broken_kernel(home, "gone", ["/no/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"])
    for name in ("cells.py", "cells.txt", "cells.jl"):
        write(home, name, CELLS)
    write(home, "bad.ipynb", "{")
    done = run_command(home, *arguments)
    assert done.code == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "traitlets" not in done.stderr
    home.check_clean()


def test_without_arguments_it_shows_the_main_commands(home: Home) -> None:
    shown = run_command(home)
    assert (shown.code, shown.stderr) == (0, "")
    for part in ("docs/index.md", "kernel-bridge run ", "kernel-bridge doctor", "kernel-bridge history"):
        assert part in shown.stdout


def test_a_kernel_that_dies_is_reported(home: Home) -> None:
    done = run_command(
        home,
        *("run", "-", "--export", "a.ipynb"),
        stdin="import os, time\nprint('last', flush=True)\ntime.sleep(.5)\nos.kill(os.getpid(), 9)",
    )
    error = "DeadKernelError: the kernel was killed by SIGKILL"
    assert (done.code, done.stdout, done.stderr) == (1, "last\n", error + "\n")
    (cell,) = json.loads((home.work / "a.ipynb").read_text())["cells"]
    assert [output["output_type"] for output in cell["outputs"]] == ["stream", "error"]
    assert cell["outputs"][1]["traceback"] == [error]


def test_log_options_are_accepted_anywhere(home: Home) -> None:
    for arguments in (["--log-level", "debug", "specs"], ["specs", "--log-level", "debug"]):
        assert run_command(home, *arguments).code == 0
    done = run_command(home, "run", "-", "--log-level", "debug", "--log-file", "log.txt", stdin="1")
    assert (done.code, done.stderr) == (0, "")
    assert (home.work / "log.txt").exists()
    refused = run_command(home, "specs", "--log-file", "no/log.txt")
    assert (refused.code, "cannot write the log file no/log.txt" in refused.stderr) == (2, True)


def test_closing_the_pipe_ends_the_run(home: Home) -> None:
    source = "import time\nwhile True: print('line', flush=True); time.sleep(.01)\n"
    write(home, "endless.py", source)
    for arguments in ([], ["--json"]):
        with start_command(home, "run", "endless.py", *arguments) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.stdout.close()
            assert process.wait(BOUND_S) == 141
        home.check_clean()


@pytest.mark.parametrize(
    "arguments",
    [["run", "cells.py"], ["run", "cells.py", "--json"], ["specs"], ["specs", "--json"], ["history"]],
)
def test_a_failed_write_is_an_error(home: Home, arguments: list[str]) -> None:
    write(home, "cells.py", CELLS)
    full = run_command(home, *arguments, prefix=["sh", "-c", 'exec "$0" "$@" >/dev/full'])
    assert full.code == 74
    assert full.stderr.endswith("kernel-bridge: error: cannot write the output: No space left on device\n")
    home.check_clean()


def test_the_streams_may_be_closed(home: Home) -> None:
    write(home, "cells.py", CELLS)
    closed = run_command(home, "run", "cells.py", prefix=["sh", "-c", 'exec "$0" "$@" <&- >&-'])
    assert (closed.code, closed.stderr) == (0, "oops\n")
    closed = run_command(home, "run", "cells.py", prefix=["sh", "-c", 'exec "$0" "$@" 2>&-'])
    assert (closed.code, closed.stdout) == (0, "one\n2\nthree\n")


def test_sigterm_leaves_no_kernel(home: Home) -> None:
    write(home, "endless.py", "print('going', flush=True)\nwhile True: pass\n")
    with start_command(home, "run", "endless.py") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"going\n"
        process.terminate()
        assert process.wait(BOUND_S) == 143
    home.check_clean()


def test_a_folder_whose_name_is_not_utf8(home: Home) -> None:
    folder = Path(os.fsdecode(os.fsencode(home.work) + b"/caf\xe9"))
    folder.mkdir()
    (folder / "x.py").write_text("import os, sys\nos.fsencode(os.path.basename(sys.path[0]))")
    inside = ["sh", "-c", 'cd "$(printf "caf\\351")" && exec "$0" "$@"']
    ran = run_command(home, "run", "x.py", "--export", "x.ipynb", prefix=inside)
    assert (ran.code, ran.stdout) == (0, "b'caf\\xe9'\n")
    nbformat.validate(nbformat.read(folder / "x.ipynb", as_version=4))
    lines = run_command(home, "run", "x.py", "--json", prefix=inside).stdout.splitlines()
    assert json.loads(lines[-1])["params"]["kernel"]["cwd"].endswith("caf\ufffd")
    exported = run_command(home, "export", "y.ipynb", "--json", prefix=inside)
    assert json.loads(exported.stdout)["path"].endswith("caf\ufffd/y.ipynb")
    home.check_clean()


@pytest.mark.parametrize("arguments", [["run", "x.py"], ["specs"], ["kernels"], ["history"], ["start"]])
def test_a_removed_folder(home: Home, arguments: list[str]) -> None:
    (home.work / "gone").mkdir()
    removed = run_command(home, *arguments, prefix=["sh", "-c", 'cd gone && rmdir "$PWD" && exec "$0" "$@"'])
    assert removed.code == 2
    assert removed.stderr == "kernel-bridge: error: the current folder was removed; change to another one\n"


def test_an_encoding_that_lacks_characters(home: Home) -> None:
    write(home, "x.py", "print('h\u00e9')\n")
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    assert run_command(home, "run", "x.py", environment=ascii_only).stdout == "h?\n"
    assert "print('h?')" in run_command(home, "history", environment=ascii_only).stdout


def test_an_unwritable_runtime_folder(home: Home) -> None:
    write(home, "x.py", "1\n")
    refused = run_command(home, "run", "x.py", environment={"JUPYTER_RUNTIME_DIR": "/proc/none/runtime"})
    assert refused.code == 3
    assert "connection file goes to /proc/none/runtime; make that folder writable" in refused.stderr
    assert "not found" not in refused.stderr


def test_json_replaces_half_a_character_in_a_source(home: Home) -> None:
    """Text in JSON and Python can contain a lone surrogate, which UTF-8 cannot encode."""
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": "'\ud83d'"}
    python = {"kernelspec": {"name": "python3", "display_name": "Python", "language": "python"}}
    book = {"cells": [cell], "metadata": python, "nbformat": 4, "nbformat_minor": 4}
    done = run_command(home, "run", write(home, "half.ipynb", json.dumps(book)), "--json")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    sources = {one["params"]["run"]["source"] for one in messages if one["method"] == "kernel-bridge/run"}
    assert (done.code, sources) == (0, {"'\ufffd'"}), done.stderr
