"""Compares the outputs of `kernel-bridge run` with nbclient's, for notebooks and scripts of other projects.

    python -m tests.compatibility.examples [FILE_OR_FOLDER ...]

By default: nbclient's own test notebooks, and the examples of matplotlib and seaborn. A script is compared
with the notebook that jupytext makes of it. Outputs are normalised as in nbclient's tests.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from tests.compatibility.sources import notebooks, scripts
from tests.home import Home, private_home

TIMEOUT_S = 60
REFERENCE = """
import sys, nbformat, nbclient
book = nbformat.read(sys.argv[1], 4)
client = nbclient.NotebookClient(
    book, kernel_name="python3", timeout=float(sys.argv[2]), interrupt_on_timeout=True, allow_errors=True,
    coalesce_streams=True,
)
try:
    client.execute(cwd=sys.argv[3])
finally:
    nbformat.write(book, sys.argv[1])
"""

DIFFERS = {
    "Autokill.ipynb": "the cell in which the kernel died has an error output that says so",
    "Check History in Memory.ipynb": "the kernel keeps IPython's history, as in an editor",
    "Disable Stdin.ipynb": "input() is allowed, and answered from stdin",
    "Skip Exceptions with Cell Tags.ipynb": "stderr sometimes comes before stdout that was printed earlier",
    "Output.ipynb": "ipywidgets' Output does not capture yet",
}
"""Differences that are known, by the file's name."""

_ADDRESS = re.compile(r"0x[0-9a-f]{7,}")
_INPUT = re.compile(r"ipykernel_\d+[/\\]\d+\.py")  # the file that a warning names
_MODEL = re.compile(r"\b[0-9a-f]{32}\b")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def differences(file: Path) -> list[str]:
    """The cells of a notebook or script whose outputs or execution counts differ from nbclient's.

    A cell that nbclient itself runs with other outputs the second time (random numbers, times) is left out.
    """
    timeout_s = 3 if file.name == "Interrupt.ipynb" else TIMEOUT_S
    with private_home() as home:
        out = home.work / "ours.ipynb"
        said = _run(home, file, "-m", "kernel_bridge", "run", file.name, "--allow-errors",
                    "--timeout", str(timeout_s), "--export", str(out))  # fmt: skip
        if not out.exists():
            return [f"no export: {said}"]
        ours, theirs = _code_cells(out), _reference(home, file, timeout_s)
        if len(ours) != len(theirs):
            return [f"{len(ours)} cells with code, not {len(theirs)}"]
        found = {
            number: told for number in range(len(ours)) if (told := _differs(ours[number], theirs[number]))
        }
        again = _reference(home, file, timeout_s) if found else []
        return [
            f"cell {number + 1}: {told}"
            for number, told in found.items()
            if not _differs(again[number], theirs[number])
        ]


def _reference(home: Home, file: Path, timeout_s: int) -> list[Any]:
    """The code cells after nbclient has run them."""
    book = home.work / "theirs.ipynb"
    if file.suffix == ".ipynb":
        shutil.copy(file, book)
    else:
        nbformat.write(jupytext.read(file, fmt="py:percent"), book)
    _run(home, file, "-W", "ignore", "-c", REFERENCE, str(book), str(timeout_s), str(file.parent))
    return _code_cells(book)


def _run(home: Home, file: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", *arguments],  # -P: a collections.py beside the file is not imported
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=file.parent,
        env=home.environment | {"COLUMNS": "80", "LINES": "24", "PYTHONHASHSEED": "0"},
        text=True,
    )
    return done.stderr


def _code_cells(path: Path) -> list[Any]:
    """The cells with code; an empty one is never run."""
    book = nbformat.read(path, as_version=4)
    return [cell for cell in book.cells if cell.cell_type == "code" and cell.source.strip()]


def _differs(ours: Any, theirs: Any) -> str:
    if ours.source != theirs.source:
        return "other code"
    if ours.execution_count != theirs.execution_count:
        return f"execution count {ours.execution_count}, not {theirs.execution_count}"
    got, expected = ([_normal(output) for output in cell.outputs] for cell in (ours, theirs))
    return "" if got == expected else f"{got!r:.600}\n   not {expected!r:.600}"


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _normal(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_normal(part) for part in value]
    if isinstance(value, str):
        for pattern in (_ANSI, _ADDRESS, _INPUT, _MODEL):
            value = pattern.sub("…", value)
    return value


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.compatibility.examples", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path)
    paths = parser.parse_args().paths
    files = [file for path in paths for file in _files(path)] if paths else [*notebooks(), *scripts()]
    differing = 0
    for number, file in enumerate(files, start=1):
        found = differences(file.resolve())
        known = DIFFERS.get(file.name) if found else None
        differing += bool(found) and known is None
        told = f"differs, as known: {known}" if known else "; ".join(found) or "equal"
        print(f"[{number}/{len(files)}] {file.name}: {told}", flush=True)
    print(f"{len(files)} files, {differing} with unknown differences")
    sys.exit(bool(differing))


def _files(path: Path) -> list[Path]:
    return sorted([*path.rglob("*.ipynb"), *path.rglob("*.py")]) if path.is_dir() else [path]


if __name__ == "__main__":
    main()
