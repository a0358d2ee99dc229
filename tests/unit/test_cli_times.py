"""Points in time as users type them."""

import argparse
from datetime import UTC, datetime

import pytest

from kernel_bridge.cli.history.times import moment

NOW = datetime(2026, 3, 5, 14, 30).astimezone()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2h", datetime(2026, 3, 5, 12, 30)),
        ("90 min", datetime(2026, 3, 5, 13, 0)),
        ("1w", datetime(2026, 2, 26, 14, 30)),
        ("today", datetime(2026, 3, 5)),
        ("Yesterday", datetime(2026, 3, 4)),
        ("9:05", datetime(2026, 3, 5, 9, 5)),
        ("2026-01-31", datetime(2026, 1, 31)),
        ("2026-01-31T10:00", datetime(2026, 1, 31, 10)),
        ("2026-01-31T10:00:00Z", datetime(2026, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_a_point_in_time(typed: str, expected: datetime) -> None:
    assert moment(typed, NOW) == expected.astimezone()


@pytest.mark.parametrize("typed", ["", "soon", "25:00", "2026-13-01", "9999999999w", "-2h"])
def test_text_that_is_not_a_time(typed: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected a date or time"):
        moment(typed, NOW)
