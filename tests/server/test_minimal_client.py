"""The minimal client in docs/protocol.md matches the example file, is short, and works."""

import subprocess
import sys
from pathlib import Path

from tests.home import Home

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "docs" / "examples" / "minimal_client.py"


def check(home: Home, source: str, expected: str, error: str = "") -> None:
    """Assert that the client prints `expected` for a document with `source`, or fails with `error`."""
    document = home.work / "document.py"
    document.write_text(source, encoding="utf-8")
    client = subprocess.run(
        [sys.executable, CLIENT, document, sys.executable, "-m", "kernel_bridge", "--stdio"],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        env=home.environment,
        timeout=100,
        check=False,
    )
    assert client.stdout == expected, client.stderr
    assert error in client.stderr
    assert client.returncode == (1 if error else 0)
    home.check_clean()


def test_the_protocol_quotes_the_file() -> None:
    text = CLIENT.read_text(encoding="utf-8")
    assert f"```python\n{text}```" in (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 50


def test_it_prints_the_output_of_the_first_cell(home: Home) -> None:
    check(home, "print('tea 🍵')\n6 * 7\n# %%\nprint('not this')\n", "tea 🍵\n42\n")


def test_it_reports_an_error(home: Home) -> None:
    check(home, "", "", error="there is no code to run")
