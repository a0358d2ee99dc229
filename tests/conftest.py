"""Shared by all tests: a private home each, and reproducible hypothesis examples."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.home import Home, private_home

settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

# A process that a shell starts in the background ignores SIGINT, and so would every process started by a
# test.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def home() -> Iterator[Home]:
    with private_home() as home:
        yield home
