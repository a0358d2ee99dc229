"""Some of nbclient's own test notebooks; `make examples` compares all, and scripts."""

import pytest

from tests.compatibility.examples import differences
from tests.compatibility.sources import notebooks

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]  # they may have to be downloaded first

NAMES = (
    "Clear Output", "Factorials", "Inline Image", "Skip Exceptions",
    "Skip Execution with Cell Tag", "Unicode", "update-display-id",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_those_of_nbclient(name: str) -> None:
    (file,) = (file for file in notebooks() if file.stem == name)
    assert differences(file) == []
