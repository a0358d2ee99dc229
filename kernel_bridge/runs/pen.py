"""How text is drawn: the active SGR attributes (ECMA-48 8.3.117), and the sequences that change them."""

import re
import sys

SGR = re.compile(r"\x1b\[([0-9;:]*)m")

Pen = dict[str, str]
"""Slot -> the SGR parameters that set it. Never modified in place."""

PLAIN: Pen = {}

_SLOTS = {
    **dict.fromkeys(("1", "2"), "weight"),
    "3": "italic",
    "20": "italic",
    **dict.fromkeys(("4", "21"), "underline"),
    **dict.fromkeys(("5", "6"), "blink"),
    "7": "reverse",
    "8": "conceal",
    "9": "strike",
    **dict.fromkeys(map(str, [*range(30, 39), *range(90, 98)]), "foreground"),
    **dict.fromkeys(map(str, [*range(40, 49), *range(100, 108)]), "background"),
    "53": "overline",
    "58": "underline colour",
}
_ENDS = {
    "22": "weight",
    "23": "italic",
    "24": "underline",
    "25": "blink",
    "27": "reverse",
    "28": "conceal",
    "29": "strike",
    "39": "foreground",
    "49": "background",
    "55": "overline",
    "59": "underline colour",
}


def after(pen: Pen, text: str, start: int = 0, end: int = sys.maxsize) -> Pen:
    """The pen after `text[start:end]`."""
    if text.find("\x1b", start, end) >= 0:
        for sequence in SGR.finditer(text, start, end):
            pen = apply(pen, sequence[1])
    return pen


def apply(pen: Pen, parameters: str) -> Pen:
    """The pen after one SGR sequence with these parameters ("1;31"). Unknown parameters are skipped."""
    codes = parameters.split(";")
    at = 0
    while at < len(codes):
        code = codes[at].partition(":")[0].lstrip("0") or "0"
        width = 1
        if code in ("38", "48", "58") and ":" not in codes[at]:  # 38;5;n and 38;2;r;g;b
            width = {"5": 3, "2": 5}.get(codes[at + 1] if at + 1 < len(codes) else "", 1)
            # A broken sequence must not consume codes that are appended later.
            if width == 1 or at + width > len(codes):
                at += width
                continue
        if code == "0":
            pen = PLAIN
        elif codes[at] == "4:0":
            pen = {other: value for other, value in pen.items() if other != "underline"}
        elif slot := _SLOTS.get(code):
            pen = {**pen, slot: ";".join(codes[at : at + width])}
        elif slot := _ENDS.get(code):
            pen = {other: value for other, value in pen.items() if other != slot}
        at += width
    return pen


def change(old: Pen, new: Pen) -> str:
    """The sequence that turns `old` into `new`; empty if they are equal."""
    if old == new:
        return ""
    if old.keys() - new.keys():
        return "\x1b[" + ";".join(["0", *new.values()]) + "m"
    return "\x1b[" + ";".join(value for slot, value in new.items() if old.get(slot) != value) + "m"
