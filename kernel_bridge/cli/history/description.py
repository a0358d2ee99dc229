"""A run in a few words."""

from datetime import UTC, datetime
from pathlib import Path

from ...bridge.documents import path_of
from ...protocol.objects import Run
from ..terminal.observer import format_seconds

ID_LENGTH = 8  # of a run's id as it is shown; `export --run` takes it
MARKS = {"ok": ("✓", "green"), "error": ("✗", "red"), "running": ("…", "cyan"), "queued": ("…", "dim")}


def uri_of(file: str) -> str:
    """The URI of a file that a person names."""
    return Path(file).expanduser().absolute().as_uri()


def local_time(time: str) -> str:
    """A time of the wire as a person reads it, in the local zone."""
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def took(run: Run) -> str:
    """How long it has taken, by now if it runs; "" if it never ran."""
    if run.started_at is None:
        return ""
    end = datetime.fromisoformat(run.ended_at) if run.ended_at else datetime.now(UTC)
    return format_seconds((end - datetime.fromisoformat(run.started_at)).total_seconds())


def file_of(run: Run) -> str:
    """Where it came from: the file's name and line."""
    if run.text_document is None:
        return ""
    path = path_of(run.text_document.uri)
    name = path.name if path is not None else run.text_document.uri
    return f"{name}:{run.range.start.line + 1}" if run.range is not None else name
