import pytest

from kernel_bridge.plurals import count


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (1500, "1,500 runs")]
)
def test_a_noun_takes_the_number_of_its_count(number: int, expected: str) -> None:
    assert count(number, "run") == expected
