"""Control sequences and hidden characters, which act on a terminal or deceive a reader (pure).

Foreign text comes in two kinds. The output of a run loses its control sequences (`plain`, `coloured`) and is
otherwise left as the kernel sent it. All other text (names, paths, messages, code) is made `legible`: each
character that a terminal would obey, or a reader would not see, is shown as an escape.
"""

import re

_CSI = r"\x1b\[[0-?]*[ -/]*[@-~]"  # ECMA-48, 5.4: colours and cursor movements
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SEQUENCE = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]*m)"
    rf"|{_CSI}"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC and other strings
    r"|\x1b[ -/]*[0-~]?"
    rf"|{_CONTROL.pattern}"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]{0,1000}\x1b?)?\Z")
# C0 and C1; characters that reorder text (UAX #9), have no width, or end a line invisibly; and lone
# surrogates, with which Python represents file names that are not UTF-8. The joiners U+200C and U+200D are
# kept: emoji and Persian need them.
_UNSEEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff"
)
_ANY_HIDDEN = re.compile(f"[{_UNSEEN}]")
_HIDDEN = re.compile(rf"\r\n|{_CSI}|[{_UNSEEN}]")
_HIDDEN_OR_BREAK = re.compile(rf"\r\n|{_CSI}|[{_UNSEEN}\n\t]")


def plain(text: str) -> str:
    """The text without control sequences and control characters; tabs and newlines are kept."""
    return _SEQUENCE.sub("", text) if _CONTROL.search(text) else text


def coloured(text: str) -> str:
    """Like `plain`, but colours (SGR sequences) are kept."""
    return _SEQUENCE.sub(lambda match: match["colour"] or "", text) if _CONTROL.search(text) else text


def finished(text: str) -> int:
    """The number of characters before an incomplete control sequence at the end, which waits for its rest."""
    match = _UNFINISHED.search(text, max(0, len(text) - 1000))
    return match.start() if match else len(text)


def legible(text: str) -> str:
    r"""The text with control and hidden characters shown as JSON escapes, such as `\u202e`.

    Tabs and line ends are kept. Colours and cursor movements are dropped, because harmless programs write
    them to stderr. JSON stays valid and keeps its values.
    """
    return _HIDDEN.sub(_shown, text) if _ANY_HIDDEN.search(text) else text


def one_line(text: str) -> str:
    r"""Like `legible`, for a name or a table cell: a tab becomes a space, and a line end is shown as `\n`."""
    return _HIDDEN_OR_BREAK.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    hidden = match[0]
    if hidden == "\t":
        return " "
    if hidden == "\n" or (hidden == "\r\n" and match.re is _HIDDEN_OR_BREAK):
        return r"\n"
    if hidden == "\r\n":
        return "\n"
    if len(hidden) > 1:  # CSI
        return ""
    units = hidden.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
