"""Which typed characters ask a kernel for completions, by the code before the cursor."""

import pytest

from kernel_bridge.source.completion import TRIGGERS, asks, asks_for_keys, qualifier
from kernel_bridge.source.document import Place


def asked(code: str, language: str, below: str = "") -> bool:
    lines = code.split("\n")
    return asks([*lines, below], Place(len(lines) - 1, len(lines[-1])), language)


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "df."),
        ("python", "f(x)[0]."),
        ("python", '"text".'),
        ("python", "df = (df\n    ."),
        ("python", 'print(f"{a} of {df.'),
        ("python", "d["),
        ("python", 'd["'),
        ("python", "x = d['"),
        ("python", 'df.loc[:, "'),
        ("python", "f\"{d['"),
        ("python", "%"),
        ("python", "x = 1\n  %"),
        ("python", "files = %"),
        ("python", "%%"),
        ("r", "df$"),
        ("r", "x@"),
        ("r", "stats::"),
        ("r", "stats:::"),
        ("r", "is."),
        ("julia", "df."),
        ("julia", "\\"),
        ("julia", "a' * df."),
        ("shellscript", "echo $"),
        ("shellscript", 'echo "it is $'),
        ("cpp", "std::"),
        ("javascript", 'fetch("http://host").'),
    ],
)
def test_characters_that_ask(language: str, code: str) -> None:
    assert asked(code, language)
    assert code[-1] in TRIGGERS


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", ""),
        ("python", "1."),
        ("python", "# The end."),
        ("python", "x = 1  # it's here."),
        ("python", '"A sentence.'),
        ("python", 'f"{{df.'),
        ("python", 'f"{a} of df.'),
        ("python", '"'),
        ("python", 'print("'),
        ("python", 'd["key"'),
        ("python", "x = ["),
        ("python", 'x = ["'),
        ("python", "# %"),
        ("python", "# %%"),
        ("python", "x = 5 %"),
        ("python", '"100 %'),
        ("python", "for x in y:"),
        ("python", "@"),
        ("python", "cost = $"),
        ("r", "x = 'a$"),
        ("r", "# df$"),
        ("r", "x[1:"),
        ("shellscript", "echo '$"),
        ("shellscript", "a["),
        ("cpp", "// The end."),
        ("cpp", "case 1:"),
    ],
)
def test_characters_of_plain_text(language: str, code: str) -> None:
    assert not asked(code, language)


def test_nothing_asks_in_a_multi_line_string() -> None:
    assert not asked('"""Text\nThe end.', "python", '"""')
    assert asked('"""Text\n"""\ndf.', "python")


def test_brackets_and_quotes_ask_for_keys_only() -> None:
    assert asks_for_keys("d[", "python")
    assert asks_for_keys('d["', "python")
    assert not asks_for_keys("d.", "python")


@pytest.mark.parametrize(
    ("language", "typed", "expected"),
    [
        ("python", "a.b.c", "a.b."),
        ("python", "name", ""),
        ("r", "my.data$col.na", "my.data$"),
        ("r", "stats:::x", "stats:::"),
        ("r", "is.na", ""),
        ("cpp", "std::vec", "std::"),
        ("shellscript", "$HO", "$"),
    ],
)
def test_what_qualifies_a_name(language: str, typed: str, expected: str) -> None:
    assert qualifier(typed, language) == expected


def test_a_folder_qualifies_a_path() -> None:
    assert qualifier("../data/a.c", "python", is_path=True) == "../data/"
    assert qualifier("a.c", "python", is_path=True) == ""
