"""Stream text is what a terminal would show, however the writes are split."""

import re
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.runs.row import LONGEST_ROW
from kernel_bridge.runs.terminal import WINDOW_ROWS, Terminal


def shown(*writes: str) -> str:
    """The text after the writes, assembled as by a reader of their results."""
    terminal, text = Terminal(), ""
    for write in writes:
        written = terminal.write(write)
        if written is not None:
            start, new, removed, removed_lines = written
            assert 0 <= start <= len(text)
            assert removed == len(text[start:].encode())
            assert removed_lines == text[start:].count("\n")
            text = text[:start] + new
        assert terminal.length == len(text)
    return text


def check(written: str | list[str], expected: str) -> None:
    """Assert the text after writing as given, in one piece, and character by character."""
    writes = [written] if isinstance(written, str) else written
    assert shown(*writes) == expected
    assert shown("".join(writes)) == expected
    assert shown(*"".join(writes)) == expected


# output of programs; tqdm's and rich's writes were captured


def test_plain_text_is_kept() -> None:
    check("", "")
    check("a\nb\n\n", "a\nb\n\n")
    check("tab\tbell\x07 form\x0cfeed", "tab\tbell\x07 form\x0cfeed")


def test_tqdm() -> None:
    check(
        [
            "\r  0%|             | 0/2 [00:00<?, ?it/s]",
            "\r 50%|5| 1/2 [00:00<00:00, 113359.57it/s]",
            "\r100%|##| 2/2 [00:00<00:00, 12511.52it/s]",
            "\r100%|###| 2/2 [00:00<00:00, 6853.44it/s]",
            "\n",
        ],
        "100%|###| 2/2 [00:00<00:00, 6853.44it/s]\n",
    )


def test_tqdm_pads_by_columns() -> None:
    check(["\rabcd: 0%", "\r漢字: 5%"], "漢字: 5%")
    check(["\rabcd 100%", "\r漢 1%    "], "漢 1%    ")


def test_tqdm_nested() -> None:
    check(
        [
            *("\router:   0%|      | 0/2 [00:00<?, ?it/s]", "\n"),
            *("\rinner:   0%|      | 0/2 [00:00<?, ?it/s]", "\x1b[A", "\n"),
            *("\rinner:  50%|5| 1/2 [00:00<00:00, 97541.9", "\x1b[A", "\n"),
            *("\rinner: 100%|#| 2/2 [00:00<00:00, 11554.5", "\x1b[A", "\n"),
            *("\r                                        ", "\x1b[A"),
            *("\router:  50%|5| 1/2 [00:00<00:00, 1975.65", "\n"),
            *("\rinner:   0%|      | 0/2 [00:00<?, ?it/s]", "\x1b[A", "\n"),
            *("\rinner: 100%|#| 2/2 [00:00<00:00, 5438.42", "\x1b[A", "\n"),
            *("\r                                        ", "\x1b[A"),
            *("\router: 100%|#| 2/2 [00:00<00:00, 1504.25",),
            *("\router: 100%|#| 2/2 [00:00<00:00, 1354.75", "\n"),
        ],
        "outer: 100%|#| 2/2 [00:00<00:00, 1354.75\n                                        ",
    )


def test_rich_progress() -> None:
    up, none, done = (
        "\r\x1b[2K\x1b[1A\x1b[2K",
        "\x1b[38;5;237m━━━━━━━━\x1b[0m",
        "\x1b[38;5;70m━━━━━━━━\x1b[0m",
    )
    half = "\x1b[38;5;197m━━━━\x1b[0m\x1b[38;5;237m╺\x1b[0m\x1b[38;5;237m━━━\x1b[0m"
    check(
        [
            "\x1b[?25l",
            f"\r\x1b[2Kone {none}",
            f"\r\x1b[2Kone {none}\ntwo {none}",
            f"{up}one {none}\ntwo {none}",
            f"{up}one {half}\ntwo {none}",
            f"{up}one {done}\ntwo {done}",
            f"{up}one {done}\ntwo {done}\n\x1b[?25h",
        ],
        f"one {done}\ntwo {done}\n\x1b[?25h",
    )


def test_pip() -> None:
    check(
        [
            "     \x1b[90m╺━━━\x1b[0m 0.1/1.6 MB ? eta -:--:--",
            "\r\x1b[2K     \x1b[91m━━\x1b[0m\x1b[90m╺━\x1b[0m 0.9/1.6 MB 5 MB/s eta 0:00:01",
            "\r\x1b[2K     \x1b[90m━━━━\x1b[0m 1.6/1.6 MB 6 MB/s\n\x1b[?25hdone\n",
        ],
        "     \x1b[90m━━━━\x1b[0m 1.6/1.6 MB 6 MB/s\n\x1b[?25hdone\n",
    )


def test_erase_to_the_end_of_the_line() -> None:
    check("collecting packages\rdone\x1b[K\n", "done\n")
    check("abc\b\b\x1b[0K", "a")
    check("abc\x1b[K\x1b[2K", "")
    check("abc\x1b[2Kd", "   d")


def test_octave_ends_lines_with_crlf() -> None:
    check("x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n")
    check(["a\r", "\nb\r", "\n"], "a\nb\n")


def test_spinner() -> None:
    check(["work |", "\b/", "\b-", "\b\\", "\b done"], "work  done")
    check("ab\b\b\b\bc", "cb")


def test_carriage_return_and_backspace_erase_nothing() -> None:
    check("50%\r", "50%")
    check("50%\b\b\b", "50%")
    check("abcdef\rXY\n", "XYcdef\n")


def test_lines_above_are_overwritten_only_after_moving_up() -> None:
    check("a\nb\rc", "a\nc")
    check("a\nb\x1b[Ac\n", "ac\nb")
    check("a\nb\nc\x1b[2A\rX", "X\nb\nc")
    check("a\nb\x1b[99A\rX", "X\nb")
    check("a\nb\x1b[0A\rX", "X\nb")


def test_moving_up_stays_in_the_window() -> None:
    lines = [f"{number}\n" for number in range(WINDOW_ROWS + 50)]
    overwritten = "".join(["X" + line[1:] if number == 51 else line for number, line in enumerate(lines)])
    assert shown(*lines, "\x1b[999AX") == overwritten
    assert shown("".join(lines) + "\x1b[999AX") == overwritten


def test_other_sequences_are_kept() -> None:
    check("\x1b]8;;http://a.b/c\x07link\x1b]8;;\x07", "\x1b]8;;http://a.b/c\x07link\x1b]8;;\x07")
    check("\x1b[2J\x1b[3;4H\x1b(B\x1b7a", "\x1b[2J\x1b[3;4H\x1b(B\x1b7a")
    check("\x1b[?25lab\x1b[?25h\rX", "\x1b[?25hXb")


def test_a_sequence_cut_by_the_end_of_a_write() -> None:
    assert shown("a\x1b[3") == "a\x1b[3"
    check(["a\x1b[3", "1mb\x1b", "[0m"], "a\x1b[31mb\x1b[0m")
    check(["50%\r\x1b", "[", "K10%"], "10%")
    check(["a\x1b]8;;http", "://b\x1b", "\\c"], "a\x1b]8;;http://b\x1b\\c")


def test_an_escape_that_starts_no_sequence_is_shown() -> None:
    check("a\x1b\nb", "a\u241b\nb")
    check("a\x1b\x1b[31mb", "a\u241b\x1b[31mb")


def test_wide_and_combining_characters() -> None:
    check("漢字\rab", "ab字")
    check("漢字\ra", "a 字")
    check("漢字\b\b\bX", " X字")
    check("漢字\b\x1b[K", "漢 ")
    check("e\u0301x\ra", "ax")
    check("ab\b\be\u0301", "e\u0301b")
    check("👍🏽!\b\b\b\b\bab", "ab🏽!")
    check("50%\x07\r60%\x07", "60%\x07")


# bounds


def test_overwriting_accumulates_nothing() -> None:
    bars = [
        f"\r\x1b[31m{number // 100:3}%\x1b[0m|\x1b[1;32m{'█' * (number // 1000)}\x1b[0m| \x1b[?25l{number}"
        for number in range(10_000)
    ]
    assert len(shown(*bars)) < 3 * len(bars[-1])


def test_a_line_of_5_mb_is_only_overwritten_at_its_end() -> None:
    line = "x" * 5_000_000
    pieces = [line[at : at + 70_001] for at in range(0, len(line), 70_001)]
    overwritten = shown(*pieces, "\rAB", "\b\bC")
    assert shown(line + "\rAB\b\bC") == overwritten
    at = overwritten.index("CB")
    assert LONGEST_ROW // 2 <= len(line) - at <= LONGEST_ROW
    assert overwritten == line[:at] + "CB" + line[at + 2 :]


def test_a_long_line_is_not_cut_within_a_sequence() -> None:
    line = "\x1b[38;5;100mx\x1b[0m" * 2000
    assert shown(line, "\n") == shown(*line, "\n") == line + "\n"
    reds = cells_of(shown(line + "\rX"))
    assert shown(*line, "\rX") == shown(line + "\rX")
    assert [cell for cell in reds if cell[0] == "X"] == [("X", ())]
    assert {pen for character, pen in reds if character == "x"} == {("38;5;100",)}


# properties

PIECES = (
    *("a", "b", "cd", "\n", "\r", "\b", "\r\n", "\t", "\x07", "é", "e\u0301", "\u0301", "😀", "漢", "\u200d"),
    *("\x1b", "[", "]", "1", "3", "K", "A", "m", ";", "0", "\\"),
    *("\x1b[A", "\x1b[2A", "\x1b[K", "\x1b[2K", "\x1b[31m", "\x1b[0m", "\x1b[1m", "\x1b[42m", "\x1b[m"),
    *("\x1b[?25l", "\x1b]8;;x\x07", "\x1b]8;;\x1b\\", "\x1b(B"),
)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join), st.data())
def test_splitting_writes_changes_nothing(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert shown(*pieces) == shown(*text) == shown(text)


@settings(max_examples=300)
@given(st.text(st.sampled_from("ab\n\t\x07é漢\u0301😀"), max_size=20))
def test_text_without_overwriting_is_kept(text: str) -> None:
    assert shown(text) == text


Pen = tuple[str, ...]
PENS: dict[str, Pen] = {"\x1b[0m": (), "\x1b[31m": ("31",), "\x1b[32m": ("32",)}
ACTS = ["\n", "\r", "\b", "\r\n", "\x1b[A", "\x1b[2A", "\x1b[K", "\x1b[0K", "\x1b[2K"]


def screen(text: str) -> list[list[tuple[str, Pen]]]:
    """What an endless terminal shows: rows of (character, its pen); an empty cell follows a wide one.

    Knows only the moves of ACTS, the colours of PENS and characters of one or two columns.
    """
    blank: tuple[str, Pen] = (" ", ())
    rows: list[list[tuple[str, Pen]]] = [[]]
    at = column = 0
    pen: Pen = ()
    for token in re.findall(r"\x1b\[\d*[AKm]|[\s\S]", text):
        row = rows[at]
        if token in PENS:
            pen = PENS[token]
        elif token.endswith("A") and len(token) > 1:
            at = max(0, at - int(token[2:-1] or 1))
        elif token.endswith("K") and len(token) > 1:
            start = 0 if token == "\x1b[2K" else column
            if start < len(row) and row[start][0] == "":
                row[start - 1] = blank
            del row[start:]
        elif token == "\n":
            at, column = at + 1, 0
            if at == len(rows):
                rows.append([])
        elif token == "\r":
            column = 0
        elif token == "\b":
            column = max(0, column - 1)
        else:
            for cell in ((token, pen), ("", pen))[: 2 if token == "漢" else 1]:
                row += [blank] * (column + 1 - len(row))
                if cell[0] and row[column][0] == "":
                    row[column - 1] = (" ", row[column - 1][1])
                if column + 1 < len(row) and row[column + 1][0] == "":
                    row[column + 1] = (" ", row[column + 1][1])
                row[column] = cell
                column += 1
    return rows


def cells_of(text: str) -> list[tuple[str, Pen]]:
    """The characters of a text without moves, each with the pen that its SGR sequences define."""
    cells: list[tuple[str, Pen]] = []
    pen: Pen = ()
    for token in re.findall(r"\x1b\[[\d;]*m|[\s\S]", text):
        if len(token) == 1:
            cells.append((token, pen))
        else:
            pen = () if token == "\x1b[0m" else (token[2:-1],)
    return cells


def drawn(rows: Iterable[list[tuple[str, Pen]]]) -> list[list[tuple[str, Pen]]]:
    return [[(character, pen) for character, pen in row if character] for row in rows]


@settings(max_examples=500)
@given(st.lists(st.sampled_from(["a", "b", "cd", "漢", *ACTS, *PENS]), max_size=20).map("".join))
def test_the_text_is_the_screen(text: str) -> None:
    rows: list[list[tuple[str, Pen]]] = [[]]
    for cell in cells_of(shown(text)):
        if cell[0] == "\n":
            rows.append([])
        else:
            rows[-1].append(cell)
    assert drawn(rows) == drawn(screen(text))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("\x1b[31mred\x1b[0m\rX", "X\x1b[31med\x1b[0m"),
        ("\x1b[1;31mab\x1b[22mc\rX", "\x1b[31mX\x1b[1mb\x1b[0;31mc"),
        ("\x1b[31ma\nb\x1b[A\r\x1b[32mX", "\x1b[32mX\x1b[31m\nb"),
        ("\x1b[31ma\nb\x1b[0m\rX", "\x1b[31ma\n\x1b[0mX"),
        ("\x1b[38;5;9mab\x1b[39m\r\x1b[38:2::1:2:3mX\x1b[0m\n", "\x1b[38:2::1:2:3mX\x1b[38;5;9mb\x1b[0m\n"),
    ],
)
def test_colours_of_the_remaining_text(written: str, expected: str) -> None:
    check(written, expected)
