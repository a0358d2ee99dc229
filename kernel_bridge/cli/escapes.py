"""Which control sequences of a kernel's output may reach a terminal: colours, and nothing else."""

import re

_SEQUENCE = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]*m)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC and other strings
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]{0,1000}\x1b?)?\Z")


def clean(text: str, colours: bool) -> str:
    """The text without control characters but newline, tab and, where `colours`, SGR sequences."""
    if text.isprintable():
        return text
    return _SEQUENCE.sub(lambda match: (match["colour"] or "") if colours else "", text)


def finished(text: str) -> int:
    """How much of a text that may go on can be written: all but a control sequence it stops inside."""
    match = _UNFINISHED.search(text, max(0, len(text) - 1000))
    return match.start() if match else len(text)
