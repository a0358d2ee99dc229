"""The wording check reports phrases with their lines, and accepts approved ones."""

import pytest

from tests.wording import found_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The run is skipped.\n", []),
        ("The run\nGoes on.\n", [(2, "Goes on", "continues, keeps running")]),  # wording: ok
        ("# The editor is\n# told of it.\n", [(1, "is told", "is notified, receives")]),  # wording: ok
        ("--- It is let\n--- go.\n", [(1, "let go", "evict, release, drop")]),  # wording: ok
        ("`a` stands for `alpha`.  <!-- wording: ok -->\n", []),
        ("It understands.\n", []),
    ],
)
def test_phrases(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert list(found_in(text)) == expected
