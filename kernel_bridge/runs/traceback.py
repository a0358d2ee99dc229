"""Where in its own source a run failed, read from the traceback that the kernel formatted.

Tracebacks are text for people and IPython's wording changes; each form is named with the versions that use
it. A frame of the run's source is told by its execution count; where a form has none, by the order.
"""

import re

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_CHAINED = re.compile(
    r"^(?:The above exception was the direct cause|During handling of the above exception)", re.MULTILINE
)
_FRAMES = re.compile(
    r"Cell In ?\[(?P<new>\d+)\], line (?P<new_line>\d+)"  # IPython 8.5 and later
    r"|Input In ?\[(?P<input>\d+)\], in (?:<cell line: (?P<input_line>\d+)>|[^\n]*)"  # IPython 8.0 - 8.4
    r"|<ipython-input-(?P<old>\d+)-[0-9a-f]+>(?: in |, line (?P<old_line>\d+))"  # IPython 7 and before
    r"|File \S*ipykernel_\d+[/\\]\d+\.py(?::(?P<file_line>\d+)|[\"']?, line (?P<quoted_line>\d+))"  # debugger names
)
_ARROW = re.compile(r"^-+> (\d+)", re.MULTILINE)


def error_line(traceback: list[str], execution_count: int | None, source: str) -> int | None:
    """The 0-based line within `source` of the deepest frame that lies in it; None: no frame does.

    Of chained exceptions the last one counts, which is the one that was raised.
    """
    text = _ANSI.sub("", "\n".join(traceback))
    text = text[max((match.end() for match in _CHAINED.finditer(text)), default=0) :]
    frames = list(_FRAMES.finditer(text))
    lines = source.count("\n") + 1
    for at in range(len(frames) - 1, -1, -1):
        frame = frames[at]
        count = frame["new"] or frame["input"] or frame["old"]
        if count is not None and execution_count is not None and int(count) != execution_count:
            continue
        number = frame["new_line"] or frame["old_line"] or frame["file_line"] or frame["quoted_line"]
        if number is None:  # older forms point with an arrow in the lines that follow
            end = frames[at + 1].start() if at + 1 < len(frames) else len(text)
            arrow = _ARROW.search(text, frame.end(), end)
            number = arrow[1] if arrow else frame["input_line"]
        if number is not None and 1 <= int(number) <= lines:
            return int(number) - 1
    return None
