"""What all tests share: a private home each, and the same hypothesis examples for everyone."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.home import Home, private_home

settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture
def home() -> Iterator[Home]:
    with private_home() as home:
        yield home
