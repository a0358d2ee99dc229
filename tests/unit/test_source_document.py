import pytest

from kernel_bridge.source.document import Place, clamp, split_lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a", ""]),
        ("a\r\nb\rc\nd", ["a", "b", "c", "d"]),
        ("\n\r\n\r", ["", "", "", ""]),
        ("a\r\r\nb", ["a", "", "b"]),
        ("a\fb\vc\x85d\u2028e\u2029f\x1cg", ["a\fb\vc\x85d\u2028e\u2029f\x1cg"]),
    ],
)
def test_lines_end_where_lsp_says(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((0, 1), (0, 1)),
        ((0, 9), (0, 2)),
        ((9, 0), (1, 1)),
        ((-1, -1), (0, 0)),
    ],
)
def test_places_past_the_end_are_clamped(place: tuple[int, int], expected: tuple[int, int]) -> None:
    assert clamp(["é🎉", "x"], Place(*place)) == expected
