"""A run as one line, for hints, messages and the head of a hover."""

from ...bridge.summary import MARKS, newest_line, summarize
from ...plurals import count
from ...runs.run import Run


def summary(run: Run, marks: list[str]) -> str:
    """The run in one line, its state as a symbol; `marks` are the reasons why it may be outdated."""
    outputs = run.live.outputs
    brief = summarize(run, outputs)
    mark = MARKS[run.state]
    match run.state:
        case "queued":
            said = brief.state
        case "running":
            said = f"{mark} {newest_line(outputs) or brief.state}"
        case "ok":
            said = f"→ {brief.text}" if brief.text else mark
        case "error":
            said = f"{mark} {brief.text}"
        case _:
            said = f"{mark} {brief.state}{': ' if brief.text else ''}{brief.text}"
    number = f"[{run.execution_count}]" if run.ended and run.execution_count is not None else None
    parts = (said, number, brief.duration, _proposal(run))
    return (f"({', '.join(marks)}) " if marks else "") + "  ".join(part for part in parts if part)


def _proposal(run: Run) -> str | None:
    if run.next_input is None:
        return None
    return f"the kernel proposes {count(len(run.next_input.splitlines()), 'line')}"
