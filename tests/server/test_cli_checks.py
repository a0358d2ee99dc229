"""What `kernel-bridge run` checks before it starts a kernel, and how it refuses broken files."""

import json
import os
from pathlib import Path

import pytest

from tests.home import Home
from tests.server.command import run_command, write

pytestmark = pytest.mark.slow

CELL = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": None}
SPEC = {"name": "witness", "display_name": "Witness", "language": "python"}


def notebook(*cells: object) -> str:
    book = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": SPEC}, "cells": list(cells)}
    return json.dumps(book, indent=1)


def install_witness(home: Home) -> Path:
    """Install a kernel that only leaves a file when it starts. Return the file's path."""
    witness = home.path / "started"
    folder = Path(home.environment["JUPYTER_DATA_DIR"]) / "kernels" / "witness"
    folder.mkdir(parents=True)
    spec = {
        "argv": ["touch", str(witness), "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    return witness


def test_no_kernel_starts_if_the_export_would_fail(home: Home) -> None:
    witness = install_witness(home)
    write(home, "in.ipynb", notebook(CELL))
    write(home, "there.ipynb", "old")
    write(home, "out.py", "old")
    write(home, "report_files", "old")
    (home.work / "folder").mkdir()
    (home.work / "dangling.ipynb").symlink_to("nowhere")
    os.mkfifo(home.work / "fifo.ipynb")
    for out, message in {
        "folder": "folder is a folder; name a file in it",
        "none/out.ipynb": "the folder none does not exist; create it, or choose another OUT",
        "out.xyz": "the name 'out.xyz' has no known format",
        "there.ipynb": "there.ipynb exists; --overwrite replaces it",
        "dangling.ipynb": "dangling.ipynb exists; --overwrite replaces it",
        "fifo.ipynb": "'fifo.ipynb' could not be written: it is not a regular file",
        "report.md": "could not be written to 'report_files': it is not a folder",
        "out.auto": "out.py exists; --overwrite replaces it",
        f"{'x' * 300}.md": "could not be written: File name too long",
        "/proc/out.md": "'/proc/out.md' could not be written: ",  # not even by root
    }.items():
        done = run_command(home, "run", "in.ipynb", "--export", out)
        assert (done.code, done.stdout) == (2, ""), out
        assert done.stderr.startswith("kernel-bridge: error: "), out
        assert message in done.stderr
        assert done.stderr.count("\n") == 1, out
    broken = home.path / "broken"
    (broken / "nbconvert").mkdir(parents=True)
    (broken / "nbconvert" / "__init__.py").write_text("raise AttributeError('mistune is too old')")
    done = run_command(home, "run", "in.ipynb", "--export", "x.html", environment={"PYTHONPATH": str(broken)})
    assert (done.code, done.stdout) == (2, "")
    assert "needs nbconvert, which cannot be imported: mistune is too old" in done.stderr
    assert not witness.exists()
    assert run_command(home, "run", "in.ipynb").code == 3
    assert witness.exists()
    assert not list(home.work.glob(".*"))
