"""The active colours after a text, and the shortest correct sequence from one set to another."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.runs import pen as pens
from kernel_bridge.runs.pen import PLAIN, Pen

RED = {"foreground": "31"}
BOLD_RED = {"weight": "1", "foreground": "31"}


def check_after(text: str, expected: Pen, before: Pen = PLAIN) -> None:
    assert pens.after(before, text) == expected


def test_colours() -> None:
    check_after("a", PLAIN)
    check_after("a\x1b[31mb", RED)
    check_after("\x1b[1;31m", BOLD_RED)
    check_after("\x1b[01;031m", {"weight": "01", "foreground": "031"})
    check_after("\x1b[91;103m", {"foreground": "91", "background": "103"})
    check_after("\x1b[32m", {"foreground": "32"}, before=RED)


def test_resets() -> None:
    for reset in ("\x1b[m", "\x1b[0m", "\x1b[00m", "\x1b[;m"):
        check_after(reset, PLAIN, before=BOLD_RED)
    check_after("\x1b[0;31m", RED, before={"italic": "3"})
    check_after("\x1b[22m", RED, before=BOLD_RED)
    check_after("\x1b[39m", {"weight": "1"}, before=BOLD_RED)
    check_after("\x1b[39;49m", PLAIN)


def test_extended_colours() -> None:
    check_after("\x1b[38;5;1m", {"foreground": "38;5;1"})
    check_after("\x1b[48;2;1;4;7;3m", {"background": "48;2;1;4;7", "italic": "3"})
    check_after("\x1b[38:2::1:2:3;4:3m", {"foreground": "38:2::1:2:3", "underline": "4:3"})
    check_after("\x1b[58;5;9m", {"underline colour": "58;5;9"})
    check_after("\x1b[4:0m", PLAIN, before={"underline": "4"})


def test_broken_and_unknown_parameters_are_skipped() -> None:
    check_after("\x1b[38m", PLAIN)
    check_after("\x1b[38;5m", PLAIN)
    check_after("\x1b[38;2;1;2m", PLAIN)
    check_after("\x1b[38;9;31m", RED | {"strike": "9"})
    check_after("\x1b[10;73;31m", RED)


def check_change(old: Pen, new: Pen, expected: str) -> None:
    assert pens.change(old, new) == expected


def test_changes() -> None:
    check_change(RED, {"foreground": "31"}, "")
    check_change(PLAIN, BOLD_RED, "\x1b[1;31m")
    check_change(RED, BOLD_RED, "\x1b[1m")
    check_change(BOLD_RED, RED, "\x1b[0;31m")
    check_change(RED, PLAIN, "\x1b[0m")
    check_change(RED, {"foreground": "32"}, "\x1b[32m")


CODES = st.sampled_from(
    [
        "",
        "0",
        "1",
        "2",
        "3",
        "4",
        "4:3",
        "22",
        "23",
        "24",
        "31",
        "39",
        "41",
        "49",
        "38;5;1",
        "48;2;0;4;0",
        "38:5:2",
    ]
)
PENS = st.lists(CODES, max_size=6).map(lambda codes: pens.after(PLAIN, f"\x1b[{';'.join(codes)}m"))


@settings(max_examples=300)
@given(PENS, PENS)
def test_a_change_leads_to_the_pen(old: Pen, new: Pen) -> None:
    assert pens.after(old, pens.change(old, new)) == new
