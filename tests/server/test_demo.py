"""The demo works as documented, in a new user's home."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.home import Home

pytestmark = pytest.mark.slow

DEMO = Path(__file__).parents[2] / "docs" / "examples" / "demo.py"


def test_the_demo_runs_the_tour_and_writes_its_notebook(home: Home) -> None:
    demo = subprocess.run(
        [sys.executable, DEMO], cwd=home.work, env=home.environment, capture_output=True, text=True
    )
    assert (demo.returncode, demo.stderr) == (0, "")
    assert "tour.py:46  return sum(values) / len(values)" in demo.stdout
    notebook = nbformat.read(home.work / "tour.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert [cell.execution_count for cell in notebook.cells] == list(range(1, 9))
    home.check_clean()
