"""Code that runs in the kernel for `run`: the parts that need no kernel."""

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
def test_docstring(source: str, expected: str | None) -> None:
    assert inside._docstring(source) == expected
