"""Kernels that PyPI alone provides, through all checks; `make kernels` tests the others too."""

import pytest

from tests.compatibility.checks import CHECKS, YES, try_kernel
from tests.compatibility.kernels import KERNELS
from tests.compatibility.page import PAGE, named_in

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]  # they may have to be installed first


@pytest.mark.parametrize("name", [name for name, kernel in KERNELS.items() if kernel.quick])
async def test_a_kernel_passes_its_checks(name: str) -> None:
    trial = await try_kernel(name)
    assert trial.outcomes == dict.fromkeys(CHECKS, YES) | KERNELS[name].differs


def test_the_page_lists_every_tested_kernel() -> None:
    assert named_in(PAGE.read_text()) == list(KERNELS)
