"""Control sequences and hidden characters: which are dropped, which are shown, and that none remain."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_bridge.escapes import coloured, legible, one_line, plain

TEXT = st.text(
    st.one_of(st.sampled_from("\x1b[]P_\\0;m\x07\x9b\x9d\x9c\x90\r\n\t\u202e\u2066\ud800"), st.characters())
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Python 3\tä é 日本 👩\u200d💻 می\u200cخواهم\n", None),
        ("\x1b[31mred\x1b[0m \x1b[2K\x1b[?25l\x1b[>1u", "red "),
        ("a\r\nb\rc", "a\nb\\u000dc"),
        ("\x1b]52;c;eA==\x07", r"\u001b]52;c;eA==\u0007"),
        ("\x1bP$qm\x1b\\", r"\u001bP$qm\u001b" + "\\"),
        ("\x9b2J\x9d0;t\x9c\x7f\x85", r"\u009b2J\u009d0;t\u009c\u007f\u0085"),
        ("a\u202egnp.exe\u2066\u061c\u200f", r"a\u202egnp.exe\u2066\u061c\u200f"),
        ("\u200b\ufeff\xad\u2028", r"\u200b\ufeff\u00ad\u2028"),
        ("\U000e0041", r"\udb40\udc41"),
        ("b\udcff", r"b\udcff"),
    ],
)
def test_foreign_text_is_made_legible(text: str, expected: str | None) -> None:
    assert legible(text) == (text if expected is None else expected)


def test_a_name_stays_on_one_line() -> None:
    assert one_line("a\tb\nc\r\nd\re") == r"a b\nc\nd\u000de"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m\x1b[2J", "red"),
        ("\x1b]0;title\x07a\x1b]8;;x\x1b\\b\x1bPq\x1b\\c\x1b_G\x1b\\d\x1bce", "abcde"),
        ("a\x9b2J\x9d0;t\x9c", "a2J0;t"),
        ("\x1b\x1b[m[31m\x1b", "[31m"),
        ("a\u202eb\tc\n", "a\u202eb\tc\n"),
    ],
)
def test_output_loses_its_sequences(text: str, expected: str) -> None:
    assert plain(text) == expected
    assert re.sub(r"\x1b\[[0-9;:]*m", "", coloured(text)) == expected


@given(TEXT)
def test_no_active_character_remains(text: str) -> None:
    for clean in (legible, one_line):
        assert not [
            one for one in clean(text) if unicodedata.category(one) in ("Cc", "Cs") and one not in "\n\t"
        ]
        assert unicodedata.bidirectional("\u202e") not in map(unicodedata.bidirectional, clean(text))
        assert clean(clean(text)) == clean(text)
    assert "\n" not in one_line(text)
    for clean in (plain, lambda text: re.sub(r"\x1b\[[0-9;:]*m", "", coloured(text))):
        assert not [one for one in clean(text) if unicodedata.category(one) == "Cc" and one not in "\n\t"]


@given(st.recursive(TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)))
def test_json_keeps_its_values(value: object) -> None:
    assert json.loads(legible(json.dumps(value, ensure_ascii=False))) == json.loads(json.dumps(value))
