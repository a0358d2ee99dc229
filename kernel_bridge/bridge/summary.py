"""The summary of a run in one line: its result, its state in words, its duration (pure).

Editors and terminals show an ended run on one line with this text (protocol.md, "Summary").
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..escapes import legible, plain
from ..protocol import objects as wire
from ..protocol.vocabulary import MimeBundle, Output
from ..runs.caption import caption, without_name

if TYPE_CHECKING:  # a handler is imported before a run is made
    from ..runs.events import Error
    from ..runs.run import Run

LONGEST = 80  # characters in a line
READ = 65_536  # characters of a result or message that are examined

MARKS = {
    "queued": "…",
    "running": "…",
    "ok": "✓",
    **dict.fromkeys(("error", "aborted", "cancelled", "lost"), "✗"),
}
"""The sign shown for each state."""

_BEGUN = {state: wire.Summary(text="", state=state) for state in ("queued", "running")}
INTERRUPTS = ("KeyboardInterrupt", "CancelledError", "InterruptException")  # of Python, asyncio and Julia


def summarize(run: "Run | wire.Run", outputs: Sequence[Output]) -> wire.Summary:
    """Summarise a run with these outputs. The text is empty if an ended run produced nothing."""
    state: str = run.state
    if (begun := _BEGUN.get(state)) is not None:
        return begun
    if state == "error":
        text = shortened_line(error_text(run))
    elif state == "ok":
        text = _first_line(*_result(outputs))
    else:
        text = shortened_line(legible(plain(run.reason or "")))
        if run.detached:
            text, state = "the code may still run in the kernel", "detached"
    if was_interrupted(run):
        state = "interrupted"
    seconds = _took_s(run)
    return wire.Summary(text=text, state=state, duration=None if seconds is None else duration(seconds))


def with_summary(run: wire.Run) -> wire.Run:
    """Return the run with its stored summary, or with a new one if its bridge was killed or stored none."""
    if run.summary is None:
        run.summary = summarize(run, run.outputs or [])
    return run


def was_interrupted(run: "Run | wire.Run") -> bool:
    """Whether an interrupt that a client asked for ended the run. R and Bash report such runs as aborted."""
    if run.interrupted and run.state == "error":
        return run.error is not None and _name(run.error) in INTERRUPTS
    return run.interrupted is True and run.state == "aborted"


def error_text(run: "Run | wire.Run") -> str:
    """The exception as Python prints it: name and message."""
    error = run.error
    if error is None:
        return "error"
    name = _name(error)
    value = error.evalue[:READ]
    text = f"{name}: {value}" if name and value else name or value or "error"
    return legible(plain(text))


def _name(error: "Error | wire.RunError") -> str:
    return error.ename.removeprefix("<class '").removesuffix("'>")  # xeus-python's


def duration(seconds: float) -> str:
    """A duration for people: 12 ms, 3.4 s, 2 min 5 s, 1 h 2 min."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    return f"{minutes // 60} h {minutes % 60} min"


def newest_line(outputs: Sequence[Output]) -> str:
    """The last line of text that a run wrote, such as a progress bar, or else the first line it displayed."""
    for output in reversed(outputs):
        if output["output_type"] == "stream":
            text = output["elided"]["tail"] if "elided" in output else output["text"][-4096:]
            lines = [line for line in plain(text).split("\n") if line.strip()]
            return shortened_line(lines[-1]) if lines else ""
    return shortened_line(plain(_result(outputs)[0]).partition("\n")[0])


def data_text(data: MimeBundle) -> str:
    """A MIME bundle as text, or if it has none, what it shows."""
    return _text_of(data, caption(data))


def _text_of(data: MimeBundle, named: str | None) -> str:
    rest = without_name(data)
    text = rest.get("text/plain", rest.get("text/markdown", rest.get("text/latex")))
    if isinstance(text, str) and not (named and text.startswith("<")):
        return text
    return named or f"[{next(iter(data), 'nothing')}]"


def shortened_line(text: str) -> str:
    """The text on one line, cut to LONGEST characters."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _took_s(run: "Run | wire.Run") -> float | None:
    """How long an ended run took; None if it never ran or has not ended."""
    if run.started_at is None or run.ended_at is None:
        return None
    ended, started = (datetime.fromisoformat(time) for time in (run.ended_at, run.started_at))
    return max((ended - started).total_seconds(), 0.0)


def _result(outputs: Sequence[Output]) -> tuple[str, bool]:
    """What was displayed last, or else the stream text, and whether it was cut. At most READ characters."""
    for output in reversed(outputs):
        if output["output_type"] == "execute_result" or output["output_type"] == "display_data":
            data = output["data"]
            text = caption(data) or _text_of(data, None)
            return text[:READ], len(text) > READ
    parts, room, more = [], READ, False
    for output in outputs:
        if output["output_type"] == "stream":
            parts.append(output["text"][:room])
            room -= len(output["text"])
            more = more or "elided" in output
            if room < 0:
                return "".join(parts), True
    return "".join(parts), more


def _first_line(text: str, more: bool) -> str:
    """The first line, and the number of lines. `more`: `text` is only the beginning."""
    lines = [line for line in plain(text).split("\n") if line.strip()]
    if len(lines) < 2:
        return shortened_line("".join(lines))
    return f"{shortened_line(lines[0])} … ({len(lines)}{'+' if more else ''} lines)"
