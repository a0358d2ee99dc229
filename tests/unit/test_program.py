"""Code that runs in the kernel for `run`: the parts that need no kernel."""

import ast
from pathlib import Path

import pytest

from kernel_bridge.cli.run import inside


@pytest.mark.parametrize(
    ("code", "expected", "printed"),
    [
        (None, 0, ""),
        (0, 0, ""),
        (True, 1, ""),
        (300, 300, ""),
        ("", 1, "\n"),
        ("3", 1, "3\n"),
        ((1, "a"), 1, "(1, 'a')\n"),
    ],
)
def test_exit_code(capsys: pytest.CaptureFixture[str], code: object, expected: int, printed: str) -> None:
    assert inside._exit_code(SystemExit(code)) == expected
    assert capsys.readouterr().err == printed


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"""A."""\nimport os', "A."),
        ("import os\n'no'", None),
        ("", None),
        ("f'no'", None),
        ("!ls", None),
        ("\0", None),
    ],
)
def test_docstring(tmp_path: Path, source: str, expected: str | None) -> None:
    file = tmp_path / "prog.py"
    assert inside._docstring(str(file)) is None
    file.write_text(source)
    assert inside._docstring(str(file)) == expected


@pytest.mark.parametrize(
    ("last", "shown"),
    [
        ("atexit.register(print, 1)", False),
        ("sys.stdout.write('a')", False),
        ("x.atexit.register(print, 1)", True),
        ("register()", True),
        ("f()()", True),
        ("x", True),
    ],
)
def test_values_that_are_not_shown(last: str, shown: bool) -> None:
    tree = inside.Unshown().visit(ast.parse(f"import sys\n{last}"))
    assert isinstance(tree.body[-1], ast.Expr) == shown
    compile(tree, "cell", "exec")
