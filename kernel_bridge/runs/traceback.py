"""Finds the failing line of a run's own source in the traceback that the kernel formatted.

Tracebacks are meant for people, and IPython changes their wording; each form is listed with the versions that
use it. The outermost cell frame is the run's own. Functions from earlier cells have other names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .pen import SGR

_CHAINS = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
# Each matches the start of one traceback entry, including the line number if it is there.
_CELL = re.compile(
    r"\s*(?P<name>"
    r"Cell In ?\[(?P<count>\d+)\]"  # IPython 8.5 and later
    r"|Input In ?\[(?P<input>\d+)\]"  # IPython 8.0 - 8.4
    r'|(?:File ")?<ipython-input-(?P<old>\d+)-[0-9a-f]+>"?'  # IPython 7 and before
    r'|(?:File "?)?[^\n"]*ipykernel_\d+[/\\]\d+\.py"?'  # ipykernel 6 with IPython 7
    r"|In +\[(?P<raw>\d+)\]"  # xeus-python's raw mode
    r")(?:(?:, line |:\nLine |:)(?P<line>\d+))?"
)
_MAGIC_BODY = re.compile(r'\s*(?:File )?"?<(?:timed exec|magic-timeit)>"?(?:, line |:)(?P<line>\d+)')
_TOKENIZER = re.compile(r'\s*File "?<tokenize>"?(?:, line |:)(?P<line>\d+)')
_ARROW = re.compile(r"^-+> (\d+)", re.MULTILINE)  # in the source lines of an entry


# 'File "a.py", line 3, in f' (Python itself), "File ~/a.py:3, in f(x)" (IPython 8 and later),
# "~/a.py in f(x)" with an arrow below (IPython 7)
_FILE = re.compile(
    r'\s*(?:File "(?P<quoted>[^"\n<]+)", line (?P<after>\d+)(?:, in (?P<name>[^\n(]+))?'
    r"|File (?P<path>[^\n<:]+):(?P<line>\d+)(?:, in (?P<where>[^\n(]+))?"
    r"|(?P<old>[~/][^\n:]*\.\w+) in (?P<what>[^\n(]+))"
)
_NAME = re.compile(r"[^\n]*?\bin (?P<name>[^\n(]+)")


@dataclass(frozen=True, slots=True)
class Frame:
    """A traceback frame in a file, or in the code with an execution count."""

    line: int  # 0-based
    name: str  # of the function; empty if none is named
    path: str | None = None  # `~` is not expanded
    count: int | None = None


def frames(traceback: list[str]) -> list[Frame]:
    """The frames of the last exception that have a location, outermost first."""
    found = []
    for text in _last_of_chain([SGR.sub("", entry) for entry in traceback]):
        # Python's own traceback is one text with many frames; IPython's has one entry per frame.
        for entry in re.split(r'(?m)^(?=  File ")', text):
            if (frame := _cell_frame(entry) or _file_frame(entry)) is not None:
                found.append(frame)
    return found


def _cell_frame(entry: str) -> Frame | None:
    match = _CELL.match(entry)
    if match is None:
        return None
    count = match["count"] or match["input"] or match["old"] or match["raw"]
    number = match["line"] or ((arrow := _ARROW.search(entry)) and arrow[1])
    if count is None or number is None:
        return None
    name = _NAME.match(entry.partition("\n")[0], match.end())
    return Frame(int(number) - 1, _function(name and name["name"]), count=int(count))


def _file_frame(entry: str) -> Frame | None:
    match = _FILE.match(entry)
    if match is None:
        return None
    path = match["quoted"] or match["path"] or match["old"]
    number = match["after"] or match["line"] or ((arrow := _ARROW.search(entry)) and arrow[1])
    if number is None:
        return None
    return Frame(int(number) - 1, _function(match["name"] or match["where"] or match["what"]), path=path)


def _function(name: str | None) -> str:
    name = (name or "").strip()
    return "" if name.startswith("<module>") else name


def error_line(traceback: list[str], execution_count: int | None, source: str) -> int | None:
    """The 0-based line in `source` of its deepest frame; None: it has none.

    Of chained exceptions, only the last counts: the one that was raised.
    """
    entries = _last_of_chain([SGR.sub("", entry) for entry in traceback])
    lines = list(_own_lines(entries, execution_count, source))
    return lines[-1] if lines and 0 <= lines[-1] <= source.count("\n") else None


def _last_of_chain(entries: list[str]) -> list[str]:
    starts = [at + 1 for at, entry in enumerate(entries) if entry.strip() in _CHAINS]
    return entries[starts[-1] :] if starts else entries


def _own_lines(entries: list[str], execution_count: int | None, source: str) -> Iterator[int]:
    """The line of each frame in the source, outermost first."""
    body = source.lstrip()
    skipped = source.count("\n", 0, len(source) - len(body))  # IPython drops empty lines at the start
    is_magic = body.startswith("%%")
    own = None
    for entry in entries:
        if is_magic and (frame := _MAGIC_BODY.match(entry)):
            yield skipped + int(frame["line"])
        elif len(entries) == 1 and (frame := _TOKENIZER.match(entry)):  # the source cannot be tokenized
            yield skipped + int(frame["line"]) - 1
        elif frame := _CELL.match(entry):
            if own is None:
                # Off by one for a run outside the history, for %%capture, and for xeus-python after either.
                count = frame["count"] or frame["input"] or frame["old"] or frame["raw"]
                if count and execution_count is not None and abs(int(count) - execution_count) > 1:
                    return
                own = frame["name"]
            number = frame["line"] or ((arrow := _ARROW.search(entry)) and arrow[1])
            if frame["name"] != own or number is None:
                continue
            line = int(number) - 1
            if frame["raw"] is None:
                line += skipped
            if is_magic and "run_cell_magic(" not in entry:  # %%capture runs its body as a cell
                line += 1
            yield line
