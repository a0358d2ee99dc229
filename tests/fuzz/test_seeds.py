"""Reproducible sessions of random operations; `make fuzz` plays new ones."""

import pytest

from tests.fuzz.operations import generate
from tests.fuzz.session import play

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("seed", "language"), [(1, "fake"), (2, "fake"), (3, "fake"), (4, "fake"), (5, "python")]
)
async def test_a_session_of_random_operations(seed: int, language: str) -> None:
    """Seeds 2 and 4 end with a kill."""
    outcome = await play(seed, generate(seed, 120), language)
    assert not outcome.wrong, "\n".join([*outcome.transcript, *outcome.wrong])
