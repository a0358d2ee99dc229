"""A run in a few words, for lists and headers."""

from datetime import UTC, datetime
from pathlib import Path

from ..bridge.documents import path_of
from ..bridge.summary import MARKS, duration
from ..protocol.objects import Run
from .terminal.tables import Text

ID_LENGTH = 8  # characters of a run's id that are shown; `export --run` accepts them
_COLOURS = {"ok": "green", "error": "red", "running": "cyan"}


def uri_of(file: str) -> str:
    """The URI of a file as the user typed it."""
    return Path(file).expanduser().absolute().as_uri()


def mark(run: Run) -> Text:
    """The state of a run as a coloured symbol."""
    return Text(MARKS[run.state], _COLOURS.get(run.state, "dim"))


def took(run: Run) -> str:
    """How long the run took, or has taken so far; "" if it never started."""
    if run.state == "running" and run.started_at is not None:
        return duration((datetime.now(UTC) - datetime.fromisoformat(run.started_at)).total_seconds())
    return (run.summary and run.summary.duration) or ""


def name_of(run: Run) -> str:
    """The name of the file that the run came from; "" if it came from no file."""
    if run.text_document is None:
        return ""
    path = path_of(run.text_document.uri)
    return path.name if path is not None else run.text_document.uri


def file_of(run: Run) -> str:
    """The name and line of the file that the run came from."""
    return f"{name_of(run)}:{run.range.start.line + 1}" if run.range is not None else name_of(run)


def first_line(run: Run) -> tuple[str, int]:
    """The first line of its code that is not blank, and the number of the others."""
    lines = [line.strip() for line in run.source.splitlines() if line.strip()]
    return lines[0] if lines else "", max(len(lines) - 1, 0)
