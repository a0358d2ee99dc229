"""A run in one line: what came of it, its state, its count, how long it took (pure)."""

import re
from datetime import datetime
from typing import Any

from ...escapes import legible, plain
from ...runs.run import Run

LONGEST = 80  # characters of what came of it


def summary(run: Run, marks: list[str]) -> str:
    """The run as it stands behind its last line; `marks` say why it may not hold any more."""
    parts = [_said(run)]
    if run.ended and run.execution_count is not None:
        parts.append(f"[{run.execution_count}]")
    if (seconds := duration_s(run)) is not None:
        parts.append(duration(seconds))
    return (f"({', '.join(marks)}) " if marks else "") + "  ".join(part for part in parts if part)


def _said(run: Run) -> str:
    """What came of a run, or what it shows while it runs."""
    outputs = run.live.outputs
    match run.state:
        case "queued":
            return "queued"
        case "running":
            return f"… {newest(outputs) or 'running'}"
        case "error":
            return f"✗ {shortened_line(error_text(run))}"
        case "ok":
            text, more = result_text(outputs), any("elided" in output for output in outputs)
            return f"→ {_first(text, more)}" if text else "✓"
    return f"✗ {run.state}{': ' + shortened_line(run.reason) if run.reason else ''}"


def error_text(run: Run) -> str:
    """What was raised, as Python says it: the name and the message."""
    error = run.error
    if error is None:
        return "error"
    name = error.ename.removeprefix("<class '").removesuffix("'>")  # xeus-python's
    text = f"{name}: {error.evalue}" if name and error.evalue else name or error.evalue or "error"
    return legible(plain(text))


def result_text(outputs: list[dict[str, Any]]) -> str:
    """What an ended run gives: the value of its last expression, else what it showed, else what it wrote."""
    for output in reversed(outputs):
        if output["output_type"] == "execute_result":
            return data_text(output["data"])
    for output in reversed(outputs):
        if output["output_type"] == "display_data":
            return data_text(output["data"])
    return "".join(output["text"] for output in outputs if output["output_type"] == "stream").strip("\n")


def data_text(data: dict[str, Any]) -> str:
    """A MIME bundle as text; a picture, and what has no text that says anything, by its type."""
    # IPython.display's classes have but their own name.
    if len(data) > 1 and re.fullmatch(r"<[\w.]+ object>", str(data.get("text/plain"))):
        data = {mime: value for mime, value in data.items() if mime != "text/plain"}
    picture = next((mime for mime in data if mime.startswith("image/")), None)
    text = data.get("text/plain", data.get("text/markdown", data.get("text/latex")))
    if picture is not None and (not isinstance(text, str) or text.startswith("<")):
        return f"[{picture}]"
    return text if isinstance(text, str) else f"[{next(iter(data), 'nothing')}]"


def duration_s(run: Run) -> float | None:
    """How long a run that ended has run."""
    if run.started_at is None or run.ended_at is None:
        return None
    ended, started = (datetime.fromisoformat(time) for time in (run.ended_at, run.started_at))
    return max((ended - started).total_seconds(), 0.0)


def duration(seconds: float) -> str:
    """A time as a person reads it: 12 ms, 3.4 s, 2 min 5 s."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds} s"


def _first(text: str, more: bool) -> str:
    """The first line, and how many there are; `more`: some are over the budget."""
    lines = [line for line in plain(text).split("\n") if line.strip()]
    if len(lines) < 2:
        return shortened_line("".join(lines))
    return f"{shortened_line(lines[0])} … ({len(lines)}{'+' if more else ''} lines)"


def newest(outputs: list[dict[str, Any]]) -> str:
    """The newest line of text, such as a progress bar."""
    for output in reversed(outputs):
        if output["output_type"] == "stream":
            text = output["elided"]["tail"] if "elided" in output else output["text"][-4096:]
            lines = [line for line in plain(text).split("\n") if line.strip()]
            return shortened_line(lines[-1]) if lines else ""
    return shortened_line(plain(result_text(outputs)).partition("\n")[0])


def shortened_line(text: str) -> str:
    """The text on one line, and not too much of it."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
