"""Real editors on a terminal, without a plugin, with the configuration that the documentation shows."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.home import Home
from tests.server.command import Terminal, open_terminal

BIN = Path(sys.executable).parent
ENTER, ESCAPE = "\r", "\x1b"


@contextmanager
def screen(home: Home, command: list[str], text: str) -> Iterator[Terminal]:
    """Opens a.py with this text in an editor that finds `kernel-bridge` on PATH."""
    path = home.work / "a.py"
    path.write_text(text, encoding="utf-8")
    environment = {"PATH": f"{BIN}:{home.environment['PATH']}", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    with open_terminal(
        home, str(path), command=command, columns=140, rows=40, environment=environment
    ) as terminal:
        yield terminal
